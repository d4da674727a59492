"""The verdict on a login: what the witnessed hops amount to, and where it broke."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from helpers import failures
from helpers.errors import LoginFailed
from helpers.witness import Attempt, Hop

# What an answer of one step says, and which failure that is. First match wins.
SIGNS: tuple[tuple[str, str, str], ...] = (
    ("connect", r"This provider is disabled", "A01"),
    ("connect", r"session middleware", "A07"),
    ("connect", r"Invalid callback URL|Forbidden callback", "A16"),
    ("connect", r"Unknown OAuth provider", "A38"),
    ("connect", r"Too many requests", "A17"),
    ("connect", r"secure cookie", "A22"),
    ("authorize", r"Invalid scope: user_profile", "B02"),
    ("authorize", r"Invalid scope|No valid scopes", "B03"),
    ("authorize", r"Invalid platform app", "B04"),
    ("authorize", r"Invalid redirect_uri", "B05"),
    ("authorize", r"Insufficient developer role", "B09"),
    ("authorize", r"page isn't available", "B01"),
    ("callback", r"user denied|access_denied", "B18"),
    ("callback", r"missing session", "A08"),
    ("callback", r"state mismatch", "A09"),
    ("callback", r"missing code", "A10"),
    ("callback", r"Token exchange failed", "A11"),
    ("callback", r"\[object Object\]", "A12"),
    ("callback", r"callback URL is not configured", "A14"),
    ("callback", r"fetch failed", "A42"),
    ("token", r"identical to the one you used", "B06"),
    ("token", r"client secret", "B07"),
    ("token", r"code (has been|was not found|.*already) used|was not found or was already used", "B08"),
    ("auth", r"requires a completed provider session", "A18"),
    ("auth", r"No access_token", "A28"),
    ("auth", r"\[object Object\]", "A12"),
    ("auth", r"An application error occured", "A29"),
    ("auth", r"default role|reading 'id'", "A30"),
    ("auth", r"Register action", "A25"),
    ("auth", r"already taken", "A26"),
    ("auth", r"Email was not available", "A27"),
    ("auth", r"blocked", "A32"),
    ("auth", r"fetch failed", "A42"),
    ("profile", r"Unsupported request", "B11"),
    ("profile", r"Invalid OAuth access token|Error validating access token", "B12"),
)

# Strapi hands on what Instagram told it: the older engine to the front end, the provider file to `auth`.
_RELAYED = {"callback": "token", "auth": "profile"}

# What a bare status means at its step.
_STATUS = {
    ("connect", 404): "A06",
    ("connect", 429): "A17",
    ("connect", 500): "A22",
    ("callback", 500): "A13",
    ("redirect", 404): "D10",
    ("token", 400): "A11",
    ("me", 401): "A33",
    ("me", 403): "A31",
}


@dataclass(frozen=True)
class Verdict:
    """What a login came to; ``decided`` is False while it is still under way."""

    ok: bool
    decided: bool
    reason: str
    user: dict[str, str] | None = None
    failure: str | None = None
    broke_at: Hop | None = None


def judge(attempt: Attempt, provider: str) -> Verdict:
    """Read a verdict off what was seen; nothing is assumed that no hop shows.

    A login that was proven stays proven, whatever a reload or a second effect of the page does later.
    Before that, a repeated step replaces its earlier try.
    """
    hops = _that_count(attempt)
    proven = _proven(hops, provider)
    if proven:
        return Verdict(True, True, f"{proven['username']} is logged in", user=proven)
    broken = [found for hop in hops if attempt.last(hop.step) is hop and (found := _broken(hop))]
    if broken:
        # What broke first, unless only a later hop says why.
        return next((verdict for verdict in broken if verdict.failure), broken[0])
    auth = next((hop for hop in reversed(hops) if hop.user), None)
    if auth is None or auth.user is None:
        return Verdict(False, False, f"Under way: {attempt.hops[-1].step} was the last step seen")
    theirs = auth.user["provider"]
    if theirs != provider:
        reason = f"Strapi's user belongs to the provider {theirs or 'none'}, not {provider}"
        return Verdict(False, True, reason, failure="A43", broke_at=auth)
    return Verdict(False, False, "Strapi gave a user; waiting for the proof that the login counts")


def _that_count(attempt: Attempt) -> list[Hop]:
    """All hops but what a page asks about its user before Strapi has given one: that says nothing."""
    given = next((number for number, hop in enumerate(attempt) if hop.user), len(attempt))
    return [hop for number, hop in enumerate(attempt) if hop.step != "me" or number > given]


def _proven(hops: list[Hop], provider: str) -> dict[str, str] | None:
    """The user of this provider whom Strapi gave and whose token it then accepted."""
    user: dict[str, str] | None = None
    for hop in hops:
        if hop.user:
            user = hop.user
        elif hop.step == "me" and hop.status == 200 and user and user["provider"] == provider:
            return user
    return None


def _broken(hop: Hop) -> Verdict | None:
    status, said = hop.status, hop.message
    if hop.step == "me" and status is None:
        return _failed(hop, "C06", f"{hop.receiver} does not answer any more")
    if not hop.reached:
        # The catalogue's entry is about Strapi; a silent front end speaks for itself.
        failure = "C06" if hop.receiver == "strapi" else None
        return _failed(hop, failure, said or f"{hop.receiver} does not answer")
    if hop.step == "callback" and status is not None and 300 <= status < 400:
        said = _error_in(hop.location)
        if not said:
            return None
    elif hop.step == "auth" and status == 200 and hop.user is None:
        said = "200, but without a user"
    elif status is None or status < 400:
        return None
    failure = named(hop.step, said) or _STATUS.get((hop.step, status or 0))
    return _failed(hop, failure, f"{hop.receiver} answered: {said or f'status {status}'}")


def _error_in(location: str) -> str:
    """What a redirect to the front end tells of an error: ``error=`` or the older ``error[…]=``."""
    query = parse_qs(urlsplit(location).query)
    return " ".join(value for name in query if name.startswith("error") for value in query[name])


def named(step: str, said: str) -> str | None:
    """The id of the failure that a step's words stand for, if they are known."""
    steps = (step, _RELAYED.get(step))
    return next((id_ for at, sign, id_ in SIGNS if at in steps and re.search(sign, said, re.I)), None)


def _failed(hop: Hop, failure: str | None, reason: str) -> Verdict:
    return Verdict(False, True, reason, failure=failure, broke_at=hop)


def failed(verdict: Verdict) -> LoginFailed:
    """A bad verdict as an error to show: the failure in the catalogue's words, what was seen as evidence."""
    if verdict.failure is None:
        return LoginFailed(verdict.reason)
    title = failures.get(verdict.failure).title
    return LoginFailed(title, failure=verdict.failure, evidence=verdict.reason)
