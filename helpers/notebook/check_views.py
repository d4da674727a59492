"""What was measured: one step's check, the progress board, the doctor."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Sequence
from contextlib import suppress

import ipywidgets as w
from IPython.display import display

from helpers.core.errors import KitError
from helpers.doctor import checks, diagnosis
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, UNKNOWN, Result
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.share_progress import tell_board
from helpers.notebook.widgets import Block, StatusLine

_KINDS = {PASSED: "ok", FAILED: "failed", NOT_YET: "waiting", SKIPPED: "note", UNKNOWN: "note"}

BOARD = (
    ("strapi", "01"),
    ("public-address", "01"),
    ("server-url", "01"),
    ("credentials", "02"),
    ("provider", "03"),
    ("login", "04"),
)


class _Measured(Block):
    """Measures now, and again whenever the kit changes or the reader asks."""

    def __init__(self, kit: Kit, children: list[w.Widget]) -> None:
        self.kit = kit
        self.again = w.Button(description="Check again")
        self.again.layout = w.Layout(width="auto", align_self="flex-start")
        self.again.on_click(lambda _: kit.changed())
        super().__init__([*children, self.again])
        self._loop = asyncio.get_running_loop()
        self._pending: asyncio.Task[None] | None = None
        kit.on_change(lambda: self._loop.call_soon_threadsafe(self.schedule))

    def schedule(self) -> None:
        """One measurement at a time; a change during it is seen by the next press or change."""
        if self._pending is None or self._pending.done():
            self._pending = self._loop.create_task(self.measure())

    async def measure(self) -> None:
        raise NotImplementedError


def tell(status: StatusLine, result: Result) -> None:
    kind = "note" if result.status == PASSED and result.failure else _KINDS[result.status]
    # A title says that all is well, which is not what a failed check has found.
    title = "" if result.status == FAILED else f"{checks.TITLES[result.id]}: "
    status.say(kind, title + _seen(result), fix=result.fix)


def _seen(result: Result) -> str:
    return result.evidence + (f" [{result.failure}]" if result.failure else "")


class Check(_Measured):
    """One step's check as a line of evidence, or cause and fix."""

    def __init__(self, kit: Kit, name: str) -> None:
        self.name, self.status = name, StatusLine()
        self.result: Result | None = None
        super().__init__(kit, [self.status])

    async def measure(self) -> None:
        self.result = await asyncio.to_thread(checks.run_one, self.kit, self.name)
        tell(self.status, self.result)
        await tell_board(self.kit.settings, [self.result])


class StepFailed(KitError):
    """Stops *Run All* on autopilot at the step that failed."""


async def check(kit: Kit, name: str) -> None:
    """Show a step's check. On autopilot wait for the form above it, and stop when the step failed."""
    card = Check(kit, name)
    display(card)
    if kit.settings.autopilot:
        await tasks.settled()
        tasks.raise_failed()
    await card.measure()
    if kit.settings.autopilot and card.result:
        _stop_if_failed(card.result, waiting_too=True)  # the form above has done its work


def _stop_if_failed(result: Result, *, waiting_too: bool = False) -> None:
    if result.status == FAILED or (waiting_too and result.status == NOT_YET):
        raise StepFailed(result.evidence, failure=result.failure, fix=result.fix)


class Board(_Measured):
    """All steps at a glance; measured when shown, never stored."""

    def __init__(self, kit: Kit) -> None:
        self.table = w.HTML()
        self.results: list[Result] = []
        super().__init__(kit, [self.table])

    async def measure(self) -> None:
        names = [name for name, _ in BOARD]
        self.results = await asyncio.to_thread(checks.run, self.kit, names)
        rows = [_row(result, number) for result, (_, number) in zip(self.results, BOARD, strict=True)]
        done = sum(result.status == PASSED for result in self.results)
        which = f"{self.kit.settings.mode}, {self.kit.flow.title}"
        head = f"<caption>{done} of {len(BOARD)} steps done ({which})</caption>"
        self.table.value = f'<table class="kit-board">{head}{"".join(rows)}</table>'
        await tell_board(self.kit.settings, self.results)


def _row(result: Result, number: str) -> str:
    seen = html.escape(_seen(result)).replace("=", "=<wbr>")  # else it breaks inside the host
    return (
        f'<tr data-status="{result.status}"><th scope="row">{html.escape(checks.TITLES[result.id])}</th>'
        f"<td><b>{diagnosis.WORDS[result.status]}</b></td><td>{seen}</td>"
        f"<td>notebook {number}</td></tr>"
    )


async def board(kit: Kit) -> None:
    """Show how far this setup is; on autopilot, once the forms above are done."""
    shown = Board(kit)
    display(shown)
    if kit.settings.autopilot:
        await tasks.settled()
    await shown.measure()


class Doctor(_Measured):
    """Every check: what to mend first with its fix, what follows from it, and what is in order."""

    def __init__(self, kit: Kit) -> None:
        self.headline, self.cards = StatusLine(), w.HTML()
        self.results: list[Result] = []
        super().__init__(kit, [self.headline, self.cards])

    async def measure(self) -> None:
        self.headline.say("note", "Checking …")
        self.results = await asyncio.to_thread(checks.run, self.kit)
        self.cards.value = diagnosis.as_html(self.results)
        self.headline.say(_KINDS[worst(self.results)], diagnosis.headline(self.results))


def worst(results: Sequence[Result]) -> str:
    """The status that all of them together have: nothing is in order while a part of it is open."""
    found = {result.status for result in results if result.status in (FAILED, PASSED)}
    found |= {result.status for result in checks.unchecked(results)}
    return next((status for status in (FAILED, UNKNOWN, NOT_YET, PASSED) if status in found), NOT_YET)


async def doctor(kit: Kit) -> None:
    """Run every check and show what to mend first; on autopilot a failed one stops *Run All*."""
    shown = Doctor(kit)
    display(shown)
    if kit.settings.autopilot:
        # The kernel that held the tunnel open may have ended with its notebook. A refusal is a finding.
        with suppress(KitError):
            await asyncio.to_thread(kit.open_door)
    await shown.measure()
    if kit.settings.autopilot:
        for cause, _ in checks.causes(shown.results):
            _stop_if_failed(cause)
