"""The verdict on a login: what the witnessed hops amount to, and where it broke."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from helpers import failures
from helpers.core.errors import LoginFailed
from helpers.core.urls import parsed
from helpers.failures import known
from helpers.gateway.attempt import Attempt, Hop
from helpers.gateway.capture import TOO_BIG

# Strapi hands on what Instagram told it: the older engine to the front end, the provider file to `auth`.
_RELAYED = {"callback": "token", "auth": "profile"}

# Whatever keeps a person there, only the browser shows it.
AT_INSTAGRAM = "Instagram has not sent the person back. If its page shows an error, paste that in chapter 5"

# Strapi's words that hide Instagram's, and the hops where a rehearsal hears Instagram itself.
_HIDING, _HEARD = {known.TOKEN_EXCHANGE_FAILED, known.REASON_HIDDEN_AS_OBJECT}, {"token", "profile"}
# What a session cookie that no browser keeps looks like to Strapi.
_LOST_SESSION = {known.SESSION_LOST, known.STATE_MISMATCH, known.SESSION_COOKIE_MISSING}


@dataclass(frozen=True)
class Verdict:
    """What a login came to; ``decided`` is False while it is still under way."""

    ok: bool
    decided: bool
    reason: str
    user: dict[str, str] | None = None
    failure: str | None = None
    broke_at: Hop | None = None
    refresh: str = ""  # where Strapi put a refresh token, see Hop


def judge(attempt: Attempt, provider: str) -> Verdict:
    """Read a verdict off what was seen; nothing is assumed that no hop shows.

    A login that was proven stays proven, whatever a reload or a second effect of the page does later.
    Before that, a repeated step replaces its earlier try.
    """
    hops = _that_count(attempt)
    proven = _proven(hops, provider)
    if proven:
        refresh = next((hop.refresh for hop in hops if hop.user is proven), "")
        return Verdict(True, True, f"{proven['username']} is logged in", user=proven, refresh=refresh)
    auth = next((hop for hop in reversed(hops) if hop.user), None)
    theirs = auth.user["provider"] if auth and auth.user else None
    if theirs == provider and not any(hop.step == "me" for hop in hops):
        # Whatever a page asks a second time meanwhile: this user's proof says more.
        return Verdict(False, False, "Strapi gave a user; waiting for the proof that the login counts")
    broken = [found for hop in hops if attempt.last(hop.step) is hop and (found := _broken(hop))]
    if broken:
        return _cause(broken, hops)
    if attempt.at_instagram:
        return Verdict(False, False, AT_INSTAGRAM)
    if auth is None:
        return Verdict(False, False, f"Under way: {attempt.hops[-1].step} was the last step seen")
    reason = f"Strapi's user belongs to the provider {theirs or 'none'}, not {provider}"
    return Verdict(False, True, reason, failure=known.MIXED_UP_PROVIDERS, broke_at=auth)


def _cause(broken: list[Verdict], hops: list[Hop]) -> Verdict:
    """What broke first, unless only a later hop says why."""
    named = [verdict for verdict in broken if verdict.failure] or broken
    if named[0].failure in _HIDING:
        heard = (verdict for verdict in named if verdict.broke_at and verdict.broke_at.step in _HEARD)
        return next(heard, named[0])
    if named[0].failure in _LOST_SESSION:
        return _of_lost_session(named[0], hops)
    began = [hop.step for hop in hops]
    if named[0].failure == known.TOKEN_REFUSED and began[0] == "auth" and "callback" not in began:
        return replace(
            named[0], failure=known.MIXED_UP_PROVIDERS
        )  # whoever gave this token, it was not this login
    return named[0]


def _of_lost_session(broken: Verdict, hops: list[Hop]) -> Verdict:
    """Why Strapi does not know the session, as far as the hops show it."""
    first, broke = hops[0], broken.broke_at
    if any(TOO_BIG in cookie for hop in hops for cookie in hop.cookies):
        return replace(broken, failure=known.SESSION_COOKIE_TOO_LARGE)
    if first.step == "connect" and not first.cookies:
        reason = f"{broken.reason}, and its first answer came without a session cookie"
        return replace(broken, failure=known.HEADERS_LOST_ON_THE_WAY, reason=reason)
    if broke and any(len(hop.marks & broke.sent_cookies) >= len(hop.cookies) > 0 for hop in hops):
        # No cause: a proxy may have taken the cookie, or Strapi has used up or no longer signs that session.
        return replace(broken, reason=f"{broken.reason}, although the browser did send its cookie")
    return broken


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
        return _failed(hop, known.STRAPI_DOES_NOT_ANSWER, f"{hop.receiver} does not answer any more")
    if not hop.reached:
        # The catalogue's entry is about Strapi; a silent front end speaks for itself.
        failure = known.STRAPI_DOES_NOT_ANSWER if hop.receiver == "strapi" else None
        return _failed(hop, failure, said or f"{hop.receiver} does not answer")
    if hop.step == "callback" and status is not None and 300 <= status < 400:
        said = _error_in(hop.location)
        if not said:
            return None
    elif hop.step == "connect" and failures.get(known.CLIENT_ID_MALFORMED).found_in(hop.location):
        # Instagram shows its page of no page, and sends nobody back.
        told = f"{hop.receiver} sends people to {hop.location}"
        return _failed(hop, known.CLIENT_ID_MALFORMED, told)
    elif hop.step == "auth" and status == 200 and hop.user is None:
        said = "200, but without a user"
    elif status is None or status < 400:
        return None
    failure = named(hop.step, said) or failures.at_status(hop.step, status)
    return _failed(hop, failure, f"{hop.receiver} answered: {said or f'status {status}'}")


def _error_in(location: str) -> str:
    """What a redirect to the front end tells of an error: ``error=`` or the older ``error[…]=``."""
    query = parse_qs(parsed(location).query)
    return " ".join(value for name in query if name.startswith("error") for value in query[name])


def named(step: str, said: str) -> str | None:
    """The id of the failure that a step's words stand for, if they are known."""
    return failures.named(said, step, _RELAYED.get(step, step))


def _failed(hop: Hop, failure: str | None, reason: str) -> Verdict:
    return Verdict(False, True, reason, failure=failure, broke_at=hop)


def veiled(verdict: Verdict) -> Verdict:
    """As it was seen, without its name."""
    return replace(verdict, failure=None)


def failed(verdict: Verdict) -> LoginFailed:
    """A bad verdict as an error to show: the failure in the catalogue's words, what was seen as evidence."""
    if verdict.failure is None:
        return LoginFailed(verdict.reason)
    return LoginFailed.of(verdict.failure, verdict.reason)
