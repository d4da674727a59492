"""A login's trace, followed while it happens."""

from __future__ import annotations

import ipywidgets as w
from IPython.display import DisplayHandle, display

from helpers.kit import Kit
from helpers.login import trace
from helpers.notebook import tasks
from helpers.notebook.widgets import Block

_NOBODY = "Nobody has opened the login yet."
_LATER = "The diagram appears with the login."


class Trace(Block):
    """The latest login as table and sequence diagram, redrawn with every hop."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.table = w.HTML(_NOBODY)
        super().__init__([self.table])
        self._diagram: DisplayHandle | None = None
        kit.witness.listen(tasks.on_loop(self.draw))
        kit.on_renewal(tasks.on_loop(self.draw))

    def draw(self) -> None:
        attempt = self.kit.witness.latest
        if attempt is None:
            self.table.value = _NOBODY
            if self._diagram:
                self._diagram.update({"text/plain": _LATER}, raw=True)
            return
        verdict = self.kit.logins.verdict(attempt)
        self.table.value = trace.as_html(attempt, verdict)
        if self._diagram:
            self._diagram.update(_mermaid(trace.mermaid(attempt, verdict)), raw=True)

    def show(self) -> None:
        display(self)
        self._diagram = display({"text/plain": _LATER}, raw=True, display_id=True)
        self.draw()


def _mermaid(source: str) -> dict[str, str]:
    return {"text/vnd.mermaid": source, "text/plain": source}
