"""The practice room's buttons, for one reader or a whole workshop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import ipywidgets as w

from helpers.core import inputs
from helpers.core.errors import InputError
from helpers.kit import Kit
from helpers.login import trace
from helpers.notebook.form import LABEL, Form, note, text_field, wide
from helpers.practice.room import Practice

_FIND = "Something is broken now. Read the doctor above, try to log in, and choose what it is."
_LIVE = "The practice room works in a rehearsal only, so that nothing of yours is broken."


class PracticeForm(Form):
    """Break one thing, look for it, say what it is; nothing happens before a press, autopilot or not."""

    def __init__(self, kit: Kit) -> None:
        self.practice = Practice(kit)
        self.number = text_field("Number (optional)")
        self.guess = w.Dropdown(options=[("Choose what you think", "")], description="I think it is",
                                style=LABEL, layout=wide())  # fmt: skip
        self.guess.add_class("kit-field")
        self.seen = w.HTML()
        self.login_button = _button("Try to log in", self.log_in)
        self.check_button = _button("Check my answer", self.check)
        self.show_button = _button("Show me", self.show)
        self.mend_button = _button("Mend it", self.mend)
        others = [self.login_button, self.check_button, self.show_button, self.mend_button]
        self.room = w.VBox([self.guess, w.HBox(others), self.seen])
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
            self.seen.value = trace.as_html(attempt, self.kit.logins.verdict(attempt))
            if trouble:
                raise trouble
            return "The login works. What is broken does not stop it, or nothing is."

        self._do(job, "Trying to log in")

    def check(self) -> None:
        def job() -> str:
            if not self.guess.value:
                raise InputError("Choose an entry first.")
            answer = self.practice.answer(self.guess.value)
            if not answer.right:
                raise InputError(answer.text)
            return f"{answer.text} Press Mend it to make everything whole again."

        self._do(job, "Checking")

    def show(self) -> None:
        def job() -> str:
            failure = self.practice.reveal()
            return f"{failure.title} [{failure.id}]. {failure.cause} Press Mend it to make everything whole."

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
        """What can be pressed now is shown; a login seen in another exercise is not."""
        broken = self.practice.broken
        self.submit_button.layout.display = "none" if broken or not self.kit.world else ""
        self.room.layout.display = "" if broken else "none"
        if broken and len(self.guess.options) == 1:
            known = [(f"{each.title} ({each.id})", each.id) for each in self.practice.choices]
            self.guess.options = [*self.guess.options, *known]
        if not broken:
            self.guess.value, self.seen.value = "", ""


def _button(text: str, press: Callable[[], None]) -> w.Button:
    button = w.Button(description=text, layout=w.Layout(width="auto"))
    button.on_click(lambda _: press())
    return button
