"""Going live with an administrator's sign-in: the settings that no deployment brings, and a login's proof."""

from __future__ import annotations

import html

import httpx
import ipywidgets as w

from helpers.core import inputs
from helpers.core.errors import InputError
from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.doctor.deployment import Target
from helpers.doctor.production_login import ProductionLogin
from helpers.kit import Kit
from helpers.login.robot_browser import Browser
from helpers.notebook.form import Form, read_all, text_field
from helpers.notebook.go_live_layout import Deployed
from helpers.notebook.this_setup import the
from helpers.notebook.widgets import SecretField
from helpers.rehearsal.deployed import DeployedWorld
from helpers.strapi.client import Admin, Strapi
from helpers.strapi.provider_undo import Undo

_PATIENCE = 600.0  # seconds a person may take in the browser
_ROBOTS_PATIENCE = 10.0


class _SignedIn(Form):
    """A form that signs in to production's Strapi; what one of them was told, the others offer."""

    def __init__(self, kit: Kit, fields: list[w.Widget], submit: str) -> None:
        self.inside = text_field("Strapi's address for its administrator", "", "empty: the public address")
        self.email = text_field("Administrator's e-mail")
        self.password = SecretField("Administrator's password")
        super().__init__(kit, [*fields, self.inside, self.email, self.password], submit)

    def fill(self) -> None:
        shared = the(Deployed)
        self.offer(self.inside, shared.inside)
        self.offer(self.email, shared.email)
        self.offer(self.password, shared.password)

    def sign_in(self, http: httpx.Client) -> Admin:
        shared, inside = the(Deployed), self.inside.value.strip()
        url, shared.email, shared.password = read_all(
            lambda: inputs.web_address(inside, "Strapi's address") if inside else shared.known().strapi,
            lambda: inputs.email(self.email.value),
            lambda: inputs.password(self.password.secret.reveal()),
        )
        shared.inside = url if inside else ""  # in its one spelling: the undo's record goes by it
        return Strapi(http, url).sign_in(shared.email, shared.password)


class ProductionProviderForm(_SignedIn):
    """The provider's settings in production's own database, with their own undo."""

    def __init__(self, kit: Kit) -> None:
        self.client_id = text_field("Client ID of the production app", "", SAMPLE_CLIENT_ID)
        self.secret = SecretField("Client Secret of the production app")
        self.callback = text_field("The redirect URL to your front-end app")
        self.back_button = w.Button(description="Put the former settings back", layout=w.Layout(width="auto"))
        super().__init__(kit, [self.client_id, self.secret, self.callback], "Save in production's Strapi")
        self.back_button.on_click(lambda _: self.put_back())
        self.buttons.children = [*self.buttons.children, self.back_button]

    def fill(self) -> None:
        super().fill()
        if self.kit.world:
            self.offer(self.client_id, SAMPLE_CLIENT_ID)
            self.offer(self.secret, Secret(SAMPLE_CLIENT_SECRET))
        target = the(Deployed).target
        self.offer(self.callback, target.urls.frontend_redirect if target.page else "")

    def submit(self) -> None:
        self.work(self._save, "Saving in production's Strapi", also_busy=[self.back_button])

    def put_back(self) -> None:
        self.work(self._put_back, "Putting the former settings back", also_busy=[self.back_button])

    def _save(self) -> str:
        key, secret, callback = read_all(
            lambda: inputs.client_id(self.client_id.value),
            lambda: inputs.client_secret(self.secret.secret.reveal()),
            lambda: inputs.frontend_redirect(self.callback.value),
        )
        with the(Deployed).http() as http:
            admin = self.sign_in(http)
            changed = self._undo().save(admin, TODAY, key=key, secret=secret, callback=callback)
        if not changed:
            return "Production's Strapi already had exactly these settings; nothing was written"
        return f"Saved in production's Strapi ({', '.join(changed)}); all other providers untouched"

    def _put_back(self) -> str:
        with the(Deployed).http() as http:
            admin, undo = self.sign_in(http), self._undo()
            if TODAY.provider not in undo.recorded:
                raise InputError(
                    "Nothing was changed in this Strapi from here, so there is nothing to put back."
                )
            there = undo.restore_provider(admin, TODAY.provider)
        return "The former settings are back" if there else "Strapi has dropped the provider with its file"

    def _undo(self) -> Undo:
        shared = the(Deployed)
        return Undo(self.kit.folder, shared.inside or shared.target.strapi)


class ProductionLoginForm(_SignedIn):
    """Wait for a login at the real address, and prove it by the user it leaves."""

    def __init__(self, kit: Kit) -> None:
        self.account = text_field("Instagram name you log in with", "", "your_name")
        self.link = w.HTML()
        super().__init__(kit, [self.account], "Wait for my login")
        self.children = (*self.fields, self.buttons, self.status, self.link)

    def fill(self) -> None:
        super().fill()
        if world := the(Deployed).world:
            self.offer(self.account, world.instagram.state.account.username)

    def submit(self) -> None:
        self.work(self._wait, "Waiting for your login", cancellable=True)

    def _wait(self) -> str:
        shared, account = the(Deployed), self.account.value.strip().lstrip("@")
        target = shared.known()
        if not account:
            raise InputError("Type the Instagram name that you will log in with.")
        patience = _ROBOTS_PATIENCE if shared.world else _PATIENCE
        with shared.http() as http:
            login = ProductionLogin(self.sign_in(http), target.provider)
            if shared.world:
                _walk(shared.world, target)
            else:
                self.link.value = _link(target.page)
            return login.wait(account, timeout=patience, cancelled=self._cancelled)


def _walk(world: DeployedWorld, target: Target) -> None:
    """The person's part, in a rehearsal."""
    with httpx.Client(transport=world.internet.transport(), timeout=10) as http:
        robot = Browser(http, target.urls)
        robot.credentials = "credentials: 'include'" in world.page.request
        robot.finish(robot.start(), allow=True)


def _link(page: str) -> str:
    shown = html.escape(page, quote=True)
    return f'Log in there: <a class="kit-link" href="{shown}" target="_blank" rel="noopener">{shown}</a>'
