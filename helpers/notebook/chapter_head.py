"""The head of a chapter: where the setup stands, and how somebody who comes late catches up."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import ipywidgets as w

from helpers.kit import Kit
from helpers.notebook import progress, tasks
from helpers.notebook.board_view import how_far, mode_of, next_step
from helpers.notebook.form import Form
from helpers.notebook.guide import Guide, link
from helpers.notebook.steps import STEPS
from helpers.notebook.widgets import Block, StatusLine

_NEEDS_TOKEN = "Paste your ngrok authtoken in 1.1: it was kept in the former kernel only."  # noqa: S105


class Head(Block):
    """``earlier`` makes or finds the forms of the chapters before this one, in their order."""

    earlier: Callable[[], Sequence[Form]]

    def __init__(self, kit: Kit, number: int) -> None:
        self.kit, self.number = kit, number
        self.progress = progress.of(kit)
        self.line, self.status = Guide(), StatusLine()
        self.button = w.Button(layout=w.Layout(width="auto", align_self="flex-start"))
        self.button.on_click(lambda _: self.press())
        super().__init__([self.line, self.button, self.status])
        self.progress.watch([step.check for step in STEPS], self.draw)
        kit.on_renewal(tasks.on_loop(lambda: self.status.say("")))  # it was about the former setup
        self.draw()

    def draw(self) -> None:
        following = next_step(self.progress)
        then = f"next: {link(following.heading)}" if following else "all is done"
        told = f"{html.escape(mode_of(self.kit))} · {how_far(self.progress)} · {then}"
        self.line.html = f'<p class="kit-head">{told}</p>'
        self.button.description = "Go on" if self.kit.settings.live else "Catch up to here"
        open_ = self._missing() and (self.number > 1 or self.kit.settings.live)
        self.button.layout.display = "" if self.number and open_ else "none"

    def _missing(self) -> bool:
        """Whether a step before this chapter is not done; live, the address of this very chapter counts."""
        before = [step for step in STEPS if int(step.number[0]) < max(self.number, 2)]
        return not all(self.progress.done(step.check) for step in before)

    def press(self) -> None:
        work = self._go_on if self.kit.settings.live else self._catch_up
        tasks.run(work, self.status, [self.button], "Catching up")

    async def _catch_up(self) -> str:
        """The same handlers that a press uses, one after the other; the first that fails ends it."""
        done: list[str] = []
        for form in self.earlier():
            await self.progress.measure(_MEASURED)
            known = [name for name in form.checks if name in _MEASURED]
            if known and all(self.progress.done(name) for name in known):
                continue
            said = await form.catch_up()
            if form.status.kind == "failed":
                raise tasks.Told(f"{form.step}: {said}", done)
            if said:
                done.append(form.step)
        self.kit.changed()
        return f"Done for you: {', '.join(done)}." if done else "There was nothing to catch up."

    async def _go_on(self) -> str:
        """Live nothing is done behind the reader's back but to open the same address again."""
        tunnel = self.earlier()[0]
        given, said = self.kit.settings, ""
        if not self.kit.public_address.is_open and (
            given.ngrok_authtoken or (given.public_url and given.gateway_port)
        ):
            said = await tunnel.catch_up()
        names = [step.check for step in STEPS]
        await self.progress.measure(names)
        self.kit.changed()
        stands = [step.heading for step in STEPS if self.progress.done(step.check)]
        told = [f"This still stands: {', '.join(stands)}." if stands else "Nothing stands yet."]
        if not self.kit.public_address.is_open:
            told.append(said or _NEEDS_TOKEN)
        if following := next_step(self.progress):
            told.append(f"Go on with {following.heading}.")
        return tasks.Note(" ".join(told))


# The board's, and the one of 1.3, which is no row of it: many a front end needs nothing.
_MEASURED = (*(step.check for step in STEPS), "front-end-project")
