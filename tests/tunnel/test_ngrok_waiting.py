"""An agent that takes long, or for ever, and a person who does not wait."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator

import pytest

from helpers.core.errors import Stopped, TunnelError
from tests.support.tunnels import (
    PUBLIC,
    UPSTREAM,
    Bench,
    processes_mentioning,
    until,
)


@pytest.mark.parametrize("fault", ["silent", "no-endpoints-api"])
def test_an_agent_that_never_gets_ready_is_given_up_and_ended(bench: Bench, fault: str) -> None:
    made = bench.tunnel(fault=fault, deadline=1)
    with pytest.raises(TunnelError, match="did not get ready") as caught:
        made.start(UPSTREAM)
    assert caught.value.failure == "C22"
    assert processes_mentioning(bench.folder) == []
    made._ngrok_path, made._deadline = bench.install(), 30.0
    assert made.start(UPSTREAM) == PUBLIC, "pyngrok has been freed too"


def test_a_slow_agent_is_waited_for(bench: Bench) -> None:
    assert bench.tunnel(fault="slow").start(UPSTREAM) == PUBLIC


def test_a_start_can_be_cancelled(bench: Bench) -> None:
    made, cancelled = bench.tunnel(fault="silent"), threading.Event()

    def cancel() -> None:
        until(bench.pid)
        cancelled.set()

    helper = threading.Thread(target=cancel)
    helper.start()
    with pytest.raises(Stopped):
        made.start(UPSTREAM, cancelled)
    helper.join()
    assert processes_mentioning(bench.folder) == []


def test_a_start_cancelled_before_the_agent_runs_starts_none(bench: Bench) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Stopped):
        bench.tunnel().start(UPSTREAM, cancelled)
    assert processes_mentioning(bench.folder) == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As a kernel is while a cell runs, wherever it was started: a job in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupting_the_cell_ends_the_start(bench: Bench) -> None:
    ended = threading.Event()

    def interrupt() -> None:
        until(bench.pid)
        _thread.interrupt_main()
        while not ended.wait(8):  # Python loses one that falls into a finalizer; a person presses again
            _thread.interrupt_main()

    helper = threading.Thread(target=interrupt)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        bench.tunnel(fault="silent").start(UPSTREAM)
    ended.set()
    helper.join()
    assert processes_mentioning(bench.folder) == []
