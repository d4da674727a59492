"""Work started by a click: off the kernel's loop, never silent, and awaitable by the next cell."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from helpers.core.errors import KitError, Stopped
from helpers.core.masking import redact
from helpers.notebook.widgets import StatusLine

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # else the last-resort handler prints into the cell

# What runs, and how it is told to end.
_running: dict[asyncio.Task[None], threading.Event] = {}
_failed: list[KitError] = []


class Note(str):
    """An answer that is not good news: nothing failed, but the reader should know."""

    __slots__ = ()


class Told(KitError):
    """Work of several parts that ended at one; it says which were done before."""

    def __init__(self, text: str, done: Sequence[str]) -> None:
        super().__init__(text + (f" Done before that: {', '.join(done)}." if done else ""))


class _Disableable(Protocol):
    disabled: Any


def run(
    job: Callable[[], Awaitable[str]],
    status: StatusLine,
    busy: Sequence[_Disableable],
    doing: str,
    cancelled: threading.Event | None = None,
) -> asyncio.Task[None]:
    """Run ``job`` as a task of the kernel's loop and show how it ends beside the button.

    Without this an exception in a handler reaches only JupyterLab's log console, and one in a task
    nobody at all. The job's answer is the sentence shown on success. While it runs ``busy`` is disabled,
    so that a second press does nothing.
    """

    async def guarded() -> None:
        for button in busy:
            button.disabled = True
        status.say("busy", doing)
        try:
            answer = await job()
            status.say("note" if isinstance(answer, Note) else "ok", answer)
        except KitError as error:
            _failed.append(error)
            show_error(status, error)
        except Exception as error:
            log.error(redact(traceback.format_exc()))
            bug = KitError(f"{type(error).__name__}: {error}", evidence="This is a bug of the kit")
            _failed.append(bug)
            show_error(status, bug)
        finally:
            for button in busy:
                button.disabled = False

    task = asyncio.get_running_loop().create_task(guarded())
    _running[task] = cancelled or threading.Event()
    task.add_done_callback(lambda done: _running.pop(done, None))
    return task


def show_error(status: StatusLine, error: KitError) -> None:
    """What was stopped has not failed: nobody knows how it would have ended."""
    text = f"{error} [{error.failure}]" if error.failure else str(error)
    kind = "note" if isinstance(error, Stopped) else "failed"
    status.say(kind, text, evidence=redact(error.evidence), fix=error.fix)


def raise_failed() -> None:
    """Raise what went wrong first since the last call, for an autopilot that reads no forms."""
    first = next(iter(_failed), None)
    _failed.clear()
    if first:
        raise first


def forget_failed() -> None:
    _failed.clear()


def running() -> list[asyncio.Task[None]]:
    return list(_running)


async def settled() -> None:
    """Wait until nothing is running any more, including what finished work has started."""
    while _running:
        # Not gather(): of ended tasks it returns at once, before the loop could tell us of their end.
        await asyncio.wait(_running)


async def end_others() -> None:
    """Tell all other work to end, and wait for it: what cannot be told has a deadline of its own."""
    me = asyncio.current_task()
    others = [task for task in _running if task is not me]
    for task in others:
        _running[task].set()
    await asyncio.gather(*others, return_exceptions=True)


def on_loop(do: Callable[[], object]) -> Callable[[], None]:
    """``do`` on the loop of now, called from any thread; nothing once that loop is closed."""
    loop = asyncio.get_running_loop()

    def later() -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(do)

    return later
