"""The logins that went through one gateway: which one to wait for, and which one to speak of."""

from __future__ import annotations

import threading
from dataclasses import replace

from helpers.core.errors import Stopped
from helpers.failures import known
from helpers.gateway.attempt import Attempt
from helpers.gateway.witness import Witness
from helpers.login.verdict import AT_INSTAGRAM, Verdict, judge

_MINUTE = 60.0  # seconds that Strapi's limit counts


class Logins:
    """The logins that went through one gateway, judged: which one to wait for, and which one to speak of.

    What nobody began, such as a bookmark of the callback, is passed over. A login from a browser that did not
    come by the address we gave decides nothing; it is a note, until the person says that it was theirs.
    """

    def __init__(self, witness: Witness, provider: str) -> None:
        self._witness, self._provider = witness, provider

    def verdict(self, attempt: Attempt | None = None) -> Verdict:
        """On this login; without one, on that which ended last or else moved last."""
        if attempt:
            return self._fair(judge(attempt, self._provider))
        verdicts = [judge(each, self._provider) for each in self._moved_last(strangers=False)]
        nobody = Verdict(False, False, "Nobody has opened the login yet")
        return self._fair(next((each for each in verdicts if each.decided), next(iter(verdicts), nobody)))

    @property
    def latest(self) -> Attempt | None:
        """The one that moved last, of the person's own."""
        return next(iter(self._moved_last(strangers=False)), None)

    @property
    def stranger(self) -> Attempt | None:
        """Of the logins from browsers that did not come by our address, the one that moved last."""
        return next(iter(self._moved_last(strangers=True)), None)

    def note(self) -> str:
        """What a stranger's login came to, and the question whose it is; empty if there is none."""
        if (attempt := self.stranger) is None:
            return ""
        verdict = judge(attempt, self._provider)
        outcome = "it succeeded" if verdict.ok else "it failed" if verdict.decided else "it is under way"
        whose = f"did not come by your link ({outcome}: {verdict.reason})"
        return f"A login from a browser that {whose}. Is it yours?"

    def _moved_last(self, *, strangers: bool) -> list[Attempt]:
        moved = self._witness.moved_last
        return [each for each in moved if not each.stray and each.strangers == strangers]

    def _fair(self, verdict: Verdict) -> Verdict:
        """Strapi counts logins, not people: what strangers used up is not the person's doing."""
        if verdict.failure != known.STRAPI_RATE_LIMIT or verdict.broke_at is None:
            return verdict
        at = verdict.broke_at.at
        others = sum(at - _MINUTE < each.hops[0].at <= at for each in self._moved_last(strangers=True))
        if not others:
            return verdict
        said = f"Strapi's limit of logins a minute is used up, {others} of them by other browsers than yours"
        return replace(verdict, failure=None, reason=f"{said}. Wait a minute and log in again")

    def wait(
        self, *, timeout: float, since: float = 0.0, cancelled: threading.Event | None = None
    ) -> Attempt:
        """The first login begun after ``since`` (monotonic seconds) that came to an end, good or bad.

        Raises:
            Stopped: none did within ``timeout`` seconds, or ``cancelled`` was set.
        """
        try:
            return self._witness.wait(
                self._counts,
                timeout=timeout,
                since=since,
                cancelled=cancelled,
            )
        except Stopped:
            if cancelled is not None and cancelled.is_set():
                raise
            begun = [each for each in self._witness.attempts if each.hops[0].at >= since]
            if any(each.at_instagram and not each.strangers for each in begun):
                raise Stopped(AT_INSTAGRAM) from None
            if note := self.note():
                raise Stopped(note) from None
            raise

    def _counts(self, attempt: Attempt) -> bool:
        ours = not attempt.stray and not attempt.strangers
        return ours and judge(attempt, self._provider).decided
