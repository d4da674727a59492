"""The login itself."""

from __future__ import annotations

import asyncio
import html
import time
from typing import TYPE_CHECKING

import ipywidgets as w

from helpers.core.errors import Stopped
from helpers.doctor.check_files import elsewhere
from helpers.gateway.attempt import Attempt
from helpers.kit import Kit
from helpers.login.verdict import failed
from helpers.notebook.form import Form, note

if TYPE_CHECKING:
    from helpers.login.robot_browser import Consent

_PATIENCE = 600.0  # seconds a person may take in the browser
_ROBOTS_PATIENCE = 10.0
_WHY_ROBOT = (
    "A robot walks the login for you, because a tab of your browser cannot reach this kernel on {where}."
)


class LoginForm(Form):
    """Start a login and wait until it is witnessed.

    A real tab comes first where the reader's browser can reach this kernel's computer. In a rehearsal a robot
    can walk it, too, and asks the reader for the consent here; elsewhere it is the only one who can.
    """

    checks = ("login",)

    def __init__(self, kit: Kit) -> None:
        self.question = w.HTML()
        self.allow = w.Button(description="Allow", button_style="primary")
        self.deny = w.Button(description="Deny")
        self.consent = w.VBox([self.question, w.HBox([self.allow, self.deny])])
        self.link = w.HTML()
        self.why_robot = note("")
        self.robot_button = w.Button(description="Let a robot log in instead", layout=w.Layout(width="auto"))
        self.robot_button.on_click(lambda _: self.let_robot())
        self._answer: asyncio.Future[bool] | None = None
        self.allow.on_click(lambda _: self._decide(True))
        self.deny.on_click(lambda _: self._decide(False))
        self._show_consent(None)
        super().__init__(kit, [self.link], "Log in with Instagram")
        self.children = [self.why_robot, self.buttons, self.link, self.status, self.consent]
        self.buttons.children = [self.submit_button, self.robot_button, self.cancel_button]

    def fill(self) -> None:
        where, rehearsal = elsewhere(), self.kit.world is not None
        self.robot_button.layout.display = "" if rehearsal and not where else "none"
        self.why_robot.layout.display = "" if rehearsal and where else "none"
        self.why_robot.value = note(_WHY_ROBOT.format(where=where)).value

    def begin_anew(self) -> None:
        self.link.value = ""
        super().begin_anew()

    def submit(self) -> None:
        if self.kit.world and elsewhere():
            self.let_robot()
        else:
            self.open_tab()

    def autopilot(self) -> None:
        if self.kit.world:
            self.let_robot()
        else:
            self.open_tab()

    def let_robot(self) -> None:
        self.link.value = ""
        self.work(self._walk, "Opening the login", cancellable=True, also_busy=[self.robot_button])

    def open_tab(self) -> None:
        """Show the address to open, and wait for the login that comes through the gateway."""
        kit, self.link.value = self.kit, ""
        # On autopilot the person may be faster than this form.
        began = 0.0 if self.unattended else time.monotonic()

        def job() -> str:
            kit.open_address(self._cancelled)  # before it, nobody knows the address
            self.link.value = _link(kit.login_address)
            attempt = kit.logins.wait(timeout=_PATIENCE, since=began, cancelled=self._cancelled)
            return self._conclude(attempt)

        self.work(
            job, "Waiting for the login in your browser", cancellable=True, also_busy=[self.robot_button]
        )

    async def _walk(self) -> str:
        kit, began = self.kit, time.monotonic()
        await asyncio.to_thread(kit.open_address, self._cancelled)
        robot = kit.browser()
        consent = await asyncio.to_thread(robot.press_login)
        allow = self.unattended or await self._ask(consent)
        await asyncio.to_thread(robot.finish, consent, allow=allow)
        attempt = await asyncio.to_thread(kit.logins.wait, timeout=_ROBOTS_PATIENCE, since=began)
        return self._conclude(attempt)

    async def _ask(self, consent: Consent) -> bool:
        """Instagram's question in the notebook; the answer is a press on Allow, Deny or Cancel."""
        self._answer = asyncio.get_running_loop().create_future()
        self._show_consent(consent)
        self.status.say("waiting", "Instagram asks for your consent: press Allow or Deny below")
        self.allow.focus()
        try:
            while not self._cancelled.is_set():
                done, _ = await asyncio.wait([self._answer], timeout=0.3)
                if done:
                    return self._answer.result()
            raise Stopped("The login was cancelled before the consent was answered")
        finally:
            self._show_consent(None)

    def _decide(self, allow: bool) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(allow)

    def _show_consent(self, consent: Consent | None) -> None:
        self.consent.layout.display = "" if consent else "none"
        if consent:
            app, account, scope = (html.escape(x) for x in (consent.app, consent.account, consent.scope))
            self.question.value = (
                f"<b>Instagram (rehearsal)</b><br>Allow <b>{app}</b> to read the profile of "
                f"<b>{account}</b>?<br>It asks for <code>{scope}</code>."
            )

    def _conclude(self, attempt: Attempt) -> str:
        verdict = self.kit.logins.verdict(attempt)
        if not verdict.ok:
            raise failed(verdict)
        return f"{verdict.reason}: {len(attempt)} hops witnessed"


def _link(address: str) -> str:
    shown = html.escape(address, quote=True)
    return f'Open this address: <a class="kit-link" href="{shown}" target="_blank" rel="noopener">{shown}</a>'
