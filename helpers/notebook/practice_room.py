"""The practice room's buttons, for one reader or a whole workshop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as w

from helpers.core import inputs
from helpers.kit import Kit
from helpers.login import trace
from helpers.login.verdict import veiled
from helpers.notebook.form import Form, note, text_field
from helpers.practice.room import Practice

_FIND = "Something is broken now. Ask the doctor, try to log in, and repair it with the forms below."
_LIVE = "The practice room works in a rehearsal only, so that nothing of yours is broken."


class PracticeForm(Form):
    """Break one thing and repair it; nothing happens before a press, autopilot or not."""

    def __init__(self, kit: Kit) -> None:
        self.practice = Practice(kit)
        self.number = text_field("Number (optional)")
        self.seen = w.HTML()
        self.login_button = _button("Try to log in", self.log_in)
        self.show_button = _button("Tell me what it is", self.show)
        self.mend_button = _button("Make it whole", self.mend)
        others = [self.login_button, self.show_button, self.mend_button]
        self.login_button.button_style = "primary"
        self.room = w.VBox([w.HBox(others), self.seen])
        fields: list[w.Widget] = [self.number, self.room] if kit.world else [note(_LIVE), self.room]
        super().__init__(kit, fields, "Break something")
        self._others, self._loop = others, asyncio.get_running_loop()
        self._draw()

    def autopilot(self) -> None:
        """Never by itself: on autopilot the setup is what is wanted."""

    def submit(self) -> None:
        def job() -> str:
            self.practice.break_something(inputs.number(self.number.value))
            return _FIND

        self._do(job, "Breaking something")

    def log_in(self) -> None:
        def job() -> str:
            attempt, trouble = self.practice.try_to_log_in()
            verdict = self.kit.logins.verdict(attempt)
            self.seen.value = trace.as_html(
                attempt, veiled(verdict) if self.kit.riddle else verdict, "Break the next thing."
            )
            if trouble:
                raise trouble
            was = self.practice.repaired()
            if was is None:
                return "The login works. What is broken does not stop it: ask the doctor."
            return f"Repaired, and you are logged in. It was: {was.title} [{was.id}]."

        self._do(job, "Trying to log in")

    def show(self) -> None:
        def job() -> str:
            failure = self.practice.reveal()
            return f"{failure.title} [{failure.id}]. {failure.cause} {' '.join(failure.fix)}"

        self._do(job, "Looking it up")

    def mend(self) -> None:
        def job() -> str:
            self.practice.mend()
            return "Everything is in order again."

        self._do(job, "Mending")

    def _do(self, job: Callable[[], str], doing: str) -> None:
        def drawn() -> str:
            try:
                return job()
            finally:
                self._loop.call_soon_threadsafe(self._draw)

        self.work(drawn, doing, also_busy=self._others)

    def _draw(self) -> None:
        """What can be pressed now is shown; the last login of a repaired exercise stays to be read."""
        broken = self.practice.broken
        self.submit_button.layout.display = "none" if broken or not self.kit.world else ""
        self.room.children[0].layout.display = "" if broken else "none"


def _button(text: str, press: Callable[[], None]) -> w.Button:
    button = w.Button(description=text, layout=w.Layout(width="auto"))
    button.on_click(lambda _: press())
    return button
