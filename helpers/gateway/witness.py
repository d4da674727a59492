"""Who collects what is seen of logins: each hop goes to the attempt with which it shares most marks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from helpers.core.errors import Stopped
from helpers.gateway.attempt import Attempt, Hop

# Older ones are forgotten, so that a busy gateway stays small.
_MOST_ATTEMPTS = 20
# Seconds of waiting at a time: an interrupt that comes just before is seen only after.
_TURN = 0.5


class Witness:
    """Collects hops from any thread and wakes whoever waits for them."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], object]] = []

    def record(self, hop: Hop) -> None:
        with self._changed:
            attempt = self._attempt_of(hop)
            if attempt:
                attempt.add(hop)
            elif hop.step != "me":  # every page of a front end may ask that, login or not
                self._begin(Attempt(hop))
            self._changed.notify_all()
        self._tell()

    def _begin(self, attempt: Attempt) -> None:
        """Strangers push out strangers only."""
        self._attempts.append(attempt)
        alike = [each for each in self._attempts if each.strangers == attempt.strangers]
        if len(alike) > _MOST_ATTEMPTS:
            self._attempts.remove(alike[0])

    def _tell(self) -> None:
        for listener in list(self._listeners):
            with suppress(Exception):  # the login goes on, whatever becomes of those who watch it
                listener()

    def _attempt_of(self, hop: Hop) -> Attempt | None:
        if hop.step == "connect" or not self._attempts:
            return None
        # Of equals the latest.
        nearest = max(reversed(self._attempts), key=lambda attempt: attempt.kinship(hop))
        if nearest.kinship(hop) > (0, 0):
            return nearest
        if hop.step == "me":
            return None
        # Without any mark (a lost cookie is a failure worth showing) the latest login is the best guess. But
        # no page asks for the user of somebody who is still at Instagram: that is a stranger's question.
        others = (each for each in reversed(self._attempts) if hop.step != "auth" or not each.at_instagram)
        return next((each for each in others if _may_be_of(hop, each)), None)

    def adopt(self, attempt: Attempt) -> None:
        """*It was me*: from now on this login counts as the person's own."""
        with self._changed:
            attempt.adopted = True
            self._changed.notify_all()
        self._tell()

    def forget(self) -> None:
        """Another setup begins: what was seen of the former one is no business of it."""
        with self._changed:
            self._attempts.clear()
            self._changed.notify_all()

    def listen(self, listener: Callable[[], object]) -> None:
        """Call ``listener`` after each hop, on the thread that recorded it; its exceptions are dropped."""
        self._listeners.append(listener)

    @property
    def attempts(self) -> list[Attempt]:
        with self._changed:
            return list(self._attempts)

    @property
    def latest(self) -> Attempt | None:
        return next(iter(self.moved_last), None)

    @property
    def moved_last(self) -> list[Attempt]:
        """The latest first; one that began earlier may have moved since."""
        return sorted(self.attempts, key=lambda attempt: attempt.hops[-1].at, reverse=True)

    def wait(
        self,
        decided: Callable[[Attempt], bool],
        *,
        timeout: float,
        since: float = 0.0,
        cancelled: threading.Event | None = None,
    ) -> Attempt:
        """The first attempt begun after ``since`` (monotonic seconds) that is ``decided``.

        Raises:
            Stopped: ``timeout`` seconds passed, or ``cancelled`` was set.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for attempt in self._attempts:
                    if attempt.hops[0].at >= since and decided(attempt):
                        return attempt
                left = deadline - time.monotonic()
                if cancelled is not None and cancelled.is_set():
                    raise Stopped("Stopped waiting, as asked")
                if left <= 0:
                    raise Stopped(f"No login arrived within {timeout:.0f} seconds")
                self._changed.wait(min(left, _TURN))


def _may_be_of(hop: Hop, attempt: Attempt) -> bool:
    """Whether a hop that shows nothing of any login may belong to this one."""
    alike = hop.peer == attempt.hops[0].peer
    if hop.mine is None or attempt.mine is None:
        return True
    if hop.mine or attempt.strangers:
        return hop.mine is attempt.mine and (alike or bool(hop.mine))
    # The person's page on another site gets no cookie. It speaks from where its login began.
    return hop.elsewhere and alike
