"""The switch in notebook 00 by which an attendee of a workshop shares their progress."""

from __future__ import annotations

import asyncio
from typing import Any

from helpers import tasks
from helpers.form import checkbox, note
from helpers.kit import Kit
from helpers.widgets import Block, StatusLine
from helpers.workshop import Sharing


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


def share(kit: Kit) -> ShareForm | None:
    """The switch where a workshop's hub has a board; anywhere else nothing."""
    return ShareForm(kit) if Sharing(kit.settings).offered else None
