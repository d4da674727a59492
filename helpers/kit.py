"""The running whole: the facts, and either the rehearsal world or the user's own servers.

Notebooks, terminal and tests all work through :class:`Kit`; rehearsal and live differ only in the
addresses and in who plays the other parts.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from helpers.core import settings as files
from helpers.core.errors import InputError, KitError
from helpers.core.facts import Facts
from helpers.core.flows import FLOWS, Flow
from helpers.core.leftovers import sweep
from helpers.core.settings import Settings
from helpers.core.urls import DOCUMENTED_FRONTEND, Urls, parsed
from helpers.gateway.app import Gateway
from helpers.gateway.exposure import becomes_public
from helpers.gateway.public_address import PublicAddress, Seen, Tunnel
from helpers.gateway.witness import Witness
from helpers.login.logins import Logins
from helpers.project.change import Plan
from helpers.project.front_end_project import FrontEnd
from helpers.project.strapi_project import Project
from helpers.strapi.client import Admin
from helpers.strapi.provider_undo import Undo
from helpers.strapi.put_back import PutBack
from helpers.strapi.rate_limits import PoliteStrapi
from helpers.strapi.restart import Restart
from helpers.tunnel.ngrok_lease import leased
from helpers.tunnel.own import BroughtTunnel
from helpers.web import way_out

if TYPE_CHECKING:
    from helpers.login.robot_browser import Browser
    from helpers.rehearsal.world import World

# At their lower levels these log whole addresses and headers, codes and tokens included.
for _library in ("httpx", "httpcore", "pyngrok"):
    logging.getLogger(_library).setLevel(logging.WARNING)

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)


class Kit(Facts):
    """One setup in progress. ``close`` ends everything it started; so does the end of the process.

    Another setup may take its place (:meth:`renew`): then all parts are new but the witness, so that whoever
    listens to it goes on listening.
    """

    def __init__(self, settings: Settings, *, engine: str | None = None) -> None:
        super().__init__(settings)
        self.witness = Witness()
        self._only_here: dict[str, str] = {}  # what this kernel was told to be, whatever is remembered
        self._begin(settings, engine)
        atexit.register(self.close)

    def _begin(self, settings: Settings, engine: str | None = None) -> None:
        self.flow: Flow = FLOWS[settings.flow]
        self.tried: set[str] = set()  # checks whose step was done here: only these can have failed
        self.world: World | None = None
        self.settings = settings
        if not settings.live:
            from helpers.rehearsal.world import World  # a live setup never needs the stand-ins

            self.world = World(self.flow, engine).start()
            self.world.watch(self.witness)
        self._take(settings)
        self.http = self._client()
        self.strapi = PoliteStrapi(self.http, self.settings.strapi_url)
        self.gateway = Gateway(
            self.flow.provider,
            self.settings.strapi_url,
            self.settings.frontend_url,
            port=settings.gateway_port,
            open_to_all=bool(settings.public_url),  # a tunnel of the user's own may be a system service
            witness=self.witness,
        )
        self.logins = Logins(self.witness, self.flow.provider)
        self.public_address = PublicAddress(self.gateway, self._new_tunnel)
        self.undo = Undo(self.folder, self.settings.strapi_url)
        with suppress(KitError):  # a journal that cannot be read is told where it is needed
            sweep(settings.home, self.folder, [entry.change.path for entry in self.undo.files.entries()])

    def _take(self, given: Settings) -> None:
        """What is known at the beginning: in a rehearsal the stand-ins' addresses, but no app at Meta yet."""
        self.settings = self.world.begin(given) if self.world else given

    def _client(self) -> httpx.Client:
        if self.world:
            return httpx.Client(transport=self.world.internet.transport(), timeout=_TIMEOUT)
        return way_out.client(_TIMEOUT)

    @property
    def folder(self) -> Path:
        """Where this setup keeps what it must find again; a rehearsal's is gone with it."""
        return self.world.folder if self.world else self.settings.state_dir

    @property
    def offered(self) -> Settings:
        """What fields are filled in with: what is known, and in a rehearsal the documented samples."""
        return self.world.prefill(self.settings) if self.world else self.settings

    def close(self) -> None:
        self._shut()
        atexit.unregister(self.close)

    def _shut(self) -> None:
        self.public_address.close()
        self.http.close()
        if self.world:
            self.world.close()

    def switch(self, mode: str, flow: str, **addresses: str) -> None:
        """Begin anew in another mode or flow, or with other servers; what was typed is kept.

        Raises:
            InputError: the facts of that mode cannot be used; then nothing is ended and nothing written.
        """
        typed = {files.NAMES[name]: address for name, address in addresses.items()}
        files.load({**typed, **os.environ, "KIT_MODE": mode, "KIT_FLOW": flow}, self.settings.home)
        files.remember(self.settings, mode=mode, flow=flow)
        files.remember(replace(self.settings, mode=mode), **addresses)
        self._only_here.clear()
        self.renew()

    def renew(self, **environment: str) -> None:
        """Begin anew with what is remembered; a rehearsal's world is then whole again.

        ``environment`` overrides what is remembered, for this kernel only and until a :meth:`switch`.
        """
        self._only_here |= environment
        given = self._given()
        self._shut()
        self.witness.forget()
        self._begin(given)
        self.renewed()
        self.changed()

    def _given(self) -> Settings:
        return files.load({**os.environ, **self._only_here}, self.settings.home)

    def put_away(self) -> None:
        """When all was put back: what this kernel still knows of the setup is over, too."""
        self.witness.forget()
        self.tried.clear()
        self._take(self._given())
        if self.world:
            self.world.meta.delete_app()
            self.world.restart_strapi()
        self.strapi.changed()
        self.renewed()

    def changed(self) -> None:
        self.strapi.forget()
        super().changed()

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

    def bring_tunnel(self, public: str, port: int) -> None:
        """Use a tunnel of the user's own from now on, and the port that it leads to; without one ngrok."""
        if (public, port) != (self.settings.public_url, self.settings.gateway_port):
            self.public_address.close()
            self.learn(public_url=public, gateway_port=port)
            self.gateway.use_port(port, open_to_all=bool(public))

    def _new_tunnel(self) -> Tunnel:
        if self.settings.public_url:
            return BroughtTunnel(self.settings.public_url)
        if not self.settings.ngrok_authtoken:
            raise InputError(
                "Paste your ngrok authtoken first, or tick in 1.1 that you have your own tunnel."
            )
        from helpers.tunnel.ngrok import NgrokTunnel

        return NgrokTunnel(
            authtoken=self.settings.ngrok_authtoken,
            domain=self.settings.ngrok_domain,
            state_dir=self.folder,
            ngrok_path=self.world.ngrok_path if self.world else None,
        )

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

        client = httpx.Client(transport=self.world.internet.transport(), timeout=_TIMEOUT)
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
