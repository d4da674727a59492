"""What ipywidgets lacks: copying, a secret or pasted text that is never widget state, an announced status.

A ``Password`` is synced state and so lands in the saved notebook when widget state is saved
(https://github.com/jupyter-widgets/ipywidgets/issues/1793). Here a secret travels as a message and the
field is emptied in the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as w
import traitlets

from helpers.core.masking import SECRET_NAMES, Secret, redact
from helpers.doctor.excerpt import excerpt

STATIC = Path(__file__).parent / "static"
NO_WIDGETS = (
    "Here stands a form or a table. If you read this line instead, widgets do not work in this program: "
    "see E10 in docs/failures/notebook.md. Open the notebook in the JupyterLab that `make lab` starts, "
    "trust it, and run its cells again; "
    "or use a terminal: python -m helpers doctor"
)


class Block(w.VBox):
    """What a cell shows; a program without widgets shows a sentence in its place, not Python's repr."""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options) or {}
        return bundle | {"text/plain": NO_WIDGETS}


def with_clipboard(name: str) -> str:
    """A script together with what it copies with."""
    return "".join((STATIC / each).read_text(encoding="utf-8") for each in ("clipboard.js", name))


class CopyField(anywidget.AnyWidget):
    _esm = with_clipboard("copy_field.js")
    _css = STATIC / "kit.css"
    label = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    multiline = traitlets.Bool(False).tag(sync=True)

    def __repr__(self) -> str:
        return f"{self.label}: {self.value}"


class SecretField(anywidget.AnyWidget):
    """Holds a :class:`Secret` in the kernel; only its length is ever shown."""

    _esm = STATIC / "secret_field.js"
    _css = STATIC / "kit.css"
    label = traitlets.Unicode().tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    held = traitlets.Bool(False).tag(sync=True)

    def __init__(self, label: str, secret: Secret | None = None) -> None:
        super().__init__(label=label)
        self.secret = Secret()
        self.on_enter: Callable[[], object] | None = None
        self.on_typed: Callable[[], object] | None = None
        self.on_touched: Callable[[], object] | None = None
        self.on_msg(self._received)
        if secret:
            self.hold(secret, "filled in")

    def hold(self, secret: Secret, how: str = "typed") -> None:
        self.secret = secret
        self.held = bool(secret)
        self.status = f"{how}, {len(secret.reveal())} characters, not shown" if secret else ""

    def _received(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("kind") == "secret":
            self.hold(Secret(str(content.get("value", "")).strip()))
            if self.on_typed:
                self.on_typed()
        elif content.get("kind") == "touched" and self.on_touched:
            self.on_touched()
        elif content.get("kind") == "enter" and self.on_enter:
            self.on_enter()

    def __repr__(self) -> str:
        return f"{self.label}: {self.secret}"


class PasteField(anywidget.AnyWidget):
    """A pasted text, or the ends of a long one: masked in the page and once more here, never widget state."""

    _esm = STATIC / "paste_field.js"
    _css = STATIC / "kit.css"
    label = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, label: str, placeholder: str = "") -> None:
        super().__init__(label=label, placeholder=placeholder, names=sorted(SECRET_NAMES))
        self.text, self.masked = "", False  # whether a secret was in it
        self.on_msg(self._received)

    def _received(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("kind") == "text":
            self.text, secret = excerpt(str(content.get("value", "")))
            self.masked = bool(content.get("masked")) or secret

    def __repr__(self) -> str:
        return f"{self.label}: {len(self.text)} characters"


class StatusLine(anywidget.AnyWidget):
    """How a step stands: ``ok``, ``failed``, ``not-yet``, ``waiting``, ``busy``, ``note`` or nothing."""

    _esm = STATIC / "status_line.js"
    _css = STATIC / "kit.css"
    kind = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    evidence = traitlets.Unicode().tag(sync=True)
    fix = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def say(self, kind: str, text: str = "", *, evidence: str = "", fix: Sequence[str] = ()) -> None:
        """Show one state; everything passes the redaction on its way to the page."""
        with self.hold_sync():
            self.kind, self.text = kind, redact(text)
            self.evidence, self.fix = redact(evidence), [redact(step) for step in fix]

    def __repr__(self) -> str:
        return f"{self.kind}: {self.text}" if self.kind else ""
