"""A login's trace, followed while it happens."""

from __future__ import annotations

import html

import ipywidgets as w
from IPython.display import DisplayHandle, display

from helpers.kit import Kit
from helpers.login import trace
from helpers.login.verdict import veiled
from helpers.notebook import tasks
from helpers.notebook.widgets import Block

_NOBODY = "Nobody has opened the login yet."
_REHEARSED = (
    "Do it on your own Strapi: choose Live in Start here. To train your eye first, open 2_practice.ipynb. "
    "Chapter 6 puts everything back."
)
_LIVE = "3_go_live.ipynb leads to the address that your users will use. Chapter 6 puts everything back."
_LATER = "The diagram appears with the login."


class Trace(Block):
    """The latest login as table and sequence diagram, redrawn with every hop."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.table = w.HTML(_NOBODY)
        self.note, self.mine = w.HTML(), w.Button(description="It was me")
        self.mine.on_click(lambda _: self._adopt())
        self.asked = w.VBox([self.note, self.mine])
        self.asked.layout.display = "none"
        super().__init__([self.table, self.asked])
        self._diagram: DisplayHandle | None = None
        kit.witness.listen(tasks.on_loop(self.draw))
        kit.on_renewal(tasks.on_loop(self.draw))

    def draw(self) -> None:
        logins = self.kit.logins
        self.note.value = html.escape(logins.note())
        self.asked.layout.display = "" if self.note.value else "none"
        attempt = logins.latest or logins.stranger
        if attempt is None:
            self.table.value = _NOBODY
            if self._diagram:
                self._diagram.update({"text/plain": _LATER}, raw=True)
            return
        verdict = self.kit.logins.verdict(attempt)
        verdict = veiled(verdict) if self.kit.riddle else verdict
        table = trace.as_html(attempt, verdict, _LIVE if self.kit.settings.live else _REHEARSED)
        self.table.value = self.kit.urls.filled(table)
        if self._diagram:
            self._diagram.update(_mermaid(trace.mermaid(attempt, verdict)), raw=True)

    def _adopt(self) -> None:
        if attempt := self.kit.logins.stranger:
            self.kit.witness.adopt(attempt)

    def show(self) -> None:
        display(self)
        self._diagram = display({"text/plain": _LATER}, raw=True, display_id=True)
        self.draw()


def _mermaid(source: str) -> dict[str, str]:
    return {"text/vnd.mermaid": source, "text/plain": source}
