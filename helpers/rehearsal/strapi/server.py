"""A stand-in for Strapi with its Users & Permissions plugin, as far as a login with Instagram needs one.

It speaks like Strapi 5.54 (``engine="session"``), 5.52 (``"oauth-connect"``) or 5.50 (``"token"``): the same
addresses, cookies, error texts and limits, and nothing that the contract tests do not hold to a real server.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.core.urls import HEALTH
from helpers.rehearsal.strapi.administration import Administration
from helpers.rehearsal.strapi.config import Config, Cors
from helpers.rehearsal.strapi.engines import OAuthConnectEngine, SessionEngine, TokenEngine
from helpers.rehearsal.strapi.files import ProjectFiles
from helpers.rehearsal.strapi.parts import Admins, RateLimit, Refusal, Session, sign
from helpers.rehearsal.strapi.providers import Provider, custom_provider_entry, fresh_providers
from helpers.rehearsal.strapi.users import Users
from helpers.web.answers import Answer, Routes, as_json, redirect, text
from helpers.web.serving import Handler, Request

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
        outgoing: where calls to Instagram go, without one they fail.
        custom_provider: whether the provider file of this kit is installed.
        has_admin: whether the sample administrator is registered.
        project: the folder whose files it reads, as ``strapi develop`` does; ``config`` says all else.
    """

    def __init__(
        self,
        engine: str = "session",
        config: Config | None = None,
        outgoing: httpx.BaseTransport | None = None,
        *,
        custom_provider: bool = True,
        has_admin: bool = True,
        project: Path | None = None,
    ) -> None:
        kind, self.version = ENGINES[engine]
        self.engine: _Engine = kind(outgoing)
        self.config = config or Config()
        self.providers = fresh_providers(self.config.url, TODAY if custom_provider else None)
        self.users, self.admins, self.limit = Users(), Admins(), RateLimit()
        if has_admin:
            self.admins.register({"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD.reveal()})
        self._key = secrets.token_bytes(16)
        self._files = ProjectFiles(project) if project else None
        self._seen: list[tuple[str, int]] = []
        self.restart()
        self.app = Cors(self._routes(), self)

    def restart(self) -> None:
        """Read the project's files; the provider that one of them defines comes and goes with it."""
        if not self._files:
            return
        self._seen = self._files.seen()
        self.config.url = self._files.url("production" if self.config.production else "development")
        if not self._files.defines_provider():
            self.providers.pop(TODAY.provider, None)
        elif TODAY.provider not in self.providers:
            self.providers[TODAY.provider] = custom_provider_entry(TODAY)

    def _restart_on_change(self) -> None:
        """Looked at with every request, where the real one watches; nobody can tell the difference later."""
        if self._files and self.config.develop and self._files.seen() != self._seen:
            self.restart()

    def _routes(self) -> Routes:
        handlers: list[tuple[str, str, Handler]] = [
            ("GET", HEALTH, self._health),
            *Administration(self).routes(),
            ("GET", "/{prefix:.*}/connect/{provider}", self._connect),
            ("GET", "/{prefix:.*}/connect/{provider}/callback", self._callback),
            ("GET", "/{prefix:.*}/auth/{provider}/callback", self._auth),
            ("POST", "/{prefix:.*}/auth/local/register", self._sign_up),
            ("GET", "/{prefix:.*}/users/me", self._me),
            ("POST", "/{prefix:.*}/auth/refresh", self._refresh),
            ("POST", f"/{{prefix:.*}}/auth/{TODAY.provider}/deauthorize", self._from_meta),
            ("POST", f"/{{prefix:.*}}/auth/{TODAY.provider}/data-deletion", self._from_meta),
            ("GET", "/{rest:.*}", self._nowhere),
        ]
        return Routes((verb, path, self._served(handler)) for verb, path, handler in handlers)

    def _served(self, handler: Handler) -> Handler:
        """Refusals become Strapi's error shape, and the session is saved when it changed."""

        async def endpoint(request: Request) -> web.StreamResponse:
            self._restart_on_change()
            session = request.session = Session(self._key, request.cookies)
            headers: dict[str, str] = {}
            try:
                if f"/{request.parts.get('prefix', '')}" not in ("/", self.config.prefix):
                    await self._nowhere(request)
                if "/connect/" in request.path:
                    self.limit.hit(request, headers)
                response = await handler(request)
            except Refusal as refusal:
                response = refusal.response()
            cookies = session.changes(self.config.cookie_flags)
            if cookies and self.config.refuses_cookies(request.headers):
                return text("Internal Server Error", 500)
            response.headers.update(headers)
            for cookie in cookies:
                response.headers.add("Set-Cookie", cookie)
            return response

        return endpoint

    async def _health(self, request: Request) -> web.StreamResponse:
        return Answer(status=204, headers={"strapi": "You are so French!"})

    async def _nowhere(self, request: Request) -> web.StreamResponse:
        raise Refusal("Not Found", 404, "NotFoundError")

    async def _connect(self, request: Request) -> web.StreamResponse:
        self._admit(request, "connect")
        return redirect(self.engine.start(self._provider(request), request.session))

    def _admit(self, request: Request, action: str) -> None:
        self.users.admit(request.headers.get("authorization", ""), action)

    async def _callback(self, request: Request) -> web.StreamResponse:
        self._admit(request, "connect")
        query, session = dict(request.query), request.session
        return redirect(await self.engine.finish(self._provider(request), query, session))

    async def _auth(self, request: Request) -> web.StreamResponse:
        self._admit(request, "callback")
        name = request.parts["provider"]
        self._enabled(name)
        grant = request.session.grant if self.config.session_middleware else None
        token = self.engine.answer(dict(request.query), grant).get("access_token")
        if not token:
            raise Refusal("No access_token.")
        user = self.users.connect(name, await self.engine.profile(name, token))
        response = as_json({"jwt": self.users.issue_jwt(user), "user": user})
        if not self.config.refresh:
            return response
        refresh = f"strapi_up_refresh={secrets.token_hex(20)}"
        for cookie in (refresh, f"strapi_up_refresh.sig={sign(self._key, refresh)}"):
            response.headers.add("Set-Cookie", f"{cookie}; path=/; samesite=lax; httponly")
        return response

    async def _sign_up(self, request: Request) -> web.StreamResponse:
        """As far as anybody asks whether it is open."""
        if not self.users.advanced["allow_register"]:
            raise Refusal("Register action is currently disabled")
        raise Refusal("3 errors occurred", name="ValidationError")

    async def _me(self, request: Request) -> web.StreamResponse:
        return as_json(self.users.who(request.headers.get("authorization", "")))

    async def _refresh(self, request: Request) -> web.StreamResponse:
        if not self.config.refresh:
            raise Refusal("Not Found", 404, "NotFoundError")
        raise Refusal("Missing refresh token", name="BadRequestError")

    async def _from_meta(self, request: Request) -> web.StreamResponse:
        """The provider file's callbacks, for requests that Meta has not signed."""
        if TODAY.provider not in self.providers:
            raise Refusal("Method Not Allowed", 405, "MethodNotAllowedError")
        if not self.providers[TODAY.provider].get("secret"):
            raise Refusal(
                "This provider has no client ID and secret, so it takes no requests", name="BadRequestError"
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
        name = request.parts["provider"]
        entry = self._enabled(name)
        wanted = request.query.get("callback")
        # Another front end than the stored one is refused; another query of the same page is not.
        if wanted is not None and wanted.partition("?")[0] != entry.get("callback", "").partition("?")[0]:
            raise Refusal(
                "Invalid callback URL provided", name="ValidationError", details={"callback": wanted}
            )
        if not self.config.session_middleware:
            raise Refusal(self.engine.without_session, name="BadRequestError")
        return Provider(name, entry, self.redirect_uri(request, name))

    def redirect_uri(self, request: Request, name: str) -> str:
        url = self.config.url.strip("/")
        if not url.startswith("http"):
            url = f"http://localhost:{_port(request)}/{url}".strip("/")
        return f"{url}{self.config.prefix}/connect/{name}/callback"


def _port(request: Request) -> int:
    """The one it listens at, whatever the visitor calls it."""
    return int(request.get_extra_info("sockname")[1])
