"""The last thing of a run: it says that all is ready, and leads back to the top."""

from __future__ import annotations

from helpers.kit import Kit
from helpers.notebook.guide import Guide, link
from helpers.notebook.steps import CHAPTERS
from helpers.notebook.widgets import Block

_seen: set[int] = set()  # the chapters that have run since the last time


def has_run(chapter: int) -> None:
    _seen.add(chapter)


class Ready(Block):
    """Only a run of the whole notebook leads the reader away from where they are."""

    def __init__(self, kit: Kit) -> None:
        self.line = Guide()
        self.line.html = f'<p class="kit-head">All is ready. Begin at the top: {link(CHAPTERS[0])}</p>'
        super().__init__([self.line])

    def arrive(self) -> None:
        self.line.back = len(_seen) == len(CHAPTERS)
        _seen.clear()
