"""A stand-in for Strapi with its Users & Permissions plugin, as far as a login with Instagram needs one.

It speaks like Strapi 5.54 (``engine="session"``), 5.52 (``"oauth-connect"``) or 5.50 (``"token"``): the same
addresses, cookies, error texts and limits, and nothing that the contract tests do not hold to a real server.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.core.urls import HEALTH
from helpers.rehearsal.strapi.config import Config, Cors
from helpers.rehearsal.strapi.engines import OAuthConnectEngine, Provider, SessionEngine, TokenEngine
from helpers.rehearsal.strapi.parts import Admins, RateLimit, Refusal, Session, fresh_providers, sign
from helpers.rehearsal.strapi.users import Users

ADMIN_EMAIL = "admin@example.com"
ADMIN_PASSWORD = Secret("Rehearsal-2026")

_Engine = SessionEngine | TokenEngine
ENGINES: dict[str, tuple[type[_Engine], str]] = {
    "session": (SessionEngine, "5.54.0"),
    "oauth-connect": (OAuthConnectEngine, "5.52.3"),
    "token": (TokenEngine, "5.50.0"),
}


class StrapiStandIn:
    """``app`` is to be served. Attributes may change at any time, as they would by a restart of Strapi.

    Args:
        config: what the project's files say.
        outgoing: where calls to Instagram go, closed with ``app``; without one they fail.
        custom_provider: whether the provider file of this kit is installed.
        has_admin: whether the sample administrator is registered.
    """

    def __init__(
        self,
        engine: str = "session",
        config: Config | None = None,
        outgoing: httpx.AsyncBaseTransport | None = None,
        *,
        custom_provider: bool = True,
        has_admin: bool = True,
    ) -> None:
        kind, self.version = ENGINES[engine]
        self.engine: _Engine = kind(outgoing)
        self.config, self._outgoing = config or Config(), outgoing
        self.providers = fresh_providers(self.config.url, TODAY if custom_provider else None)
        self.users, self.admins, self.limit = Users(), Admins(), RateLimit()
        if has_admin:
            self.admins.register({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD.reveal()})
        self._key = secrets.token_bytes(16)
        self.app = Starlette(
            routes=self._routes(), lifespan=self._lifespan, middleware=[Middleware(Cors, self)]
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        # Its connections belong to the event loop that ends here.
        if self._outgoing:
            await self._outgoing.aclose()

    def _routes(self) -> list[Route]:
        handlers: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("GET", HEALTH, self._health),
            ("GET", "/admin/init", self._init),
            ("POST", "/admin/register-admin", self._register_admin),
            ("POST", "/admin/login", self._sign_in),
            ("GET", "/admin/information", self._information),
            ("GET", "/users-permissions/providers", self._read_providers),
            ("PUT", "/users-permissions/providers", self._write_providers),
            ("GET", "/users-permissions/advanced", self._read_advanced),
            ("GET", "/content-manager/collection-types/plugin::users-permissions.user", self._read_users),
            ("GET", "/{prefix:path}/connect/{provider}", self._connect),
            ("GET", "/{prefix:path}/connect/{provider}/callback", self._callback),
            ("GET", "/{prefix:path}/auth/{provider}/callback", self._auth),
            ("GET", "/{prefix:path}/users/me", self._me),
            ("POST", "/{prefix:path}/auth/refresh", self._refresh),
            ("POST", f"/{{prefix:path}}/auth/{TODAY.provider}/deauthorize", self._from_meta),
            ("POST", f"/{{prefix:path}}/auth/{TODAY.provider}/data-deletion", self._from_meta),
            ("GET", "/{rest:path}", self._nowhere),
        ]
        return [Route(path, self._served(handler), methods=[verb]) for verb, path, handler in handlers]

    def _served(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Refusals become Strapi's error shape, and the session is saved when it changed."""

        async def endpoint(request: Request) -> Response:
            session = request.state.session = Session(self._key, request.cookies)
            headers: dict[str, str] = {}
            try:
                if f"/{request.path_params.get('prefix', '')}" not in ("/", self.config.prefix):
                    await self._nowhere(request)
                if "/connect/" in request.url.path:
                    self.limit.hit(request, headers)
                response = await handler(request)
            except Refusal as refusal:
                response = refusal.response()
            cookies = session.changes(self.config.cookie_flags)
            if cookies and self.config.refuses_cookies(request.headers):
                return PlainTextResponse("Internal Server Error", 500)
            response.headers.update(headers)
            for cookie in cookies:
                response.headers.append("Set-Cookie", cookie)
            return response

        return endpoint

    async def _health(self, request: Request) -> Response:
        return Response(status_code=204, headers={"strapi": "You are so French!"})

    async def _nowhere(self, request: Request) -> Response:
        raise Refusal("Not Found", 404, "NotFoundError")

    # The administrator's side

    async def _init(self, request: Request) -> Response:
        return JSONResponse({"data": {"uuid": False, "hasAdmin": self.admins.exist}})

    async def _register_admin(self, request: Request) -> Response:
        return JSONResponse({"data": self.admins.register(await request.json())})

    async def _sign_in(self, request: Request) -> Response:
        return JSONResponse({"data": self.admins.sign_in(await request.json())})

    async def _information(self, request: Request) -> Response:
        self.admins.check(request)
        return JSONResponse({"data": {"strapiVersion": self.version, "autoReload": self.config.develop}})

    async def _read_providers(self, request: Request) -> Response:
        self.admins.check(request)
        computed = {
            name: {"redirectUri": self._redirect_uri(request, name)}
            for name in self.providers
            if name != "email"
        }
        return JSONResponse({name: entry | computed.get(name, {}) for name, entry in self.providers.items()})

    async def _write_providers(self, request: Request) -> Response:
        self.admins.check(request)
        body = json.loads(await request.body() or b"{}")
        if not body:
            raise Refusal("Request body cannot be empty", name="ValidationError")
        self.providers = body["providers"]
        return JSONResponse({"ok": True})

    async def _read_advanced(self, request: Request) -> Response:
        self.admins.check(request)
        return JSONResponse({"settings": self.users.advanced, "roles": self.users.roles()})

    async def _read_users(self, request: Request) -> Response:
        """A user's provider is not told, whoever asks."""
        self.admins.check(request)
        users = sorted(self.users.all, key=lambda user: str(user["updatedAt"]), reverse=True)
        results = [{name: value for name, value in user.items() if name != "provider"} for user in users]
        return JSONResponse({"results": results, "pagination": {"page": 1, "total": len(users)}})

    # The login

    async def _connect(self, request: Request) -> Response:
        return RedirectResponse(self.engine.start(self._provider(request), request.state.session), 302)

    async def _callback(self, request: Request) -> Response:
        query, session = dict(request.query_params), request.state.session
        return RedirectResponse(await self.engine.finish(self._provider(request), query, session), 302)

    async def _auth(self, request: Request) -> Response:
        name = request.path_params["provider"]
        self._enabled(name)
        grant = request.state.session.grant if self.config.session_middleware else None
        token = self.engine.answer(dict(request.query_params), grant).get("access_token")
        if not token:
            raise Refusal("No access_token.")
        user = self.users.connect(name, await self.engine.profile(name, token))
        response = JSONResponse({"jwt": self.users.issue_jwt(user), "user": user})
        refresh = f"strapi_up_refresh={secrets.token_hex(20)}"
        for cookie in (refresh, f"strapi_up_refresh.sig={sign(self._key, refresh)}"):
            response.headers.append("Set-Cookie", f"{cookie}; path=/; samesite=lax; httponly")
        return response

    async def _me(self, request: Request) -> Response:
        return JSONResponse(self.users.who(request.headers.get("authorization", "")))

    async def _refresh(self, request: Request) -> Response:
        if not self.config.refresh:
            raise Refusal("Not Found", 404, "NotFoundError")
        raise Refusal("Missing refresh token", name="BadRequestError")

    async def _from_meta(self, request: Request) -> Response:
        """The provider file's callbacks, for requests that Meta has not signed."""
        if TODAY.provider not in self.providers:
            raise Refusal("Method Not Allowed", 405, "MethodNotAllowedError")
        if not self.providers[TODAY.provider].get("secret"):
            raise Refusal(
                "This provider has no client secret to check signed_request with", name="BadRequestError"
            )
        raise Refusal(
            "signed_request is not signed with the client secret of this provider", name="BadRequestError"
        )

    def _enabled(self, name: str) -> dict[str, Any]:
        entry = self.providers.get(name, {})
        if not entry.get("enabled"):
            raise Refusal("This provider is disabled")
        return entry

    def _provider(self, request: Request) -> Provider:
        name = request.path_params["provider"]
        entry = self._enabled(name)
        wanted = request.query_params.get("callback")
        # Another front end than the stored one is refused; another query of the same page is not.
        if wanted is not None and wanted.partition("?")[0] != entry.get("callback", "").partition("?")[0]:
            raise Refusal(
                "Invalid callback URL provided", name="ValidationError", details={"callback": wanted}
            )
        if not self.config.session_middleware:
            raise Refusal(self.engine.without_session, name="BadRequestError")
        return Provider(name, entry, self._redirect_uri(request, name))

    def _redirect_uri(self, request: Request, name: str) -> str:
        url = self.config.url.strip("/")
        if not url.startswith("http"):
            url = f"http://localhost:{request.scope['server'][1]}/{url}".strip("/")
        return f"{url}{self.config.prefix}/connect/{name}/callback"
