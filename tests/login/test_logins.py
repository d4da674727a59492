"""Which of several logins is waited for, and which one is spoken of."""

from __future__ import annotations

import threading

import pytest

from helpers.core.errors import Stopped
from helpers.gateway.attempt import Hop, mark
from helpers.gateway.witness import Witness
from helpers.login.logins import Logins

PROVIDER = "instagram-business"
USER = {"username": "kit_rehearsal", "provider": PROVIDER}


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
def logins(witness: Witness) -> Logins:
    return Logins(witness, PROVIDER)


def hop(step: str, name: str = "", status: int = 200, **more: object) -> Hop:
    marks = frozenset({mark(name)} if name else ())
    url = f"https://x.ngrok-free.dev/{step}"
    return Hop(step, "browser", "strapi", "GET", url, status, 1.0, marks=marks, **more)


def log_in(witness: Witness, name: str) -> None:
    witness.record(hop("callback", name, 302))
    witness.record(hop("auth", name, user=USER))
    witness.record(hop("me", name))


def test_nobody_is_said_to_have_come(logins: Logins) -> None:
    verdict = logins.verdict()
    assert (verdict.ok, verdict.decided, verdict.reason) == (False, False, "Nobody has opened the login yet")
    with pytest.raises(Stopped, match="No login arrived within 0 seconds"):
        logins.wait(timeout=0)


def test_a_login_that_ended_is_spoken_of_before_one_that_began_later(
    logins: Logins, witness: Witness
) -> None:
    witness.record(hop("connect", "first", 302))
    witness.record(hop("connect", "second", 302))
    log_in(witness, "first")
    assert logins.wait(timeout=0) is witness.attempts[0]
    witness.record(hop("connect", "third", 302))
    assert logins.verdict().ok


def test_what_nobody_began_is_passed_over(logins: Logins, witness: Witness) -> None:
    missing = "https://x.ngrok-free.dev/?error_description=OAuth2+missing+code+parameter"
    witness.record(hop("callback", status=302, location=missing))
    assert logins.verdict(witness.attempts[0]).failure == "A10"
    assert logins.verdict().failure is None
    with pytest.raises(Stopped, match="No login arrived"):
        logins.wait(timeout=0)


def test_who_is_still_at_instagram_is_said(logins: Logins, witness: Witness) -> None:
    witness.record(hop("connect", "first", 302))
    with pytest.raises(Stopped, match="Instagram has not sent the person back"):
        logins.wait(timeout=0)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Stopped, match="as asked"):
        logins.wait(timeout=1, cancelled=cancelled)
