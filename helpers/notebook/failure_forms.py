"""What do you see? A pasted text leads to the pages of the failures that it fits."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from helpers import failures
from helpers.doctor.failure_page import card
from helpers.doctor.recognise import recognise
from helpers.notebook.form import LABEL, wide
from helpers.notebook.widgets import Block, PasteField, StatusLine

_MOST_SHOWN = 5


class RecogniseForm(Block):
    """Everything happens in the kernel; the pasted text goes nowhere and is kept nowhere."""

    def __init__(self) -> None:
        self.field = PasteField("What do you see?", "An error text, a log, or the address in your browser")
        self.button = w.Button(
            description="Find it",
            button_style="primary",
            layout=w.Layout(width="auto", align_self="flex-start"),
        )
        self.status, self.pages = StatusLine(), w.HTML()
        self.button.on_click(lambda _: self.find())
        super().__init__([self.field, self.button, self.status, self.pages])

    def find(self) -> None:
        if not self.field.text.strip():
            self.pages.value = ""
            self.status.say("waiting", "Paste a text first.")
            return
        found = recognise(self.field.text, masked=self.field.masked)[:_MOST_SHOWN]
        self.pages.value = "".join(
            card(match.failure, match.why, opened=number == 0) for number, match in enumerate(found)
        )
        self.status.say(
            "ok" if found and found[0].sure else "note", _said(len(found), bool(found) and found[0].sure)
        )


def _said(number: int, sure: bool) -> str:
    if not number:
        return "Nothing known fits. Paste more of it, run the doctor above, or choose from the list below."
    if not sure:
        return f"Nothing fits for sure; {number} may be near it."
    return "One known failure fits." if number == 1 else f"{number} known failures fit, the best one first."


def what_do_you_see(_kit: object = None) -> RecogniseForm:
    """A field to paste into, and the pages of the failures that fit, best first."""
    return RecogniseForm()


def failure_pages(_kit: object = None) -> Block:
    """Every known failure by what the reader sees, as a page; first those that only a person can see."""
    known = sorted(failures.all_failures().values(), key=lambda each: (not each.see, each.id))
    chosen = w.Dropdown(
        options=[("Choose what you see", "")] + [(f"{each.title} ({each.id})", each.id) for each in known],
        description="I see", style=LABEL, layout=wide(),
    )  # fmt: skip
    page = w.HTML()

    def show(change: dict[str, Any]) -> None:
        page.value = card(failures.get(change["new"]), opened=True) if change["new"] else ""

    chosen.add_class("kit-field").observe(show, "value")
    return Block([chosen, page])
