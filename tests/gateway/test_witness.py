"""Hops find the login they belong to, and whoever waits for them is woken."""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

from helpers.core.errors import Stopped
from helpers.gateway.witness import Attempt, Hop, Witness, mark

SOON = 10.0  # seconds after which a test has failed; nothing here takes that long


def hop(step: str, *shown: str, sent: tuple[str, ...] = (), **more: Any) -> Hop:
    marks = frozenset(mark(value) for value in shown)
    cookies = frozenset(mark(value) for value in sent)
    url = f"https://x.dev/{step}"
    return Hop(step, "browser", "strapi", "GET", url, 200, 1.0, marks=marks, sent_cookies=cookies, **more)


def steps(attempt: Attempt) -> list[str]:
    return [each.step for each in attempt]


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


def has_user(attempt: Attempt) -> bool:
    return attempt.last("auth") is not None


class Waiting:
    """Somebody who waits in a thread, and for much longer than a test may take."""

    def __init__(self, witness: Witness, **options: Any) -> None:
        self._asked = threading.Event()
        self._results: queue.Queue[Attempt | Stopped] = queue.Queue()
        self._thread = threading.Thread(target=self._wait, args=(witness,), kwargs=options, daemon=True)
        self._thread.start()
        assert self._asked.wait(SOON)

    def _decided(self, attempt: Attempt) -> bool:
        self._asked.set()
        return has_user(attempt)

    def _wait(self, witness: Witness, **options: Any) -> None:
        try:
            self._results.put(witness.wait(self._decided, timeout=10 * SOON, **options))
        except Stopped as stopped:
            self._results.put(stopped)

    def result(self) -> Attempt | Stopped:
        result = self._results.get(timeout=SOON)
        self._thread.join()
        return result


def test_waiting_ends_with_the_deciding_hop():
    witness = Witness()
    witness.record(hop("connect", "a"))
    waiting = Waiting(witness)
    witness.record(hop("callback", "a"))
    witness.record(hop("auth", "a"))

    assert waiting.result() is witness.latest


def test_waiting_returns_a_login_that_was_decided_before():
    witness = Witness()
    witness.record(hop("auth", "a"))

    assert witness.wait(has_user, timeout=0) is witness.latest


def test_waiting_passes_over_logins_from_before():
    witness = Witness()
    witness.record(hop("auth", "old", at=1.0))
    witness.record(hop("connect", "new", at=3.0))

    with pytest.raises(Stopped):
        witness.wait(has_user, timeout=0, since=2.0)
    witness.record(hop("auth", "new", at=4.0))
    assert witness.wait(has_user, timeout=0, since=2.0).hops[0].at == 3.0


def test_waiting_stops_at_its_deadline():
    with pytest.raises(Stopped, match="No login arrived"):
        Witness().wait(has_user, timeout=0.01)


def test_waiting_stops_when_asked():
    witness, cancelled = Witness(), threading.Event()
    witness.record(hop("connect"))
    waiting = Waiting(witness, cancelled=cancelled)
    cancelled.set()

    with pytest.raises(Stopped, match="as asked"):
        raise waiting.result()


def test_reading_while_others_record_never_sees_a_login_without_hops():
    witness = Witness()
    witness.record(hop("connect", "a"))
    empty: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            empty.extend(1 for attempt in witness.attempts if not attempt.hops)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        witness.record(hop("callback", "a", at=float(number)))
    done.set()
    reader.join()

    assert not empty
