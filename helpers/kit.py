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
from typing import TYPE_CHECKING, Any

import httpx

from helpers.core import settings as facts
from helpers.core.errors import InputError, KitError
from helpers.core.flows import FLOWS, TOKEN_URL, Flow
from helpers.core.leftovers import sweep
from helpers.core.masking import Secret
from helpers.core.settings import Settings
from helpers.core.urls import DOCUMENTED_FRONTEND, Urls
from helpers.gateway.app import Gateway
from helpers.gateway.public_address import Door, Tunnel
from helpers.login.verdict import Logins
from helpers.project.change import Plan
from helpers.project.strapi_project import Project
from helpers.strapi.client import Admin
from helpers.strapi.provider_undo import Undo
from helpers.strapi.put_back import PutBack
from helpers.strapi.rate_limits import PoliteStrapi
from helpers.strapi.restart import Restart
from helpers.tunnel.own import BroughtTunnel

if TYPE_CHECKING:
    from helpers.login.robot_browser import Browser
    from helpers.rehearsal.world import World

# At their lower levels these log whole addresses and headers, codes and tokens included.
for _library in ("httpx", "httpcore", "pyngrok"):
    logging.getLogger(_library).setLevel(logging.WARNING)

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


class Kit:
    """One setup in progress. ``close`` ends everything it started; so does the end of the process."""

    def __init__(self, settings: Settings, *, engine: str | None = None) -> None:
        self._listeners: list[Callable[[], object]] = []
        self._open(settings, engine)
        atexit.register(self.close)

    def _open(self, settings: Settings, engine: str | None = None) -> None:
        self.flow: Flow = FLOWS[settings.flow]
        self.world: World | None = None
        self.settings = settings
        if not settings.live:
            from helpers.rehearsal.world import World  # a live setup never needs the stand-ins

            self.world = World(self.flow, engine).start()
            self.settings = self.world.prefill(settings)
        self.http = self._client()
        self.strapi = PoliteStrapi(self.http, self.settings.strapi_url)
        self.gateway = Gateway(
            self.flow.provider,
            self.settings.strapi_url,
            self.settings.frontend_url,
            port=settings.gateway_port,
            open_to_all=bool(settings.public_url),  # a tunnel of the user's own may be a system service
        )
        self.logins = Logins(self.gateway.witness, self.flow.provider)
        if self.world:
            self.world.watch(self.gateway.witness)
        folder = self.world.folder if self.world else self.settings.state_dir
        self.door = Door(self.gateway, self._new_tunnel, folder / "door.json", self.changed)
        self.undo = Undo(folder, self.settings.strapi_url)
        with suppress(KitError):  # a journal that cannot be read is told where it is needed
            sweep(settings.home, folder, [entry.change.path for entry in self.undo.files.entries()])

    def _client(self) -> httpx.Client:
        if self.world:
            return httpx.Client(transport=self.world.internet.transport(), timeout=_TIMEOUT)
        # A proxy of the environment leads out, never to this machine.
        return httpx.Client(timeout=_TIMEOUT, mounts=dict.fromkeys(_LOOPBACK))

    def close(self) -> None:
        self._shut()
        atexit.unregister(self.close)

    def _shut(self) -> None:
        self.door.close()
        self.http.close()
        if self.world:
            self.world.close()

    def switch(self, mode: str, flow: str) -> None:
        """Begin anew in another mode or flow; what runs is ended, what was typed is kept.

        Raises:
            InputError: the facts of that mode cannot be used; then nothing is ended and nothing written.
        """
        facts.load({**os.environ, "KIT_MODE": mode, "KIT_FLOW": flow}, self.settings.home)
        facts.remember(self.settings, mode=mode, flow=flow)
        self.renew()
        self.changed()

    def renew(self) -> None:
        """Begin anew with what is remembered; a rehearsal's world is then whole again."""
        given = facts.load(home=self.settings.home)
        self._shut()
        self._open(given)

    # Facts

    def use(self, **typed: Any) -> None:
        """Take over what was typed, in this kernel only."""
        self.settings = replace(self.settings, **typed)

    def learn(self, *, keep_secrets: bool = False, **typed: Any) -> None:
        """Take over what was typed and keep it for the next kernel; secrets only when asked to."""
        self.use(**typed)
        facts.remember(
            self.settings,
            **{name: value for name, value in typed.items() if keep_secrets or not isinstance(value, Secret)},
        )

    def forget(self) -> None:
        """Remove what was typed in this mode from its file, remembered secrets included."""
        facts.remember(self.settings, **dict.fromkeys(facts.TYPED, ""))

    def on_change(self, listener: Callable[[], object]) -> None:
        self._listeners.append(listener)

    def changed(self) -> None:
        """Tell everybody who shows a measured state to measure again."""
        self.strapi.forget()
        for listener in self._listeners:
            listener()

    @property
    def public_url(self) -> str:
        """The public origin: measured if the door is open, else the fixed one that will be used."""
        domain = self.settings.ngrok_domain
        return self.gateway.public or self.settings.public_url or (f"https://{domain}" if domain else "")

    @property
    def urls(self) -> Urls:
        return Urls(self.public_url, self.flow.provider, self._frontend())

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

    def open_door(self, cancelled: threading.Event | None = None) -> str:
        """Start gateway and tunnel; a second call returns the running door's public origin."""
        public = self.door.open(cancelled)
        if self.settings.live and not self.settings.public_url:
            # The account's one domain: the other notebooks' kernels know it from here on.
            self.learn(ngrok_domain=public.removeprefix("https://"))
        return public

    def lead_to(self, port: int) -> None:
        """The port that a tunnel of the user's own forwards to: the gateway listens there from now on."""
        if port != self.settings.gateway_port:
            self.door.close()
            self.learn(gateway_port=port)
            self.gateway.use_port(port)

    def _new_tunnel(self) -> Tunnel:
        if self.settings.public_url:
            return BroughtTunnel(self.settings.public_url)
        if not self.settings.ngrok_authtoken:
            raise InputError("Paste your ngrok authtoken first, or set PUBLIC_URL to your own tunnel.")
        from helpers.tunnel.ngrok import NgrokTunnel

        return NgrokTunnel(
            authtoken=self.settings.ngrok_authtoken,
            domain=self.settings.ngrok_domain,
            state_dir=self.world.folder if self.world else self.settings.state_dir,
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
        admin = self.admin()
        change = admin.plan(
            self.flow.provider,
            enabled=enabled,
            key=self.settings.client_id,
            secret=self.settings.client_secret,
            callback=callback or self.urls.frontend_redirect,
            scope=[self.flow.scope],
            endpoints={"authorize_url": self.flow.authorize_url, "access_url": TOKEN_URL},
        )
        self.undo.remember(change)
        admin.apply(change)
        return list(change.fields)

    def restart(self, say: Callable[[str], object], cancelled: threading.Event) -> Restart:
        """The way of a changed file into the running Strapi."""
        return Restart(self.strapi, self._known_admin, self.settings.strapi_project, say, cancelled)

    def put_back(self, say: Callable[[str], object], cancelled: threading.Event) -> PutBack:
        """The way back; what it needs of the open door is kept, so that this may be closed first."""
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
        project = Project(self.settings.strapi_project)
        names = list(project.overlays())
        paths = {project.folder.path(name) for name in names}
        self.undo.files.undo(only=paths.__contains__)
        for path in paths:  # one that no journal knows any more
            path.unlink(missing_ok=True)
        return names

    def browser(self, twice: frozenset[str] = frozenset()) -> Browser:
        """A robot browser with a cookie jar of its own, for rehearsals."""
        if not self.world:
            raise KitError("In live mode the browser is the person's own")
        from helpers.login.robot_browser import Browser

        client = httpx.Client(transport=self.world.internet.transport(), timeout=_TIMEOUT)
        return Browser(client, self.urls, twice)

    def rehearse_up_to(self, step: int) -> None:
        """In a rehearsal, do the earlier notebooks' work, so that each one can be opened alone."""
        if self.world is None:
            return
        if step > 1:
            self.open_door()
            self.address_plan(Project(self.settings.strapi_project)).apply(self.undo.files)
        if step > 2:
            self.world.register_app(self.settings.client_id, self.settings.client_secret, self.urls.callback)
        if step > 3:
            self.write_provider_file()
            self.save_provider()

    def write_provider_file(self) -> None:
        if not self.flow.retired:
            Project(self.settings.strapi_project).provider().apply(self.undo.files)


def open_kit(step: int = 0) -> Kit:
    """The kit of a notebook, with the facts of the environment and of earlier notebooks."""
    kit = Kit(facts.load())
    with suppress(KitError):  # the doctor names what stands in the way, so it must be there in any case
        kit.rehearse_up_to(step)
    return kit
