"""Hops find the login they belong to, and whoever waits for them is woken."""

from __future__ import annotations

from helpers.gateway.attempt import Attempt, Hop, mark
from helpers.gateway.witness import Witness
from tests.support.hops import hop, steps


def test_hops_are_in_the_order_in_which_they_began():
    witness = Witness()
    for step, at in [("connect", 1.0), ("callback", 3.0), ("token", 4.0), ("authorize", 2.0)]:
        witness.record(hop(step, "state", at=at))

    (attempt,) = witness.attempts
    assert steps(attempt) == ["connect", "authorize", "callback", "token"]
    assert len(attempt) == 4


def test_the_last_hop_of_a_step_is_found():
    first, second = hop("auth", "a", at=2.0), hop("auth", "a", at=3.0)
    attempt = Attempt(hop("connect", "a", at=1.0))
    attempt.add(second)
    attempt.add(first)

    assert attempt.last("auth") is second
    assert attempt.last("me") is None


def test_two_logins_at_once_are_told_apart_by_what_they_show():
    witness = Witness()
    for name in "ab":
        witness.record(hop("connect", f"state-{name}", f"cookie-{name}"))
    for name in "abba":
        witness.record(hop("callback", f"state-{name}", sent=(f"cookie-{name}",)))
        witness.record(hop("redirect", sent=(f"cookie-{name}",)))

    assert [steps(each) for each in witness.attempts] == [["connect"] + ["callback", "redirect"] * 2] * 2


def test_a_cookie_that_everybody_has_joins_nobody_to_a_stranger():
    witness = Witness()
    witness.record(hop("connect", "cookie-a", sent=("dark",)))
    witness.record(hop("connect", "cookie-b", sent=("dark",)))
    witness.record(hop("redirect", sent=("dark", "cookie-a")))

    assert [steps(each) for each in witness.attempts] == [["connect", "redirect"], ["connect"]]


def test_the_state_counts_before_the_cookie():
    witness = Witness()
    witness.record(hop("connect", "state-a", "cookie-a"))
    witness.record(hop("connect", "state-b", "cookie-b", "cookie-b.sig"))
    witness.record(hop("callback", "state-a", sent=("cookie-b", "cookie-b.sig")))

    assert [steps(each) for each in witness.attempts] == [["connect", "callback"], ["connect"]]


def test_each_connect_begins_a_login_even_in_the_same_browser():
    witness = Witness()
    witness.record(hop("connect", "cookie-1"))
    witness.record(hop("connect", "cookie-2", sent=("cookie-1",)))

    assert len(witness.attempts) == 2


def test_a_hop_that_lost_its_cookie_joins_the_latest_login():
    witness = Witness()
    witness.record(hop("connect", "a"))
    witness.record(hop("connect", "b"))
    witness.record(hop("callback", "b"))
    witness.record(hop("auth"))

    assert [steps(each) for each in witness.attempts] == [["connect"], ["connect", "callback", "auth"]]


def test_a_strangers_question_ends_nobodys_login():
    witness = Witness()
    witness.record(hop("auth"))
    witness.record(hop("connect", "a"))
    witness.record(hop("auth"))
    witness.record(hop("callback", "a"))

    assert [steps(each) for each in witness.attempts] == [["auth", "auth"], ["connect", "callback"]]
    assert [each.stray for each in witness.attempts] == [True, False]


def test_the_latest_attempt_is_the_one_that_moved_last():
    witness = Witness()
    witness.record(hop("connect", "a"))
    witness.record(hop("connect", "b"))
    witness.record(hop("callback", "a"))

    assert witness.latest is witness.attempts[0]


def test_a_login_may_be_seen_from_its_middle_on():
    witness = Witness()
    witness.record(hop("callback", "state"))

    assert [steps(each) for each in witness.attempts] == [["callback"]]


def test_asking_for_the_user_without_a_login_is_nobodys_hop():
    witness = Witness()
    witness.record(hop("me"))
    witness.record(hop("connect", "a"))
    witness.record(hop("me", "another-jwt"))

    assert [steps(each) for each in witness.attempts] == [["connect"]]


def test_old_logins_are_forgotten():
    witness = Witness()
    for number in range(50):
        witness.record(hop("connect", f"state-{number}"))

    assert len(witness.attempts) == 20
    assert witness.latest is witness.attempts[-1]
    assert mark("state-49") in witness.latest.marks
    assert mark("state-30") in witness.attempts[0].marks


def test_a_page_that_asks_all_day_does_not_grow_a_login():
    witness = Witness()
    witness.record(hop("connect", "jwt"))
    for _ in range(500):
        witness.record(hop("me", "jwt"))

    assert len(witness.attempts[0]) == 40


def test_nothing_seen_is_no_latest():
    assert Witness().latest is None


def test_marks_do_not_show_what_they_mark():
    assert b"secret-state" not in mark("secret-state")
    assert mark("secret-state") == mark("secret-state") != mark("secret-statf")


def test_the_trace_of_a_hop_has_the_fields_of_the_contract():
    told = Hop("auth", "browser", "strapi", "GET", "https://x.dev/a", 200, 1.26, message="no").as_json()

    assert told == {
        "from": "browser",
        "to": "strapi",
        "method": "GET",
        "url": "https://x.dev/a",
        "status": 200,
        "ms": 1.3,
    }
    assert Hop("auth", "browser", "strapi", "GET", "", None, None).as_json()["ms"] is None


def test_listeners_hear_of_each_hop_and_cannot_stop_the_login():
    witness, heard = Witness(), []

    def broken() -> None:
        heard.append("broken")
        raise RuntimeError("its page was closed")

    witness.listen(broken)
    witness.listen(lambda: heard.append("well"))
    witness.record(hop("connect"))

    assert heard == ["broken", "well"]
    assert len(witness.attempts) == 1
