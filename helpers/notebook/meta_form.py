"""The rehearsal's dashboard of Meta, to be operated like the real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from helpers.core.errors import InputError
from helpers.core.flows import CONSOLE_URL
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.form import Form, note
from helpers.notebook.widgets import STATIC, with_clipboard

if TYPE_CHECKING:
    from helpers.rehearsal.meta.dashboard import Dashboard

_LIVE = f"Live, this is Meta's own dashboard: {CONSOLE_URL}. Do 2.1 to 2.9 there."


class MetaPage(anywidget.AnyWidget):
    """Shows one page; no text that is typed and no secret is ever part of its state."""

    _esm = with_clipboard("meta_page.js")
    _css = STATIC / "kit.css"
    page = traitlets.Dict().tag(sync=True)

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self.dashboard: Dashboard | None = None
        self.on_pressed: Callable[[], object] = lambda: None
        self.on_msg(self._received)

    def look_at(self, dashboard: Dashboard) -> None:
        if dashboard is not self.dashboard:
            self.dashboard = dashboard
            dashboard.on_change(tasks.on_loop(self.draw))
        self.draw()

    def draw(self) -> None:
        """Of the dashboard of now: a former setup's may still call."""
        if self.dashboard:
            self.page = self.dashboard.page()

    def press(self, name: str, typed: Mapping[str, str] | None = None) -> None:
        self._operate("press", name, typed or {})

    def enter(self, field: str, text: str) -> None:
        self._operate("enter", field, text)

    def remove(self, field: str, text: str) -> None:
        self._operate("remove", field, text)

    def _operate(self, what: str, *more: Any) -> None:
        if self.dashboard is None:
            return
        before = set(self.dashboard.app.redirect_uris)
        getattr(self.dashboard, what)(*more)
        if before != self.dashboard.app.redirect_uris:
            self._kit.changed()

    def _received(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("kind")
        if kind in ("press", "enter", "remove"):
            self.on_pressed()
        if kind == "press":
            self.press(str(content.get("name")), content.get("typed"))
        elif kind in ("enter", "remove"):
            self._operate(kind, str(content.get("field")), str(content.get("text")))
        elif kind == "show" and self.dashboard:
            name = str(content.get("name"))
            self.send({"kind": "shown", "name": name, "value": self.dashboard.show(name).reveal()})

    def __repr__(self) -> str:
        return "Rehearsal of Meta's dashboard"


class MetaForm(Form):
    """A person presses in the page itself; on autopilot, and to catch up, the same is pressed for them."""

    checks = ("redirect-uris",)

    def __init__(self, kit: Kit) -> None:
        self.page = MetaPage(kit)
        self.live = note(_LIVE)
        super().__init__(kit, [self.page], "Set up the app at Meta")
        # What was done for the reader is not what the reader does then.
        self.page.on_pressed = lambda: self.status.say("")

    def fill(self) -> None:
        if self.kit.world:
            self.page.look_at(self.kit.world.meta)
        self.children = [self.page, self.status] if self.kit.world else [self.live]

    def autopilot(self) -> None:
        if self.kit.world:
            self.submit()

    def submit(self) -> None:
        self.work(self._set_up, "Setting up the app")

    async def _set_up(self) -> str:
        from helpers.rehearsal.meta.walk import set_up  # a live setup never needs it

        kit = self.kit
        if not kit.urls.public or kit.world is None:
            raise InputError("There is no public address yet: start the tunnel in 1.1 first.")
        set_up(self.page, kit.world.meta, kit.addresses_for_meta)
        return "The app is set up: its three addresses are saved and the tester has accepted"
