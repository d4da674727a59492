"""Going live: the lines for two addresses, the checks of what is deployed, and a login there."""

from __future__ import annotations

import html

import httpx
import ipywidgets as w

from helpers.core import inputs
from helpers.core.errors import KitError
from helpers.core.flows import TODAY
from helpers.core.layout import Layout
from helpers.core.urls import Urls
from helpers.doctor import checks, diagnosis, golive
from helpers.doctor.deployment import Target
from helpers.doctor.production_login import ProductionLogin
from helpers.kit import Kit
from helpers.login.robot_browser import Browser
from helpers.notebook.form import LABEL, Form, note, text_field, wide
from helpers.notebook.this_setup import the
from helpers.notebook.widgets import CopyField, SecretField
from helpers.practice.deployment_faults import FAULTS
from helpers.project.go_live import snippets
from helpers.rehearsal.deployed import INSIDE, LAYOUT, DeployedWorld
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD
from helpers.strapi.client import Strapi

_PATIENCE = 600.0  # seconds a person may take in the browser
_ROBOTS_PATIENCE = 10.0
_FORM = "Type the two addresses above first (step 1)."


class Deployed:
    """What the three forms share: the two addresses, and in a rehearsal what is played behind them."""

    def __init__(self, kit: Kit) -> None:
        self.kit, self.target = kit, Target("", "", TODAY.provider)
        self.world = DeployedWorld().start() if kit.world else None
        if kit.world and self.world:
            kit.world.ending.callback(self.world.close)

    def break_(self, fault: int | None) -> None:
        """A fresh deployed setup, with one thing set up wrong or nothing."""
        if self.world is None or self.kit.world is None:
            return
        self.world.close()
        self.world = DeployedWorld().start()
        self.kit.world.ending.callback(self.world.close)
        if fault is not None:
            FAULTS[fault].plant(self.world)

    def known(self) -> Target:
        if not self.target.strapi:
            raise KitError(_FORM)
        return self.target

    def transport(self) -> httpx.BaseTransport | None:
        return self.world.internet.transport() if self.world else None


class LayoutForm(Form):
    """Two addresses in; the layout and exactly its lines out."""

    def __init__(self, kit: Kit) -> None:
        self.strapi = text_field("Strapi's public address", "", "https://api.example.com")
        self.page = text_field("Your page's address", "", "https://www.example.com")
        self.why, self.lines = note(""), w.VBox()
        super().__init__(kit, [self.strapi, self.page, self.why, self.lines], "Show me the lines")

    def fill(self) -> None:
        if self.kit.world:
            self.offer(self.strapi, LAYOUT.strapi)
            self.offer(self.page, LAYOUT.page)

    def submit(self) -> None:
        try:
            strapi = inputs.deployed_address(self.strapi.value, "Strapi's address")
            page = inputs.deployed_address(self.page.value, "The page's address", with_path=True)
        except KitError as error:
            self.refuse(error)
            return
        target = the(Deployed).target = Target(strapi, page, TODAY.provider)

        def job() -> str:
            layout = target.layout
            self.why.value = f'<div class="kit-prose">{html.escape(layout.why)}</div>'
            self.lines.children = [*_lines(layout), *_addresses(target.urls)]
            return f"{layout.title.capitalize()}: {layout.kind.replace('-', ' ')}. The lines stand below."

        self.work(job, "Looking at the two addresses")


def _lines(layout: Layout) -> list[w.Widget]:
    return [
        part
        for each in snippets(layout, TODAY.provider)
        for part in (note(each.why), CopyField(label=each.title, value=each.text, multiline=True))
    ]


def _addresses(urls: Urls) -> list[w.Widget]:
    given = dict(
        zip(TODAY.address_labels, (urls.callback, urls.deauthorize, urls.data_deletion), strict=True)
    )
    given["The redirect URL to your front-end app"] = urls.frontend_redirect
    return [note("For Meta, and for the provider in Strapi's production database:")] + [
        CopyField(label=label, value=value) for label, value in given.items()
    ]


class GoLiveForm(Form):
    """The checks of what is deployed; in a rehearsal something may be set up wrong there first."""

    def __init__(self, kit: Kit) -> None:
        wrong = [("Nothing", None), *((f"Number {n}", n - 1) for n in range(1, len(FAULTS) + 1))]
        self.wrong = w.Dropdown(options=wrong, description="Set up wrong there", style=LABEL, layout=wide())
        self.wrong.add_class("kit-field")
        self.found = w.HTML()
        super().__init__(kit, [self.wrong, self.found], "Check what is deployed")
        self.wrong.layout.display = "" if kit.world else "none"

    def submit(self) -> None:
        shared, wrong = the(Deployed), self.wrong.value

        def job() -> str:
            target = shared.known()
            shared.break_(wrong)
            results = golive.run(target, transport=shared.transport())
            self.found.value = diagnosis.as_html(results)
            if not checks.in_order(results):
                first = next((each for each in results if each.status == checks.FAILED), None)
                raise KitError(diagnosis.headline(results), failure=first.failure if first else None)
            return diagnosis.headline(results)

        self.work(job, "Looking at both addresses from outside")


class ProductionLoginForm(Form):
    """Wait for a login at the real address, and prove it by the user it leaves."""

    def __init__(self, kit: Kit) -> None:
        self.account = text_field("Instagram name you log in with", "", "your_name")
        self.strapi = text_field("Strapi's address for its administrator", "", "the public one, if empty")
        self.email = text_field("Administrator's e-mail")
        self.password = SecretField("Administrator's password")
        self.link = w.HTML()
        fields = [self.account, self.strapi, self.email, self.password, self.link]
        super().__init__(kit, fields, "Wait for my login")

    def fill(self) -> None:
        if self.kit.world:
            self.offer(self.account, self.kit.world.instagram.state.account.username)
            self.offer(self.strapi, INSIDE)
            self.offer(self.email, ADMIN_EMAIL)
            self.offer(self.password, ADMIN_PASSWORD)

    def submit(self) -> None:
        shared, account, password = (
            the(Deployed),
            self.account.value.strip().lstrip("@"),
            self.password.secret,
        )

        def job() -> str:
            target = shared.known()
            if not account:
                raise KitError("Type the Instagram name that you will log in with.")
            patience = _ROBOTS_PATIENCE if shared.world else _PATIENCE
            inside = self.strapi.value.strip()
            strapi = inputs.web_address(inside, "Strapi's address") if inside else target.strapi
            email = inputs.email(self.email.value)
            with httpx.Client(transport=shared.transport(), timeout=10) as http:
                login = ProductionLogin(Strapi(http, strapi).sign_in(email, password), target.provider)
                self.link.value = _link(target.page)
                if shared.world:
                    _walk(shared.world, target)
                return login.wait(account, timeout=patience, cancelled=self._cancelled)

        self.work(job, "Waiting for your login", cancellable=True)


def _walk(world: DeployedWorld, target: Target) -> None:
    """The person's part, in a rehearsal."""
    with httpx.Client(transport=world.internet.transport(), timeout=10) as http:
        robot = Browser(http, target.urls)
        robot.credentials = "credentials: 'include'" in world.page.request
        robot.finish(robot.start(), allow=True)


def _link(page: str) -> str:
    shown = html.escape(page, quote=True)
    return f'Log in there: <a class="kit-link" href="{shown}" target="_blank" rel="noopener">{shown}</a>'
