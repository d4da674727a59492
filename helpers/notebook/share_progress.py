"""In a workshop: who chose to, lets the facilitator's board know how far they are.

Names of steps and their states are sent, and nothing else. The hub announces its board in
``KIT_WORKSHOP_BOARD``; it knows the sender by the token that it has given to this very server.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import httpx

from helpers.core.errors import KitError, Unreachable
from helpers.core.masking import Secret
from helpers.core.settings import Settings
from helpers.doctor.checks import NOT_YET, SKIPPED, Result
from helpers.kit import Kit
from helpers.notebook import steps, tasks
from helpers.notebook.form import checkbox, note
from helpers.notebook.widgets import Block, StatusLine

# What the facilitator's board takes: the steps of the reader's own.
STEPS = tuple(step.check for step in steps.STEPS)
_PATIENCE = 3.0  # seconds


class Sharing:
    """Off until switched on. The choice is a file in the kit's own folder: all of one's notebooks know it."""

    def __init__(self, settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
        self._settings = settings
        self._board = environ.get("KIT_WORKSHOP_BOARD", "")
        self._token = Secret(environ.get("JUPYTERHUB_API_TOKEN", ""))

    @property
    def offered(self) -> bool:
        return bool(self._board and self._token)

    @property
    def on(self) -> bool:
        return self.offered and (self._settings.state_dir / "shares-progress").exists()

    def switch(self, on: bool) -> None:
        """On, one's name appears on the board; off, the board forgets all it was told.

        Raises:
            Unreachable: the board does not answer; nothing more will be sent if it was switched off.
        """
        mark = self._settings.state_dir / "shares-progress"
        if on:
            self._send("PUT", {})
            mark.touch(mode=0o600)
        else:
            mark.unlink(missing_ok=True)
            self._send("DELETE")

    def report(self, results: Iterable[Result]) -> None:
        """A step that waits for another one was not measured, and is not sent.

        Raises:
            Unreachable: the board does not answer.
        """
        measured = [each for each in results if each.id in STEPS and each.status not in (NOT_YET, SKIPPED)]
        states = {each.id: each.status for each in measured}
        if states:
            self._send("PUT", states)

    def _send(self, method: str, states: dict[str, str] | None = None) -> None:
        headers = {"authorization": f"token {self._token.reveal()}"}
        more: dict[str, Any] = {} if states is None else {"json": states}
        try:
            # A proxy of the environment leads out; the board is the hub's, which is near.
            with httpx.Client(
                timeout=_PATIENCE, trust_env=False, verify=self._board.startswith("https")
            ) as http:
                http.request(method, self._board, headers=headers, **more).raise_for_status()
        except httpx.HTTPError as error:
            status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else ""
            raise Unreachable(
                "The facilitator's board does not answer", evidence=f"{type(error).__name__} {status}".strip()
            ) from None  # the error holds the request, and that the token


async def tell_board(settings: Settings, results: Iterable[Result]) -> None:
    """Tell the board, if there is one and the person wants it; one that is away disturbs nobody."""
    sharing = Sharing(settings)
    if sharing.on:
        with suppress(KitError):
            await asyncio.to_thread(sharing.report, results)


class ShareForm(Block):
    def __init__(self, kit: Kit) -> None:
        self.kit, self.sharing = kit, Sharing(kit.settings)
        self.switch = checkbox("Show the facilitator how far I am", value=self.sharing.on)
        self.status = StatusLine()
        self.switch.observe(self._switched, "value")
        what = "Your name at the hub and the state of each step are shown (OK, Failed), no value of yours."
        super().__init__([note(f"This is a workshop. {what}"), self.switch, self.status])

    def _switched(self, change: dict[str, Any]) -> None:
        on = bool(change["new"])

        async def job() -> str:
            await asyncio.to_thread(self.sharing.switch, on)
            if on:
                self.kit.changed()  # whoever shows a step measures it again, and that is sent
            return "Shown on the board." if on else "Not shown; what the board knew is forgotten."

        tasks.run(job, self.status, [self.switch], "Telling the board")
