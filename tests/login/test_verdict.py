"""What the witnessed hops of a login amount to."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest

from helpers import failures
from helpers.failures import Failure
from helpers.gateway.attempt import Attempt, Hop
from helpers.login.verdict import Verdict, judge, named

PROVIDER = "instagram-business"
USER = {"username": "kit_rehearsal", "provider": PROVIDER}
ORIGIN = "https://shop.ngrok-free.dev"
PAGE = f"{ORIGIN}/connect/{PROVIDER}/redirect"
ACTORS = {
    "connect": ("browser", "strapi"),
    "authorize": ("browser", "instagram"),
    "consent": ("browser", "instagram"),
    "callback": ("browser", "strapi"),
    "token": ("strapi", "instagram"),
    "redirect": ("browser", "front end"),
    "auth": ("browser", "strapi"),
    "profile": ("strapi", "instagram"),
    "me": ("gateway", "strapi"),
}
REDIRECTS = {"connect", "consent", "callback"}
_clock = count(1.0)


def hop(step: str, status: int | None = None, **more: Any) -> Hop:
    """A hop that went well, but for what is said otherwise; each begins after the one made before it."""
    usual = 302 if step in REDIRECTS else 200
    if step == "connect":
        more = {"cookies": ("koa.sess; path=/; httponly",), **more}
    more = {"user": USER if step == "auth" and status is None else None, "at": next(_clock), **more}
    return Hop(step, *ACTORS[step], "GET", f"{ORIGIN}/{step}", status or usual, 5.0, **more)


def told(**error: str) -> Hop:
    """Strapi's redirect to the front end when the login failed."""
    return hop("callback", location=f"{PAGE}?{urlencode(error)}")


def judged(*hops: Hop) -> Verdict:
    attempt = Attempt(hops[0])
    for each in hops[1:]:
        attempt.add(each)
    return judge(attempt, PROVIDER)


def up_to(step: str) -> list[Hop]:
    """The hops before ``step``, all of them good, as a gateway sees them."""
    seen = ("connect", "callback", "redirect", "auth", "me")
    before = seen[: seen.index(step)] if step in seen else seen[:1]
    return [hop(each) for each in before]


# Strapi's or Instagram's own words at a step, and what they mean.
WORDS = [
    ("connect", 400, "This provider is disabled", "A01"),
    ("connect", 400, "OAuth connect requires session middleware", "A07"),
    ("connect", 400, "Grant: mount session middleware first", "A07"),
    ("connect", 400, "Invalid callback URL provided", "A16"),
    ("connect", 400, "Forbidden callback provided: origins don't match.", "A16"),
    ("connect", 400, "Unknown OAuth provider", "A38"),
    ("connect", 429, "Too many requests, please try again later.", "A17"),
    ("connect", 500, "Cannot send secure cookie over unencrypted connection", "A22"),
    ("authorize", 400, "Invalid Request: Request parameters are invalid: Invalid scope: user_profile", "B02"),
    ("authorize", 400, "Invalid Request: Request parameters are invalid: Invalid scope: []", "B03"),
    ("authorize", 400, "No valid scopes requested", "B03"),
    ("authorize", 400, "Invalid Request: Request parameters are invalid: Invalid platform app", "B04"),
    ("authorize", 400, "Invalid Request: Request parameters are invalid: Invalid redirect_uri", "B05"),
    ("authorize", 400, "Insufficient Developer Role", "B09"),
    ("authorize", 404, "Sorry, this page isn't available.", "B01"),
    ("authorize", 400, "Session Invalid", "B10"),
    ("consent", 400, "Session Invalid", "B10"),
    ("authorize", 500, "Oops, an error occurred.", "B19"),
    ("callback", 302, "The user denied your request", "B18"),
    ("callback", 302, "Grant: missing session or misconfigured provider", "A08"),
    ("callback", 302, "OAuth2 state mismatch", "A09"),
    ("callback", 302, "OAuth2 missing code parameter", "A10"),
    ("callback", 302, "Token exchange failed (400)", "A11"),
    ("callback", 302, "[object Object]", "A12"),
    ("callback", 400, "Provider callback URL is not configured", "A14"),
    ("callback", 302, "fetch failed", "A42"),
    (
        "callback",
        302,
        "Error validating verification code. Please make sure your redirect_uri is identical to the one "
        "you used in the OAuth dialog request",
        "B06",
    ),
    ("callback", 302, "Error validating client secret.", "B07"),
    ("callback", 302, "This authorization code has been used", "B08"),
    ("token", 400, "Matching code was not found or was already used", "B08"),
    ("auth", 400, "OAuth authentication requires a completed provider session", "A18"),
    ("auth", 400, "No access_token.", "A28"),
    ("auth", 400, "[object Object]", "A12"),
    ("auth", 400, "An application error occured", "A29"),
    ("auth", 400, "Cannot read properties of null (reading 'id')", "A30"),
    ("auth", 400, "Impossible to find the default role", "A30"),
    ("auth", 400, "Register action is actually not available.", "A25"),
    ("auth", 400, "Email is already taken.", "A26"),
    ("auth", 400, "Email was not available.", "A27"),
    ("auth", 403, "Your account has been blocked by an administrator", "A32"),
    ("connect", 403, "Forbidden", "A44"),
    ("auth", 403, "Forbidden", "A44"),
    ("connect", 401, "Missing or invalid credentials", "A45"),
    ("auth", 401, "Missing or invalid credentials", "A45"),
    ("auth", 429, "Too many requests, please try again later.", "A17"),
    ("auth", 400, "400 Bad Request", "A12"),  # what 5.50 and earlier pass on of Instagram's answer
    ("auth", 400, "401 Unauthorized", "A12"),
    ("auth", 400, "fetch failed", "A42"),
    ("auth", 400, "The operation was aborted due to timeout", "A42"),
    ("auth", 400, "Instagram refused the profile: Unsupported request - method type: get (code 100)", "B11"),
    ("profile", 400, "Invalid OAuth access token - Cannot parse access token", "B12"),
    ("profile", 400, "Error validating access token: Session has expired on Monday.", "B12"),
]


@pytest.mark.parametrize(("step", "status", "words", "failure"), WORDS)
def test_known_words_name_the_failure_and_the_place(step: str, status: int, words: str, failure: str):
    if status == 302:
        broken = told(error="oauth_error", error_description=words)
    else:
        broken = hop(step, status, message=words)
    verdict = judged(*up_to(step), broken)
    assert (verdict.ok, verdict.decided, verdict.failure, verdict.user) == (False, True, failure, None)
    assert verdict.broke_at is broken
    assert words in verdict.reason


NAMED = [(step, failure) for failure in failures.all_failures().values() for step in failure.at]


@pytest.mark.parametrize(("step", "failure"), NAMED, ids=[f"{step}-{each.id}" for step, each in NAMED])
def test_every_sign_of_a_step_is_met_by_words_that_are_really_said(step: str, failure: Failure):
    relayed_by = {"token": "callback", "profile": "auth"}.get(step, step)
    met = [words for at, _, words, id_ in WORDS if id_ == failure.id and at in (step, relayed_by)]
    assert any(failure.found_in(words) for words in met)


@pytest.mark.parametrize(
    ("step", "status", "failure"),
    [
        ("connect", 404, "A06"),
        ("connect", 429, "A17"),
        ("connect", 500, "A22"),
        ("callback", 500, "A13"),
        ("token", 400, "A11"),
        ("redirect", 404, "D10"),
        ("me", 401, "A33"),
        ("me", 403, "A31"),
        ("connect", 403, "A44"),
        ("auth", 403, "A44"),
        ("connect", 401, "A45"),
        ("auth", 401, "A45"),
        ("auth", 418, None),
    ],
)
def test_without_words_the_status_speaks(step: str, status: int, failure: str | None):
    verdict = judged(*up_to(step), broken := hop(step, status))
    assert (verdict.decided, verdict.failure, verdict.broke_at) == (True, failure, broken)
    assert f"status {status}" in verdict.reason


def test_words_mean_something_at_their_own_step_only():
    assert named("auth", "This provider is disabled") is None
    assert named("connect", "fetch failed") is None
    assert named("callback", "") is None


def test_a_login_counts_when_strapi_accepts_its_own_token():
    verdict = judged(*up_to("me"), hop("me"))
    assert (verdict.ok, verdict.decided, verdict.failure, verdict.broke_at) == (True, True, None, None)
    assert verdict.user == USER
    assert verdict.reason == "kit_rehearsal is logged in"


@pytest.mark.parametrize("last", ["connect", "authorize"])
def test_a_person_at_instagram_is_told_where_its_error_shows(last: str):
    verdict = judged(hop("connect"), hop(last))
    assert (verdict.ok, verdict.decided, verdict.failure) == (False, False, None)
    assert verdict.reason.startswith("Instagram has not sent the person back")


@pytest.mark.parametrize("last", ["callback", "redirect"])
def test_a_login_on_its_way_is_not_decided(last: str):
    verdict = judged(*up_to(last), hop(last))
    assert (verdict.ok, verdict.decided, verdict.failure) == (False, False, None)
    assert verdict.reason == f"Under way: {last} was the last step seen"


def test_a_user_alone_is_not_a_proof():
    verdict = judged(*up_to("auth"), hop("auth"))
    assert (verdict.ok, verdict.decided) == (False, False)
    assert "waiting for the proof" in verdict.reason


def test_a_second_question_of_the_page_does_not_forestall_the_proof():
    given = [*up_to("auth"), hop("auth"), hop("auth", 400, message="Email is already taken.")]
    assert not judged(*given).decided
    assert judged(*given, hop("me")).ok
    assert judged(*given, hop("me", 403)).decided


def test_an_answer_that_nobody_could_see_decides_nothing():
    unseen = Hop("authorize", "browser", "instagram", "GET", ORIGIN, None, None)
    assert not judged(hop("connect"), unseen).decided


def test_a_login_without_its_first_hops_counts_as_well():
    assert judged(hop("auth"), hop("me")).ok


def test_hops_are_judged_in_the_order_in_which_they_began():
    connect, callback, auth, me = (hop(step) for step in ("connect", "callback", "auth", "me"))
    assert judged(connect, me, auth, callback).ok


def test_the_first_break_is_the_one_to_mend():
    lost = told(error="oauth_error", error_description="Token exchange failed (400)")
    later = hop("auth", 400, message="OAuth authentication requires a completed provider session")
    verdict = judged(hop("connect"), lost, hop("redirect"), later)
    assert (verdict.failure, verdict.broke_at) == ("A11", lost)


def test_a_later_hop_may_say_why_an_earlier_one_broke():
    silent = hop("auth", 400, message="Something else")
    profile = hop("profile", 400, message="Unsupported request - method type: get")
    verdict = judged(*up_to("auth"), silent, profile)
    assert (verdict.failure, verdict.broke_at) == ("B11", profile)


BROUGHT = {"sent_cookies": frozenset({b"cookie"})}


@pytest.mark.parametrize(
    ("begun", "broken", "failure"),
    [
        ({"cookies": ()}, {}, "A47"),
        ({"marks": frozenset({b"cookie", b"state"})}, {"marks": frozenset({b"state"}), **BROUGHT}, "A09"),
        ({"marks": frozenset({b"cookie", b"state"})}, {"marks": frozenset({b"state"})}, "A09"),
        ({"marks": frozenset({b"cookie", b"state"})}, {"marks": frozenset({b"forged"}), **BROUGHT}, "A09"),
    ],
    ids=["never set", "brought, not accepted", "not brought", "brought with another state"],
)
def test_a_lost_session_is_blamed_on_what_is_before_strapi_only_where_no_cookie_was_set(
    begun: dict[str, Any], broken: dict[str, Any], failure: str
):
    location = f"{PAGE}?error=oauth_error&error_description=OAuth2+state+mismatch"
    verdict = judged(hop("connect", **begun), lost := hop("callback", location=location, **broken))
    assert (verdict.failure, verdict.broke_at) == (failure, lost)
    told = "although the browser did send its cookie" in verdict.reason
    assert told is ("sent_cookies" in broken)


def test_an_unknown_break_is_told_in_its_own_words():
    verdict = judged(*up_to("auth"), broken := hop("auth", 400, message="Something else"))
    assert (verdict.decided, verdict.failure, verdict.broke_at) == (True, None, broken)
    assert verdict.reason == "strapi answered: Something else"


def test_a_reload_replaces_the_try_that_failed():
    lost = told(error="oauth_error", error_description="OAuth2 state mismatch")
    hops = [hop("connect"), lost, hop("callback"), hop("redirect")]
    assert not judged(*hops).decided
    assert judged(*hops, hop("auth"), hop("me")).ok


def test_a_reload_that_fails_again_is_the_failure():
    refused = "OAuth authentication requires a completed provider session"
    first, again = hop("auth", 400, message="fetch failed"), hop("auth", 400, message=refused)
    verdict = judged(*up_to("auth"), first, again)
    assert (verdict.failure, verdict.broke_at) == ("A18", again)


@pytest.mark.parametrize(
    "later",
    [
        hop("callback", location=f"{PAGE}?error=oauth_error&error_description=OAuth2+state+mismatch"),
        hop("auth", 400, message="OAuth authentication requires a completed provider session"),
        hop("me", 403),
        hop("redirect", 404),
    ],
    ids=lambda each: each.step,
)
def test_what_is_proven_stays_proven(later: Hop):
    """Pages in development ask for the user twice, and people reload."""
    earlier = [hop(step, at=n / 10) for n, step in enumerate(("connect", "callback", "auth", "me"))]
    assert judged(*earlier, later).ok


def test_a_page_that_asks_before_the_login_proves_nothing():
    """A front end that looks for its user when it opens is refused, and rightly."""
    early = [hop("connect"), hop("me", 401), hop("callback")]
    assert judged(*early).reason == "Under way: callback was the last step seen"
    assert judged(*early, hop("auth"), hop("me")).ok
    assert not judged(hop("connect"), hop("me"), hop("auth")).decided


def test_a_denied_consent_is_no_fault_of_the_setup():
    broken = told(error="access_denied", error_reason="user_denied")
    verdict = judged(broken, hop("redirect"))
    assert (verdict.failure, verdict.broke_at) == ("B18", broken)
    assert verdict.reason == "strapi answered: access_denied user_denied"


def test_the_older_engines_way_to_tell_an_error_is_understood():
    words = {"error[error_type]": "OAuthException", "error[error_message]": "Error validating client secret."}
    assert judged(hop("connect"), told(**words)).failure == "B07"


@pytest.mark.parametrize("step", ["connect", "callback", "auth"])
def test_a_strapi_that_is_down_is_named(step: str):
    said = "Strapi does not answer at http://localhost:1337 (ConnectError)"
    for message, reason in ((said, said), ("", "strapi does not answer")):
        verdict = judged(*up_to(step), broken := hop(step, 502, reached=False, message=message))
        assert (verdict.failure, verdict.reason, verdict.broke_at) == ("C06", reason, broken)


def test_a_front_end_that_is_down_is_not_taken_for_strapi():
    verdict = judged(*up_to("redirect"), hop("redirect", 502, reached=False))
    assert (verdict.decided, verdict.failure, verdict.reason) == (True, None, "front end does not answer")


def test_a_strapi_that_dies_before_the_proof_is_not_a_bad_token():
    earlier = up_to("me")
    silent = Hop("me", "gateway", "strapi", "GET", ORIGIN, None, 10_000.0, at=next(_clock))
    verdict = judged(*earlier, silent)
    assert (verdict.ok, verdict.decided, verdict.failure) == (False, True, "C06")
    assert verdict.reason == "strapi does not answer any more"
    assert verdict.broke_at is silent


def test_a_user_of_another_provider_is_not_this_login(record_property: Callable[..., None]):
    other = hop("auth", user={"username": "kit_rehearsal", "provider": "github"})
    verdict = judged(*up_to("auth"), other, hop("me"))
    assert (verdict.ok, verdict.failure, verdict.broke_at) == (False, "A43", other)
    assert verdict.reason == f"Strapi's user belongs to the provider github, not {PROVIDER}"
    record_property("provokes", "A43")


def test_a_user_without_a_provider_is_not_this_login_either():
    verdict = judged(*up_to("auth"), hop("auth", user={"username": "someone", "provider": ""}), hop("me"))
    assert (verdict.ok, verdict.failure) == (False, "A43")
    assert "provider none" in verdict.reason


def test_an_answer_without_a_user_is_told_instead_of_waited_for():
    verdict = judged(*up_to("auth"), broken := hop("auth", 200))
    assert (verdict.decided, verdict.failure, verdict.broke_at) == (True, None, broken)
    assert verdict.reason == "strapi answered: 200, but without a user"


@pytest.mark.parametrize("status", [204, 302, 401, 500])
def test_nothing_but_a_plain_yes_is_the_proof(status: int):
    assert not judged(*up_to("me"), hop("me", status)).ok
