"""What there is to read: a login's trace, the provider file, the pages of known failures."""

from __future__ import annotations

import asyncio
from typing import Any

import ipywidgets as w
from IPython.display import DisplayHandle, display

from helpers import failures, tasks, trace
from helpers.failure_page import card
from helpers.form import LABEL, WIDE
from helpers.kit import Kit
from helpers.project import PROVIDER_FILE, backend_env, frontend_env, provider_source, server_config
from helpers.widgets import Block, CopyField


class Trace(Block):
    """The latest login as table and sequence diagram, redrawn with every hop."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.table = w.HTML("Nobody has opened the login yet.")
        super().__init__([self.table])
        self._loop = asyncio.get_running_loop()
        self._diagram: DisplayHandle | None = None
        kit.gateway.witness.listen(lambda: self._loop.call_soon_threadsafe(self.draw))

    def draw(self) -> None:
        attempt = self.kit.gateway.witness.latest
        if attempt is None:
            return
        verdict = self.kit.logins.verdict(attempt)
        self.table.value = trace.as_html(attempt, verdict)
        if self._diagram:
            self._diagram.update(_mermaid(trace.mermaid(attempt, verdict)), raw=True)

    def show(self) -> None:
        display(self)
        self._diagram = display(
            {"text/plain": "The diagram appears with the login."}, raw=True, display_id=True
        )
        self.draw()


def _mermaid(source: str) -> dict[str, str]:
    return {"text/vnd.mermaid": source, "text/plain": source}


async def login_trace(kit: Kit) -> None:
    """Show the latest login, hop by hop, and follow it while it happens."""
    shown = Trace(kit)
    shown.show()
    if kit.settings.autopilot:
        await tasks.settled()
        shown.draw()


def by_hand(kit: Kit) -> Block:
    """The same lines to copy, for projects that this machine cannot reach."""
    fields = [
        CopyField(label="config/server.js (or .ts)", value=server_config(), multiline=True),
        CopyField(label="Strapi's .env", multiline=True),
        CopyField(label="The front end's .env", multiline=True),
    ]

    def fill() -> None:
        fields[1].value, fields[2].value = backend_env(kit.urls), frontend_env(kit.urls)

    fill()
    kit.on_change(fill)
    return Block([w.Accordion([w.VBox(fields)], titles=["By hand instead"])])


def provider_file(kit: Kit) -> Block:
    """The file that gives Strapi today's Instagram login, to read and to copy."""
    field = CopyField(label=PROVIDER_FILE, value=provider_source(), multiline=True)
    lines = len(field.value.splitlines())
    return Block([w.Accordion([field], titles=[f"Read {PROVIDER_FILE} ({lines} lines)"])])


def failure_pages() -> Block:
    """Every known failure by what the reader sees, as a page; first those that only a person can see."""
    known = sorted(failures.all_failures().values(), key=lambda each: (not each.see, each.id))
    chosen = w.Dropdown(
        options=[("Choose what you see", "")] + [(f"{each.title} ({each.id})", each.id) for each in known],
        description="I see", style=LABEL, layout=WIDE,
    )  # fmt: skip
    page = w.HTML()

    def show(change: dict[str, Any]) -> None:
        page.value = card(failures.get(change["new"]), opened=True) if change["new"] else ""

    chosen.add_class("kit-field").observe(show, "value")
    return Block([chosen, page])
