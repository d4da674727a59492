"""The one door behind the tunnel: it routes, it hides, and it is the witness of a login.

``/api/*`` and ``/_health`` go to Strapi, everything else to the front end, so that a browser sees a
single origin and Strapi's session cookie survives (the layout that finishes on every Strapi version).
Strapi's admin panel and admin API are never reachable through it.
"""

from __future__ import annotations

import re
import secrets
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from helpers import failures
from helpers.core.masking import Secret
from helpers.core.urls import HEALTH, ME, Urls
from helpers.failures import Failure, known
from helpers.gateway.closed import is_closed
from helpers.gateway.forward import PATIENCE, Upstream, closed
from helpers.gateway.observer import Observed, Role
from helpers.gateway.witness import Hop, Witness
from helpers.web import frontend
from helpers.web.server import Server

HELLO = "/.kit/hello"  # answers the nonce by which this very door is recognised from outside

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
        self._strapi = Upstream(
            "Strapi", strapi, partial(failures.get, known.STRAPI_DOES_NOT_ANSWER), patience=patience
        )
        self._patience = patience
        self._frontend: Upstream | None = None
        if frontend_url:
            self.use_frontend(frontend_url)
        self._page = frontend.create_app(provider)
        self._roles = _roles(Urls("", provider))
        observed = Observed(self._door, self.witness, self._role_of, follow_up=self._ask_for_user)
        self._server = Server(self._with_upstreams(observed), port, open_to_all=open_to_all)

    def start(self) -> Gateway:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()

    def use_port(self, port: int) -> None:
        """Listen there from the next start on; 0 is a free port."""
        self._server.wanted_port = port

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

    def _role_of(self, scope: Scope) -> Role | None:
        """Which step of a login a request is; assets, other API calls and a browser's questions are none."""
        return self._roles.get(scope["path"].rstrip("/")) if scope["method"] in ("GET", "POST") else None

    def _with_upstreams(self, app: ASGIApp) -> ASGIApp:
        """Connections belong to the server's own event loop, from its start to its stop."""

        async def with_upstreams(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan":
                await app(scope, receive, send)
                return
            await receive()
            async with AsyncExitStack() as stack:
                for upstream in filter(None, (self._strapi, self._frontend)):
                    await stack.enter_async_context(upstream)
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})

        return with_upstreams

    async def _door(self, scope: Scope, receive: Receive, send: Send) -> None:
        strapis = scope["path"] == HEALTH or re.match("/api(/|$)", scope["path"])
        if refusal := _refusal(scope):
            await refusal(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(None if strapis else self._frontend, scope, receive, send)
        elif scope["path"] == HELLO:
            answer = PlainTextResponse(self.nonce, headers={"cache-control": "no-store"})
            await answer(scope, receive, send)
        elif strapis:
            await self._strapi.forward(scope, receive, send, self.public)
        elif self._frontend:
            await self._frontend.forward(scope, receive, send, self.public)
        else:
            await self._page(scope, receive, send)

    async def _websocket(self, upstream: Upstream | None, scope: Scope, receive: Receive, send: Send) -> None:
        """A dev server's live reload; there is nothing else that a login would need one for."""
        if upstream is None or scope["path"] == HELLO:
            refusal = PlainTextResponse("Only the front end takes websockets.\n", 501)
            await refusal(scope, receive, send)
            return
        from helpers.gateway import websocket  # most doors never see one

        await websocket.forward(upstream, scope, receive, send, self.public)

    async def _ask_for_user(self, jwt: Secret) -> Hop:
        """Prove the login: ask Strapi for the user with the token that is just passing."""
        began = time.monotonic()
        status = await self._strapi.status_of(ME, jwt, _PROOF)
        ms = (time.monotonic() - began) * 1000
        return Hop("me", "gateway", "strapi", "GET", self.public + ME, status, ms, at=began)


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


def _refusal(scope: Scope) -> Response | None:
    """What is closed to the internet, whoever would answer behind the gateway."""
    if not scope["raw_path"].startswith(b"/"):  # a whole address: whose path would it be?
        return PlainTextResponse("Ask for a path.\n", 400)
    if is_closed(scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")):
        return closed()
    return None
