"""How far this setup is: the board at the top, and a line at the head of each chapter."""

from __future__ import annotations

import html

from helpers.doctor import diagnosis
from helpers.doctor.checks import FAILED, PASSED, UNKNOWN, Result
from helpers.kit import Kit
from helpers.notebook import progress
from helpers.notebook.check_views import again_button, seen
from helpers.notebook.guide import Guide, link
from helpers.notebook.steps import STEPS, Step
from helpers.notebook.widgets import Block

_NOT_YET, _BUSY = ("not-yet", "Not yet"), ("busy", "Working")


class Board(Block):
    """All steps at a glance; each row leads to its step. Measured, never stored."""

    def __init__(self, kit: Kit) -> None:
        self.kit, self.progress = kit, progress.of(kit)
        self.table = Guide()
        self.again = again_button()
        self.again.on_click(lambda _: kit.changed())
        super().__init__([self.table, self.again])
        self.progress.watch([step.check for step in STEPS], self.draw)
        self.draw()

    @property
    def results(self) -> list[Result]:
        known = self.progress.results
        return [known[step.check] for step in STEPS if step.check in known]

    async def measure(self) -> None:
        await self.progress.measure([step.check for step in STEPS])

    def draw(self) -> None:
        rows = "".join(self._row(step) for step in STEPS)
        head = f"<caption>{how_far(self.progress)} ({html.escape(mode_of(self.kit))})</caption>"
        self.table.html = f'<table class="kit-board">{head}{rows}</table>'

    def _row(self, step: Step) -> str:
        result = self.progress.results.get(step.check)
        status, word = _NOT_YET
        if step.check in self.progress.busy:
            status, word = _BUSY
        elif result and result.status in (PASSED, FAILED, UNKNOWN):
            status, word = result.status, diagnosis.WORDS[result.status]
        own = result is None or result.evidence.endswith(f"({step.number})")  # it waits for itself
        told = "" if result is None or own else seen(result)
        shown = html.escape(told).replace("=", "=<wbr>")  # else it breaks inside the host
        return (
            f'<tr data-status="{status}"><th scope="row">{link(step.heading)}</th>'
            f"<td><b>{word}</b></td><td>{shown}</td></tr>"
        )


def mode_of(kit: Kit) -> str:
    return f"{'Live' if kit.settings.live else 'Rehearsal'}, {kit.flow.title}"


def how_far(steps: progress.Progress) -> str:
    done = sum(steps.done(step.check) for step in STEPS)
    return f"{done} of {len(STEPS)} steps done"


def next_step(steps: progress.Progress) -> Step | None:
    return next((step for step in STEPS if not steps.done(step.check)), None)
