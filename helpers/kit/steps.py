"""What a person does with a setup, step by step, and the addresses that it has by then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from helpers.core.errors import InputError, KitError
from helpers.core.urls import DOCUMENTED_FRONTEND, Urls, parsed
from helpers.gateway.exposure import becomes_public
from helpers.gateway.public_address import Seen
from helpers.kit.running import Running
from helpers.project.change import Plan
from helpers.project.front_end_project import FrontEnd
from helpers.project.strapi_project import Project
from helpers.strapi.client import Admin
from helpers.strapi.put_back import PutBack
from helpers.strapi.restart import Restart
from helpers.tunnel.ngrok_lease import leased

if TYPE_CHECKING:
    from helpers.login.robot_browser import Browser


class Kit(Running):
    """Notebooks, terminal and tests all work through this.

    Rehearsal and live differ only in the addresses and in who plays the other parts.
    """

    @property
    def public_url(self) -> str:
        """The public origin: measured while it is open, else the fixed one that will be used."""
        domain = self.settings.ngrok_domain
        return self.gateway.public or self.settings.public_url or (f"https://{domain}" if domain else "")

    @property
    def urls(self) -> Urls:
        return Urls(self.public_url, self.flow.provider, self._frontend())

    @property
    def login_address(self) -> str:
        """Where the person begins a login: it carries the mark by which their browser is known from then on.

        Opened once, every login counts that this browser begins, also by a button of the person's own page.
        """
        return self.marked(self.urls.connect)

    def marked(self, address: str) -> str:
        """An address of ours as the person is to open it: marked, and in a rehearsal dialled here."""
        marked = self.gateway.own_browser.marked(address)
        return self.world.internet.tab_url(marked) if self.world else marked

    @property
    def addresses_for_meta(self) -> tuple[str, str, str]:
        """Redirect URI, deauthorization and data deletion, each empty while nothing is public."""
        urls = self.urls
        if not urls.public:
            return "", "", ""
        # The built-in provider answers neither callback, so the page's own advice is kept for it.
        answers = (urls.site_root,) * 2 if self.flow.retired else (urls.deauthorize, urls.data_deletion)
        return (urls.callback, *answers)

    def _frontend(self) -> str:
        """The documented page on localhost:3000 can finish only where the token is in the URL."""
        documented = self.flow.name == "documented" and self.engine == "token"
        return DOCUMENTED_FRONTEND if documented else ""

    @property
    def engine(self) -> str | None:
        """``session`` (Strapi 5.53 and later) or ``token``; None until it can be told."""
        if self.world:
            return self.world.engine
        try:
            return self.strapi.engine(self.flow.provider)
        except KitError:
            return None

    # Steps

    def open_address(self, cancelled: threading.Event | None = None) -> str:
        """Start gateway and tunnel; a second call returns the public origin that is open.

        Where Strapi lets anybody make an account, that is closed here; :meth:`let_passwords` opens it.
        """
        if not self.public_address.is_open:
            self.gateway.passwords_closed = self._sign_up_open() is not False
        public = self.public_address.open(cancelled)
        if self.settings.live and not self.settings.public_url:
            # The account's one domain: the next kernel knows it from the start.
            self.learn(ngrok_domain=public.removeprefix("https://"))
        return public

    def let_passwords(self) -> None:
        """Let people sign up and log in with a password at the public address, until it is closed."""
        self.gateway.passwords_closed = False

    def becomes_public(self, *, ask: bool = True) -> list[str]:
        """What the tunnel shows to anybody, in sentences; Strapi is asked whether sign-up is open."""
        given = self.settings
        return becomes_public(given.frontend_url, given.strapi_url, self._sign_up_open() if ask else None)

    def _sign_up_open(self) -> bool | None:
        try:
            return self.strapi.sign_up_open()
        except KitError:
            return None

    def seen(self) -> Seen | None:
        """The open public address, be it ours or that of another process, such as a notebook of this user."""
        return self.public_address.seen(self.http, self._elsewhere())

    def _elsewhere(self) -> tuple[str, str] | None:
        port, lease = self.settings.gateway_port, leased(self.folder)
        if self.settings.public_url and port:
            return self.settings.public_url, f"http://127.0.0.1:{port}"
        if lease and lease.upstream and self.public_url:
            return self.public_url, lease.upstream
        return None

    def admin(self) -> Admin:
        """Strapi's administrator, signed in with the pair that was typed."""
        email, password = self.settings.strapi_admin_email, self.settings.strapi_admin_password
        if not email or not password:
            raise InputError("Type the e-mail address and password of your Strapi administrator.")
        return self.strapi.sign_in(email, password)

    def save_provider(self, *, callback: str = "", enabled: bool = True) -> list[str]:
        """Write the provider's entry through Strapi's admin API; returns the names of changed fields."""
        self.strapi.try_again()
        return self.undo.save(
            self.admin(),
            self.flow,
            key=self.settings.client_id,
            secret=self.settings.client_secret,
            callback=callback or self.urls.frontend_redirect,
            enabled=enabled,
        )

    def restart(self, say: Callable[[str], object], cancelled: threading.Event) -> Restart:
        """The way of a changed file into the running Strapi."""
        return Restart(self.strapi, self._known_admin, self.settings.strapi_project, say, cancelled)

    def put_back(self, say: Callable[[str], object], cancelled: threading.Event) -> PutBack:
        """The way back; what it needs of the open address is kept, so that this may be closed first."""
        return PutBack(self.undo, self._known_admin, self.restart(say, cancelled), self.public_url)

    @property
    def _known_admin(self) -> Callable[[], Admin] | None:
        given = self.settings
        return self.admin if given.strapi_admin_email and given.strapi_admin_password else None

    def address_plan(self, project: Project) -> Plan:
        """The overlay for the ``NODE_ENV`` that the running Strapi has, as far as that can be asked."""
        environment = ""
        with suppress(KitError):
            environment = self._known_admin().environment() if self._known_admin else ""
        return project.address(self.public_url, environment)

    def take_out_overlays(self) -> list[str]:
        """Remove the public address from the Strapi project; returns the names of what went."""
        return Project(self.settings.strapi_project).take_out_overlays(self.undo.files)

    def browser(self, twice: frozenset[str] = frozenset()) -> Browser:
        """A robot browser with a cookie jar of its own, for rehearsals."""
        if not self.world:
            raise KitError("In live mode the browser is the person's own")
        from helpers.login.robot_browser import Browser

        client = self._client()
        # It has opened the address that we gave once before, as the person's browser has.
        name, _, value = self.gateway.own_browser.cookie(secure=True).partition(";")[0].partition("=")
        client.cookies.set(name, value, domain=parsed(self.public_url).hostname or "")
        return Browser(client, self.urls, twice)

    def rehearse_up_to(self, step: int) -> None:
        """In a rehearsal, do the work of the chapters before ``step`` without any form."""
        if self.world is None:
            return
        from helpers.rehearsal.meta.walk import set_up

        if step > 1:
            self.open_address()
            self.address_plan(Project(self.settings.strapi_project)).apply(self.undo.files)
            FrontEnd(self.settings.frontend_project).address(self.public_url).apply(self.undo.files)
        if step > 2:
            set_up(self.world.meta, self.world.meta, self.addresses_for_meta)
            app = self.world.meta.app
            self.use(client_id=app.client_id, client_secret=app.client_secret)
        if step > 3:
            self.write_provider_file()
            self.save_provider()

    def write_provider_file(self) -> None:
        if not self.flow.retired:
            Project(self.settings.strapi_project).provider().apply(self.undo.files)
