"""Text with links to headings of the same notebook: the board, the chapters' heads, the end of a run."""

from __future__ import annotations

import html
import time
from typing import Any

import anywidget
import traitlets

from helpers.notebook.widgets import NO_WIDGETS, STATIC

last_sign = time.monotonic()  # of a page that shows this kernel's widgets


class Guide(anywidget.AnyWidget):
    """``html`` is ours, with everything from outside escaped; ``back`` leads the reader to the top, once."""

    _esm = STATIC / "guide.js"
    _css = STATIC / "kit.css"
    html = traitlets.Unicode().tag(sync=True)
    back = traitlets.Bool(False).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.on_msg(self._received)

    def _received(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        global last_sign
        if content.get("kind") == "here":
            last_sign = time.monotonic()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options) or {}
        if isinstance(bundle, tuple):
            return bundle[0] | {"text/plain": NO_WIDGETS}, bundle[1]
        return bundle | {"text/plain": NO_WIDGETS}

    def __repr__(self) -> str:
        return "a guide"


def link(heading: str, text: str = "") -> str:
    """A button that scrolls to a heading; where a program cannot, its text still names it."""
    shown, wanted = html.escape(text or heading), html.escape(heading, quote=True)
    return f'<button class="kit-link" data-heading="{wanted}">{shown}</button>'
