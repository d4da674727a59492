"""What is set up, and where it runs."""

from __future__ import annotations

import asyncio
from functools import partial

import ipywidgets as w

from helpers.core import inputs
from helpers.core.errors import InputError, KitError
from helpers.core.flows import TODAY
from helpers.core.settings import NAMES
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.form import LABEL, Form, read_all, text_field, wide

_RETIRED = "Documented: Basic Display. Retired by Meta on 2024-12-04, works in rehearsal only"


class StartForm(Form):
    """Rehearsal or live, today's login or the documented one; another choice begins another setup."""

    def __init__(self, kit: Kit) -> None:
        self.mode = w.RadioButtons(
            options=[
                ("Rehearsal: everything is played on this machine, no accounts needed", "rehearsal"),
                ("Live: your own ngrok, Strapi and Meta app", "live"),
            ],
            description="Mode", style=LABEL, layout=wide(),
        )  # fmt: skip
        self.flow = w.RadioButtons(
            options=[
                (f"Today: {TODAY.title}", "today"),
                (_RETIRED, "documented"),
            ],
            description="Login", style=LABEL, layout=wide(),
        )  # fmt: skip
        self.strapi = text_field("Strapi's address", "", "http://localhost:1337")
        self.front_end = text_field("Your front end's address (optional)", "", "http://localhost:3000")
        self.mode.observe(lambda _: self._show_addresses(), "value")
        super().__init__(kit, [self.mode, self.flow, self.strapi, self.front_end], "Use these")

    def fill(self) -> None:
        given = self.kit.settings
        self.offer(self.mode, given.mode)
        self.offer(self.flow, given.flow)
        # A rehearsal's servers are the stand-ins.
        self.offer(self.strapi, given.strapi_url if given.live else "")
        self.offer(self.front_end, given.frontend_url if given.live else "")
        self._show_addresses()

    def _show_addresses(self) -> None:
        for field in (self.strapi, self.front_end):
            field.layout.display = "" if self.mode.value == "live" else "none"

    def submit(self) -> None:
        kit, wanted = self.kit, {"mode": self.mode.value, "flow": self.flow.value}
        mode, flow = wanted["mode"], wanted["flow"]
        try:
            wanted |= self._addresses() if mode == "live" else {}
        except KitError as error:
            self.refuse(error)
            return

        def differing() -> list[str]:
            return [name for name, value in wanted.items() if getattr(kit.settings, name) != value]

        async def job() -> str:
            if differing():
                await tasks.end_others()
                await asyncio.to_thread(partial(kit.switch, **wanted))
            if others := differing():
                says = " and ".join(f"{NAMES[name]}={getattr(kit.settings, name)}" for name in others)
                raise InputError(
                    f"The environment says {says}, and it goes first. "
                    "Unset that where JupyterLab was started, then start it again."
                )
            if mode == "live" and flow == "documented":
                return tasks.Note(
                    "Meta closed this login on 2024-12-04: it cannot succeed live. Choose Today to log in."
                )
            login = "today's" if flow == "today" else "the documented"
            return f"{mode.capitalize()} with {login} login. Go on with 1.1 below."

        self.work(job, "Getting ready")

    def _addresses(self) -> dict[str, str]:
        """What was typed; from a rehearsal on, an empty field leaves what is remembered."""
        strapi, front_end = read_all(
            lambda: _read(self.strapi, "Strapi's address", self.strapi.placeholder),
            lambda: _read(self.front_end, "The front end's address"),
        )
        inputs.two_servers(front_end, strapi)
        read = ((self.strapi, "strapi_url", strapi), (self.front_end, "frontend_url", front_end))
        return {name: value for field, name, value in read if field.value.strip() or self.kit.settings.live}


def _read(field: w.Text, what: str, usual: str = "") -> str:
    text = field.value.strip() or usual
    return inputs.web_address(text, what) if text else ""
