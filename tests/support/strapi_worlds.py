"""Strapi servers to test against, real and stand-in, each with an Instagram that says what a test wants."""

from __future__ import annotations

import http.cookiejar
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from helpers.core.flows import HOSTS
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import Urls
from helpers.rehearsal.internet import Internet
from helpers.rehearsal.strapi import server as stand_in
from helpers.rehearsal.strapi.config import Config
from helpers.strapi.client import Admin, Strapi
from helpers.web.server import Server
from tests.real import strapi as real
from tests.support.asgi import AsgiServer

PUBLIC = "https://65e60559.ngrok-free.dev"
TOKEN = "IGAAtestTokenOfTheMiniInstagram"
NO_LIMIT = 100_000


class MiniInstagram:
    """Answers the token and the profile call with what ``token`` and ``profile`` hold."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.be("1", "nobody")
        routes = [
            Route("/oauth/access_token", self._exchange, methods=["POST"]),
            Route("/me", self._profile),
        ]
        self.app = Starlette(routes=routes)

    def be(self, id_: Any, username: str) -> None:
        """The person who logs in next; Instagram's own ids are longer than a JavaScript number is exact."""
        self.token: tuple[int, Any] = 200, {"access_token": TOKEN, "user_id": 27640875392278831}
        self.profile: tuple[int, Any] = 200, {"id": id_, "user_id": "178", "username": username}

    async def _exchange(self, request: Request) -> Response:
        return await self._answer(request, *self.token)

    async def _profile(self, request: Request) -> Response:
        return await self._answer(request, *self.profile)

    async def _answer(self, request: Request, status: int, content: Any) -> Response:
        self.asked.append(
            {
                "host": request.headers["host"],
                "target": f"{request.method} {request.url.path}",
                "query": dict(request.query_params),
                "form": dict(parse_qsl((await request.body()).decode())),
                "authorization": request.headers.get("authorization", ""),
                "cookie": request.headers.get("cookie", ""),
            }
        )
        if isinstance(content, str):
            return Response(content, status, media_type="text/html")
        return JSONResponse(content, status)


class Actions(Protocol):
    """What an administrator does in the panel, beyond what the kit itself ever does."""

    def advanced(self, **settings: Any) -> None: ...
    def may_read_me(self, allowed: bool) -> None: ...
    def take_email(self, email: str) -> None: ...
    def block(self, email: str) -> None: ...


@dataclass
class World:
    """One Strapi. ``version`` says which answers to expect where the versions differ."""

    version: str
    url: str
    instagram: MiniInstagram
    email: str
    password: Secret
    actions: Actions = field(init=False)

    def __post_init__(self) -> None:
        # Every test carries its cookies itself.
        nothing = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self.http = httpx.Client(cookies=nothing, timeout=20)
        self.strapi = Strapi(self.http, self.url)
        self._admin: Admin | None = None

    @property
    def admin(self) -> Admin:
        """Signed in once: Strapi takes five sign-ins in five minutes."""
        self._admin = self._admin or self.strapi.sign_in(self.email, self.password)
        return self._admin

    def get(
        self, path: str, cookies: str = "", bearer: str = "", origin: str = "", forwarded: str = ""
    ) -> httpx.Response:
        given = {"Cookie": cookies, "Authorization": f"Bearer {bearer}" if bearer else "", "Origin": origin,
                 "X-Forwarded-Proto": forwarded}  # fmt: skip
        headers = {name: value for name, value in given.items() if value}
        return self.http.get(self.url + path, headers=headers)

    def set_up(self, provider: str, **stored: Any) -> None:
        """Enable a provider with the sample values; ``stored`` are further fields of its entry."""
        values: dict[str, Any] = {
            "enabled": True,
            "key": SAMPLE_CLIENT_ID,
            "secret": Secret(SAMPLE_CLIENT_SECRET),
            "callback": frontend(provider),
            **stored,
        }
        change = self.admin.plan(provider, key="", secret=Secret(), callback="")
        change.after.update(values)
        self.admin.apply(change)

    def begin(self, provider: str) -> tuple[str, str]:
        """Open the login: the cookies and the state it hands out."""
        response = self.get(Urls("", provider).connect_path)
        assert response.status_code == 302, response.text
        state = parse_qs(urlsplit(response.headers["location"]).query).get("state", [""])[0]
        return cookies_of(response), state

    def come_back(self, provider: str, query: str, cookies: str) -> httpx.Response:
        return self.get(f"{Urls('', provider).callback_path}?{query}", cookies)

    def finish(self, provider: str) -> tuple[httpx.Response, str]:
        """Log in as far as the front end: the redirect to it, and the cookies the browser then holds."""
        cookies, state = self.begin(provider)
        response = self.come_back(provider, f"code=AQcode&state={state}" if state else "code=AQcode", cookies)
        return response, cookies_of(response) or cookies

    def log_in(self, provider: str) -> httpx.Response:
        """The whole login, with the front end's part as Strapi's example does it."""
        redirect, cookies = self.finish(provider)
        query = urlsplit(redirect.headers["location"]).query
        return self.get(f"{Urls('', provider).auth_path}?{query}", cookies)


def frontend(provider: str) -> str:
    return Urls(PUBLIC, provider).frontend_redirect


def cookies_of(response: httpx.Response) -> str:
    return "; ".join(line.split(";")[0] for line in response.headers.get_list("set-cookie"))


@contextmanager
def open_world(
    kind: str,
    folder: Path,
    *,
    config: Config | None = None,
    has_admin: bool = True,
    online: bool = True,
    limited: bool = False,
    environment: dict[str, str] | None = None,
) -> Iterator[World]:
    """Strapi of one kind in one set-up: a stand-in's engine, or ``real-`` and the version of a real one.

    ``environment`` is for a real one alone, as ``tests/real/config`` reads it.
    """
    instagram, config = MiniInstagram(), config or Config(PUBLIC)
    with ExitStack() as closing:
        server = AsgiServer(instagram.app).start()
        closing.callback(server.stop)
        real_version = kind.removeprefix("real-")
        if real_version in real.VERSIONS:
            given = _environment(config) | ({} if limited else {"RATE_LIMIT": str(NO_LIMIT)})
            somewhere = {"instagram_url": server.url} if online else {}
            strapi = real.RealStrapi(
                folder,
                real_version,
                public_url=config.url,
                register=has_admin,
                environment=given | (environment or {}),
                **somewhere,
            )
            closing.enter_context(strapi)
            world = World(real_version, strapi.url, instagram, real.ADMIN_EMAIL, real.ADMIN_PASSWORD)
            world.actions = Panel(world)
        else:
            internet = Internet()
            closing.callback(internet.close)
            for host in HOSTS if online else ():
                internet.add(host, server.port)
            standing_in = stand_in.StrapiStandIn(
                kind,
                config,
                internet.transport(),
                has_admin=has_admin,
            )
            standing_in.limit.most = 10 if limited else NO_LIMIT
            strapi_server = Server(standing_in.app).start()
            closing.callback(strapi_server.stop)
            pair = (stand_in.ADMIN_EMAIL, stand_in.ADMIN_PASSWORD)
            world = World(standing_in.version, strapi_server.url, instagram, *pair)
            world.actions = _Inside(standing_in)
        closing.callback(world.http.close)
        yield world


def _environment(config: Config) -> dict[str, str]:
    """What ``tests/real/config`` reads."""
    given = {
        "SESSION_MIDDLEWARE": str(config.session_middleware).lower(),
        "NODE_ENV": "production" if config.production else "",
        "PROXY": "true" if config.proxy else "",
        "REST_PREFIX": config.prefix,
        "SAME_SITE": config.same_site,
        "SECURE": "" if config.secure is None else str(config.secure).lower(),
        "CORS_ORIGINS": ",".join(config.origins or []),
        "CORS_CREDENTIALS": "" if config.credentials else "false",
    }
    return {name: value for name, value in given.items() if value}


class _Inside:
    def __init__(self, strapi: stand_in.StrapiStandIn) -> None:
        self._users = strapi.users

    def advanced(self, **settings: Any) -> None:
        self._users.advanced.update(settings)

    def may_read_me(self, allowed: bool) -> None:
        self._users.may_read_me = allowed

    def take_email(self, email: str) -> None:
        self._users.add("local", email.partition("@")[0], email)

    def block(self, email: str) -> None:
        next(user for user in self._users.all if user["email"] == email)["blocked"] = True


class Panel:
    """The requests that Strapi's admin panel sends."""

    _USERS = "/content-manager/collection-types/plugin::users-permissions.user"

    def __init__(self, world: World) -> None:
        self._world = world

    def _ask(self, method: str, path: str, **given: Any) -> Any:
        world = self._world
        pair = {"email": world.email, "password": world.password.reveal()}
        if not hasattr(self, "_headers"):
            token = world.http.post(f"{world.url}/admin/login", json=pair).json()["data"]["token"]
            self._headers = {"Authorization": f"Bearer {token}"}
        response = world.http.request(method, world.url + path, headers=self._headers, **given)
        return response.raise_for_status().json()

    def advanced(self, **settings: Any) -> None:
        stored = self._ask("GET", "/users-permissions/advanced")["settings"]
        self._ask("PUT", "/users-permissions/advanced", json={**stored, **settings})

    def may_read_me(self, allowed: bool) -> None:
        path = f"/users-permissions/roles/{self._role('authenticated')}"
        role = self._ask("GET", path)["role"]
        role["permissions"]["plugin::users-permissions"]["controllers"]["user"]["me"]["enabled"] = allowed
        self._ask("PUT", path, json=role)

    def _role(self, type_: str) -> int:
        roles = self._ask("GET", "/users-permissions/roles")["roles"]
        return next(int(each["id"]) for each in roles if each["type"] == type_)

    def take_email(self, email: str) -> None:
        user: dict[str, Any] = {
            "username": email.partition("@")[0],
            "email": email,
            "password": "Squatter-2026",
        }
        user.update(provider="local", confirmed=True, role={"connect": [{"id": self._role("authenticated")}]})
        self._ask("POST", self._USERS, json=user)

    def block(self, email: str) -> None:
        found = self._ask("GET", self._USERS, params={"_q": email})["results"]
        user = next(user for user in found if user["email"] == email)
        # Strapi 4 has no documents.
        id_ = user.get("documentId", user["id"])
        self._ask("PUT", f"{self._USERS}/{id_}", json={"blocked": True})
