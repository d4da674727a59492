"""What was measured: one step's check, and the doctor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import ipywidgets as w

from helpers.core.errors import KitError
from helpers.doctor import checks, diagnosis
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, UNKNOWN, Result
from helpers.kit import Kit
from helpers.notebook import progress, tasks
from helpers.notebook.form import Form
from helpers.notebook.steps import BY_CHECK
from helpers.notebook.widgets import Block, StatusLine

KINDS = {PASSED: "ok", FAILED: "failed", NOT_YET: "not-yet", SKIPPED: "note", UNKNOWN: "note"}


def tell(status: StatusLine, result: Result) -> None:
    kind = "note" if result.status == PASSED and result.failure else KINDS[result.status]
    # A title says that all is well, which only a check that has passed has found.
    title = f"{checks.TITLES[result.id]}: " if result.status in (PASSED, UNKNOWN, SKIPPED) else ""
    status.say(kind, title + seen(result), fix=() if result.status == NOT_YET else result.fix)


def seen(result: Result) -> str:
    """What is not done yet has not failed, so it gets no failure's id."""
    shows_id = result.failure and result.status != NOT_YET
    return result.evidence + (f" [{result.failure}]" if shows_id else "")


def again_button(text: str = "Check again") -> w.Button:
    return w.Button(description=text, layout=w.Layout(width="auto", align_self="flex-start"))


class Check(Block):
    """One step's check as a line of evidence, or cause and fix."""

    def __init__(self, kit: Kit, name: str) -> None:
        self.kit, self.name, self.status = kit, name, StatusLine()
        self.progress = progress.of(kit)
        self.again = again_button()
        self.again.on_click(lambda _: self._try())
        super().__init__([self.status, self.again])
        self.progress.watch([name], self.draw)

    @property
    def result(self) -> Result | None:
        return self.progress.results.get(self.name)

    async def measure(self) -> None:
        await self.progress.measure([self.name])

    def draw(self) -> None:
        if self.result is None:
            self.status.say("")
        else:
            fix = tuple(self.kit.urls.filled(step) for step in self.result.fix)
            tell(self.status, replace(self.result, fix=fix))

    def _try(self) -> None:
        self.kit.tried.add(self.name)  # whoever asks wants to know
        self.kit.changed()


class StepFailed(KitError):
    """Fails the cell on autopilot at the step that failed."""


async def settle(card: Check) -> None:
    """On autopilot: wait for the form above, and raise if this step has failed; it is the first that did."""
    await tasks.settled()
    stopped = card.progress.stopped_by
    if stopped:
        tasks.forget_failed()
        card.status.say("not-yet", f"waits for {stopped}")
        return
    try:
        tasks.raise_failed()
        await card.measure()
        if card.result:
            _raise_if_not_done(card.result)
    except KitError:
        card.progress.stopped_by = BY_CHECK[card.name].heading if card.name in BY_CHECK else card.name
        raise


async def settle_form(form: Form) -> None:
    """On autopilot, where no check stands below: wait for the form, and raise if it failed first."""
    await tasks.settled()
    steps = progress.of(form.kit)
    try:
        if not steps.stopped_by:
            tasks.raise_failed()
    except KitError:
        steps.stopped_by = form.step
        raise


def _raise_if_not_done(result: Result) -> None:
    if result.status in (FAILED, NOT_YET):
        raise StepFailed(result.evidence, failure=result.failure, fix=result.fix)


class Doctor(Block):
    """Every check: what to mend first with its fix, what follows from it, and what is in order.

    Nothing is measured before somebody asks; from then on it follows what changes.
    """

    def __init__(self, kit: Kit) -> None:
        self.kit, self.results = kit, list[Result]()
        self._asked = False
        self._pending: asyncio.Task[None] | None = None
        self.headline, self.cards = StatusLine(), w.HTML()
        self.again = again_button("Check everything")
        self.again.button_style = "primary"
        self.again.on_click(lambda _: self.kit.changed() if self._asked else self.ask())
        super().__init__([self.again, self.headline, self.cards])
        kit.on_change(tasks.on_loop(self._follow))
        kit.on_renewal(tasks.on_loop(self._forget))

    def ask(self) -> None:
        self._asked = True
        self._follow()

    def _follow(self) -> None:
        """One measurement at a time; a change during it is seen by the next press or change."""
        if self._asked and (self._pending is None or self._pending.done()):
            self._pending = asyncio.get_running_loop().create_task(self.measure())

    def _forget(self) -> None:
        self._asked = False
        self.results, self.cards.value = [], ""
        self.headline.say("")

    async def measure(self) -> None:
        self.headline.say("busy", "Checking")
        self.results = await asyncio.to_thread(checks.run, self.kit)
        if self.kit.riddle:
            self.results = [checks.veiled(each) for each in self.results]
        self.cards.value = self.kit.urls.filled(diagnosis.as_html(self.results))
        self.headline.say(KINDS[worst(self.results)], diagnosis.headline(self.results))

    async def settle(self) -> None:
        """On autopilot: check everything, and raise what is broken unless that was raised before."""
        await tasks.settled()
        self._asked = True
        await self.measure()
        steps = progress.of(self.kit)
        for cause, _ in checks.causes(self.results):
            if not steps.stopped_by:
                steps.stopped_by = checks.TITLES[cause.id]
                _raise_if_not_done(cause)


def worst(results: Sequence[Result]) -> str:
    """The status that all of them together have: nothing is in order while a part of it is open."""
    found = {result.status for result in results if result.status in (FAILED, PASSED)}
    found |= {result.status for result in checks.unchecked(results)}
    return next((status for status in (FAILED, UNKNOWN, NOT_YET, PASSED) if status in found), NOT_YET)
