"""The last thing of a run: it says that all is ready, and leads back to the top."""

from __future__ import annotations

from helpers.kit import Kit
from helpers.notebook.guide import Guide, link
from helpers.notebook.steps import CHAPTERS, GO_LIVE, PRACTICE
from helpers.notebook.widgets import Block

_WHOLES = (range(len(CHAPTERS)), PRACTICE, GO_LIVE)
_seen: set[int | str] = set()  # the parts of a notebook that have run since the last time


def has_run(part: int | str) -> None:
    _seen.add(part)


class Ready(Block):
    """Only a run of the whole notebook leads the reader away, to the top, where ``first`` is the heading."""

    def __init__(self, kit: Kit, first: str) -> None:
        self.line = Guide()
        self.line.html = f'<p class="kit-head">All is ready. Begin at the top: {link(first)}</p>'
        super().__init__([self.line])

    def arrive(self) -> None:
        self.line.back = any(_seen.issuperset(whole) for whole in _WHOLES)
        _seen.clear()
