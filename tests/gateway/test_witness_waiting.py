"""Whoever waits for a login gets the first one that is decided."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from helpers.core.errors import Stopped
from helpers.gateway.attempt import Attempt
from helpers.gateway.witness import Witness
from tests.support.hops import hop

SOON = 10.0  # seconds after which a test has failed; nothing here takes that long


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


# The signal reaches a thread that does not wait, as one does that comes just before the waiting begins.
INTERRUPTED = """
import os, signal, threading, time
from helpers.gateway.witness import Witness

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    Witness().wait(lambda attempt: True, timeout=600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="asks for the signals of POSIX")
def test_an_interrupt_ends_the_waiting_also_where_it_comes_just_before_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "interrupted\n"
