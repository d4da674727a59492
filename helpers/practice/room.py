"""A practice room: one thing is broken on purpose, and the reader finds out which."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from helpers import failures
from helpers.core.errors import InputError, KitError, LoginFailed
from helpers.doctor import checks
from helpers.failures import Failure
from helpers.gateway.witness import Attempt
from helpers.kit import Kit
from helpers.login.verdict import failed

_AREAS = {
    "A": "in Strapi: its files, its settings or its users",
    "B": "at Meta: in the app's settings or with the account",
    "C": "in the tunnel: the account, the agent or the way through it",
    "D": "in the front end or on the way to it",
    "E": "on this machine: its programs, its ports or its notebooks",
}
_PATIENCE = 10.0  # seconds for a robot's login to be witnessed


@dataclass(frozen=True)
class Answer:
    right: bool
    text: str


class Practice:
    """One exercise at a time, in the rehearsal of ``kit``.

    Raises:
        InputError: what is asked for is not possible now; the text says what to do first.
    """

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._id = ""
        self._tries = 0

    @property
    def broken(self) -> bool:
        return bool(self._id)

    @property
    def choices(self) -> list[Failure]:
        """What it may be, in the catalogue's order."""
        return [failures.get(id_) for id_ in sorted(_exercises())]

    def break_something(self, number: int | None = None) -> None:
        """Break one thing without saying which; the same ``number`` breaks the same thing for everybody."""
        if self.kit.world is None:
            raise InputError("Things are broken in a rehearsal only: choose it in Start here.")
        if self.kit.flow.name != "today":
            raise InputError("The exercises are about today's login: choose it in Start here.")
        if self.broken:
            raise InputError("Something is broken already: find it, or press Mend it.")
        self._make_whole()
        ids = _exercises()
        id_ = ids[number % len(ids)] if number is not None else random.choice(ids)  # noqa: S311 - no secret
        from helpers.practice.faults import FAULTS

        FAULTS[id_].play(self.kit)
        self._id, self._tries = id_, 0
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
            robot.finish(robot.start(), allow=True)
        except KitError:
            if not any(attempt.hops[0].at >= began for attempt in self.kit.gateway.witness.attempts):
                raise
        attempt = self.kit.logins.wait(timeout=_PATIENCE, since=began)
        verdict = self.kit.logins.verdict(attempt)
        return attempt, None if verdict.ok else failed(verdict)

    def answer(self, id_: str) -> Answer:
        """Whether that is it; if not, a hint that does not tell."""
        mine = failures.get(self._needs_exercise())
        if id_ == mine.id:
            return Answer(True, f"Right: {mine.title} [{mine.id}].")
        self._tries += 1
        return Answer(False, f"Not that one. {self._hint(mine, failures.get(id_))}")

    def _hint(self, mine: Failure, guess: Failure) -> str:
        if apart := guess.apart.get(mine.id) or mine.apart.get(guess.id):
            return apart
        if self._tries == 1:
            near = "You are near: it is" if guess.id[0] == mine.id[0] else "Look elsewhere: it is"
            return f"{near} {_AREAS[mine.id[0]]}."
        if mine.named_by == "login":
            return "Only a login shows it: press Try to log in, and read the step that is marked."
        return f"Read what the doctor's check “{checks.TITLES[mine.named_by]}” says."

    def reveal(self) -> Failure:
        return failures.get(self._needs_exercise())

    def _needs_exercise(self) -> str:
        if not self._id:
            raise InputError("Nothing is broken: press Break something first.")
        return self._id

    def mend(self) -> None:
        """A fresh rehearsal in which everything is in order."""
        self._make_whole()
        self.kit.changed()

    def _make_whole(self) -> None:
        """Without a word in between: whoever measures then would see it half done."""
        self._id = ""
        self.kit.renew()
        self.kit.rehearse_up_to(4)


def _exercises() -> list[str]:
    """The ids that somebody new to all this can find, in an order that gives nothing away."""
    from helpers.practice.faults import FAULTS  # a live setup never needs them

    ids = sorted(id_ for id_, fault in FAULTS.items() if fault.practice)
    random.Random(len(ids)).shuffle(ids)  # noqa: S311
    return ids
