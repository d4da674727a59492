"""A practice room: one thing is broken on purpose, and the reader repairs it."""

from __future__ import annotations

import random
import time

from helpers import failures
from helpers.core.errors import InputError, KitError, LoginFailed
from helpers.doctor import checks
from helpers.failures import Failure
from helpers.gateway.attempt import Attempt
from helpers.kit import Kit
from helpers.login.verdict import failed

_PATIENCE = 10.0  # seconds for a robot's login to be witnessed


class Practice:
    """One exercise at a time, in the rehearsal of ``kit``, which names nothing meanwhile (``kit.riddle``).

    Raises:
        InputError: what is asked for is not possible now; the text says what to do first.
    """

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._id = ""
        self._since = 0.0

    @property
    def broken(self) -> bool:
        return bool(self._id)

    def break_something(self, number: int | None = None) -> None:
        """Break one thing without saying which; the same ``number`` breaks the same thing for everybody."""
        if self.kit.world is None:
            raise InputError("Things are broken in a rehearsal only: choose it in Start here of 1_set_up.")
        if self.kit.flow.name != "today":
            raise InputError("The exercises are about today's login: choose it in Start here of 1_set_up.")
        if self.broken:
            raise InputError("Something is broken already: repair it, or press Make it whole.")
        self._make_whole()
        ids = _exercises()
        id_ = ids[number % len(ids)] if number is not None else random.choice(ids)  # noqa: S311 - no secret
        from helpers.practice.faults import FAULTS

        FAULTS[id_].play(self.kit)
        self._id, self._since, self.kit.riddle = id_, time.monotonic(), True
        # Whatever is wrong now was in order before, so all of it counts as tried.
        self.kit.tried.update(checks.TITLES)
        self.kit.changed()

    def try_to_log_in(self) -> tuple[Attempt, KitError | None]:
        """The robot's login as it was witnessed, and why it failed.

        Raises:
            KitError: it could not even begin.
        """
        if not self.kit.public_url:
            raise LoginFailed("There is no public address, so there is nothing to open. Ask the doctor why.")
        began = time.monotonic()
        robot = self.kit.browser()
        try:
            robot.finish(robot.press_login(), allow=True)
        except KitError:
            if not any(attempt.hops[0].at >= began for attempt in self.kit.gateway.witness.attempts):
                raise
        attempt = self.kit.logins.wait(timeout=_PATIENCE, since=began)
        verdict = self.kit.logins.verdict(attempt)
        return attempt, None if verdict.ok else failed(verdict)

    def repaired(self) -> Failure | None:
        """What it was, once a login has worked since and the doctor finds nothing; else None."""
        if not self.broken or not self._logged_in() or checks.causes(checks.run(self.kit)):
            return None
        was = failures.get(self._id)
        self._id, self.kit.riddle = "", False
        return was

    def _logged_in(self) -> bool:
        began = (each for each in self.kit.witness.attempts if each.hops[0].at >= self._since)
        return any(self.kit.logins.verdict(attempt).ok for attempt in began)

    def reveal(self) -> Failure:
        """What it is; from now on everything names it."""
        if not self.broken:
            raise InputError("Nothing is broken: press Break something first.")
        self.kit.riddle = False
        self.kit.changed()
        return failures.get(self._id)

    def mend(self) -> None:
        """A fresh rehearsal in which everything is in order."""
        self._make_whole()
        self.kit.changed()

    def _make_whole(self) -> None:
        """Without a word in between: whoever measures then would see it half done."""
        self._id, self.kit.riddle = "", False
        self.kit.renew()
        self.kit.rehearse_up_to(4)


def _exercises() -> list[str]:
    """The ids that somebody new to all this can find, in an order that gives nothing away."""
    from helpers.practice.faults import FAULTS  # a live setup never needs them

    ids = sorted(id_ for id_, fault in FAULTS.items() if fault.practice)
    random.Random(len(ids)).shuffle(ids)  # noqa: S311
    return ids
