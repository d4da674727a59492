"""What runs while one setup is in progress: the rehearsal's servers or the user's own, gateway and tunnel."""

from __future__ import annotations

import atexit
import logging
import os
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
from helpers.gateway.app import Gateway
from helpers.gateway.public_address import PublicAddress, Tunnel
from helpers.gateway.witness import Witness
from helpers.login.logins import Logins
from helpers.strapi.provider_undo import Undo
from helpers.strapi.rate_limits import PoliteStrapi
from helpers.tunnel.own import BroughtTunnel
from helpers.web import way_out

if TYPE_CHECKING:
    from helpers.rehearsal.world import World

# At their lower levels these log whole addresses and headers, codes and tokens included.
for _library in ("httpx", "httpcore", "pyngrok"):
    logging.getLogger(_library).setLevel(logging.WARNING)

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)


class Running(Facts):
    """``close`` ends everything it started; so does the end of the process.

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
