"""The one origin behind the tunnel: it routes, it hides, and it is the witness of a login.

``/api/*`` and ``/_health`` go to Strapi, everything else to the front end, so that a browser sees a
single origin and Strapi's session cookie survives (the layout that finishes on every Strapi version).
Strapi's admin panel and admin API are never reachable through it.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import AsyncIterator, Container
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from aiohttp import web

from helpers import failures
from helpers.core.masking import Secret
from helpers.core.urls import HEALTH, ME, Urls, parsed
from helpers.failures import Failure, known
from helpers.gateway.attempt import Hop
from helpers.gateway.capture import Role
from helpers.gateway.closed import is_closed, is_password_login
from helpers.gateway.forward import PATIENCE, Upstream, closed
from helpers.gateway.observe import Observed
from helpers.gateway.own_browser import OwnBrowser
from helpers.gateway.witness import Witness
from helpers.web import frontend
from helpers.web.answers import refusal, text
from helpers.web.server import Server
from helpers.web.serving import Request

HELLO = "/.kit/hello"  # answers the nonce by which this very gateway is recognised from outside

_PROOF = 10.0  # seconds for the proof of a user


class Gateway:
    """``public`` is the origin that browsers use; set it as soon as the tunnel knows it.

    Without a ``frontend_url`` the kit's own page stands in. ``patience`` is the time an upstream may
    be silent, in seconds. ``open_to_all`` lets in a tunnel that another user of this machine runs.
    A ``witness`` that outlives this gateway is handed to it.
    """

    def __init__(
        self,
        provider: str,
        strapi: str,
        frontend_url: str = "",
        *,
        public: str = "",
        port: int = 0,
        patience: float = PATIENCE,
        open_to_all: bool = False,
        witness: Witness | None = None,
    ) -> None:
        self.public = public
        self.nonce = secrets.token_urlsafe(16)
        self.witness = witness or Witness()
        self.own_browser = OwnBrowser()
        self.passwords_closed = False  # no accounts with a password, where anybody could make one
        self._strapi = Upstream(
            "Strapi", strapi, partial(failures.get, known.STRAPI_DOES_NOT_ANSWER), patience=patience
        )
        self._patience = patience
        self._frontend: Upstream | None = None
        if frontend_url:
            self.use_frontend(frontend_url)
        self._page = frontend.create_app(provider)
        self._roles = _roles(Urls("", provider))
        self._observed = Observed(
            self._answer,
            self.witness,
            self._role_of,
            origin=lambda: self.public,
            mine=self.own_browser.knows,
            reads=False,
            follow_up=self._ask_for_user,
        )
        self._server = Server(
            self._enter, port, open_to_all=open_to_all, names=self._names, around=self._with_upstreams
        )

    def _names(self) -> Container[str]:
        """The public one; any before it is known."""
        name = parsed(self.public).hostname
        return {name} if name else _Anything()

    def start(self) -> Gateway:
        self._server.start()
        return self

    def settle(self) -> None:
        """Let the answers under way arrive, while the port is still ours."""
        self._server.settle()

    def stop(self) -> None:
        self._server.stop()
        self.own_browser.forget()

    def use_port(self, port: int, *, open_to_all: bool = False) -> None:
        """Listen there from the next start on; 0 is a free port."""
        self._server.wanted_port, self._server.open_to_all = port, open_to_all

    def use_frontend(self, url: str) -> None:
        """Pass everything but ``/api`` to this dev server from the next start on."""
        down = partial(_frontend_down, url)
        self._frontend = Upstream("The front end", url, down, own_host=True, patience=self._patience)

    @property
    def wanted_port(self) -> int:
        return self._server.wanted_port

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def running(self) -> bool:
        return self._server.running

    def _role_of(self, method: str, path: str) -> Role | None:
        """Which step of a login a request is; assets, other API calls and a browser's questions are none."""
        return self._roles.get(path.rstrip("/")) if method in ("GET", "POST") else None

    @asynccontextmanager
    async def _with_upstreams(self) -> AsyncIterator[None]:
        """Connections belong to the server's own event loop, from its start to its stop."""
        async with AsyncExitStack() as stack:
            for upstream in filter(None, (self._strapi, self._frontend)):
                await stack.enter_async_context(upstream)
            yield

    async def _enter(self, request: Request) -> web.StreamResponse:
        return self.own_browser.take_off(request, self.public) or await self._observed(request)

    async def _answer(self, request: Request) -> web.StreamResponse:
        path = unquote(request.raw_path.partition("?")[0])
        strapis = path == HEALTH or re.match("/api(/|$)", path)
        if refusal := _refusal(request):
            return refusal
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(None if strapis else self._frontend, request)
        if path == HELLO:
            return text(self.nonce, headers={"cache-control": "no-store"})
        if strapis and self.passwords_closed and is_password_login(path):
            return _no_passwords()
        if strapis:
            return await self._strapi.forward(request, self.public)
        if self._frontend:
            return await self._frontend.forward(request, self.public)
        return await self._page(request)

    async def _websocket(self, upstream: Upstream | None, request: Request) -> web.StreamResponse:
        """A dev server's live reload; there is nothing else that a login would need one for."""
        if upstream is None or request.raw_path == HELLO:
            return text("Only the front end takes websockets.\n", 501)
        from helpers.gateway import websocket  # most gateways never see one

        return await websocket.forward(upstream, request, self.public)

    async def _ask_for_user(self, jwt: Secret) -> Hop:
        """Prove the login: ask Strapi for the user with the token that is just passing."""
        began = time.monotonic()
        status = await self._strapi.status_of(ME, jwt, _PROOF)
        ms = (time.monotonic() - began) * 1000
        return Hop("me", "gateway", "strapi", "GET", self.public + ME, status, ms, at=began)


def _no_passwords() -> web.StreamResponse:
    said = (
        "Accounts with a password are closed at this public address: anybody on the internet could make one. "
        "Whoever opened the address can open them, too, where they started the tunnel."
    )
    return refusal(403, "ForbiddenError", said)


class _Anything:
    def __contains__(self, _name: object) -> bool:
        return True


def _roles(urls: Urls) -> dict[str, Role]:
    return {
        urls.connect_path: Role("connect", "browser", "strapi"),
        urls.callback_path: Role("callback", "browser", "strapi"),
        urls.redirect_path: Role("redirect", "browser", "front end"),
        urls.auth_path: Role("auth", "browser", "strapi"),
        ME: Role("me", "browser", "strapi"),
    }


def _frontend_down(url: str) -> Failure:
    """C06 in the words of the other upstream."""
    return replace(
        failures.get(known.STRAPI_DOES_NOT_ANSWER),
        title="Nothing answers where your front end should be",
        cause="Its dev server is not running, is just restarting, or listens on another port.",
        fix=(
            "Start your front end's dev server and wait until it is ready.",
            f"Open {url} on this computer: the page must appear there too.",
            "Or empty FRONTEND_URL, and the kit's own page stands in.",
        ),
    )


def _refusal(request: Request) -> web.StreamResponse | None:
    """What is closed to the internet, whoever would answer behind the gateway."""
    path, _, query = request.raw_path.partition("?")
    # A whole address: whose path would it be? And what stands behind a # is read by some, and not by others.
    if not path.startswith("/") or "#" in request.raw_path:
        return text("Ask for a path.\n", 400)
    return closed() if is_closed(path, query) else None
