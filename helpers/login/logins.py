"""The logins that went through one gateway, judged: which one to wait for, and which one to speak of."""

from __future__ import annotations

import threading

from helpers.core.errors import Stopped
from helpers.gateway.witness import Attempt, Witness
from helpers.login.verdict import AT_INSTAGRAM, Verdict, judge


class Logins:
    """What nobody began, such as a bookmark of the callback, is passed over."""

    def __init__(self, witness: Witness, provider: str) -> None:
        self._witness, self._provider = witness, provider

    def verdict(self, attempt: Attempt | None = None) -> Verdict:
        """On this login; without one, on that which ended last or else moved last."""
        if attempt:
            return judge(attempt, self._provider)
        verdicts = [judge(each, self._provider) for each in self._witness.moved_last if not each.stray]
        nobody = Verdict(False, False, "Nobody has opened the login yet")
        return next((each for each in verdicts if each.decided), next(iter(verdicts), nobody))

    def wait(
        self, *, timeout: float, since: float = 0.0, cancelled: threading.Event | None = None
    ) -> Attempt:
        """The first login begun after ``since`` (monotonic seconds) that came to an end, good or bad.

        Raises:
            Stopped: none did within ``timeout`` seconds, or ``cancelled`` was set.
        """
        try:
            return self._witness.wait(
                lambda attempt: judge(attempt, self._provider).decided and not attempt.stray,
                timeout=timeout,
                since=since,
                cancelled=cancelled,
            )
        except Stopped:
            if cancelled is not None and cancelled.is_set():
                raise
            if any(each.at_instagram and each.hops[0].at >= since for each in self._witness.attempts):
                raise Stopped(AT_INSTAGRAM) from None
            raise
