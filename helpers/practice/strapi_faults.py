"""Faults in Strapi: its files, its settings, its users, and how people begin a login there."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from helpers.core.errors import LoginFailed
from helpers.kit import Kit
from helpers.practice.fault import (
    Fault,
    Play,
    advanced,
    all_of,
    configured,
    edited,
    elsewhere,
    instagram,
    nothing,
    saved,
    world,
    written,
)

_SERVER, _URL = "config/server.js", r"url: .*"
_ANOTHER = "another"
_MIDDLEWARES = "module.exports = ['strapi::logger', 'strapi::errors', 'strapi::cors', 'strapi::body'];\n"


def _begin(kit: Kit, address: str) -> None:
    robot = kit.browser()
    robot.finish(robot.start(address), allow=True)


def _begin_on_localhost(kit: Kit) -> None:
    _begin(kit, kit.settings.strapi_url + kit.urls.connect_path)


def _use_up_the_minute(kit: Kit) -> None:
    for _ in range(10):
        kit.http.get(kit.settings.strapi_url + kit.urls.connect_path)


def _users(**switches: bool) -> Play:
    return lambda kit: vars(world(kit).strapi.users).update(switches)


def _known(kit: Kit, *, provider: str = "", blocked: bool = False) -> None:
    """Strapi has a user with the e-mail address that it would invent for this account."""
    strapi, account = world(kit).strapi, world(kit).instagram.account
    email = f"{account.id}@{kit.flow.provider}.invalid"
    strapi.users.add(provider or kit.flow.provider, account.username, email)["blocked"] = blocked


def _another_provider(kit: Kit) -> None:
    """Strapi has a second login, with somebody who is not Instagram."""

    async def authorize(request: Request) -> Response:
        asked = request.query_params
        answer = urlencode({"code": "of-another", "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 302)

    async def token(request: Request) -> Response:
        return JSONResponse({"access_token": "of-another"})

    routes = [Route("/authorize", authorize), Route("/token", token, methods=["POST"])]
    world(kit).internet.add("id.example", world(kit).serve(Starlette(routes=routes)).port)
    providers = world(kit).strapi.providers
    providers[_ANOTHER] = providers[kit.flow.provider] | {
        "callback": f"{kit.public_url}/connect/{_ANOTHER}/redirect",
        "authorize_url": "https://id.example/authorize",
        "access_url": "https://id.example/token",
    }


def _mix_them_up(kit: Kit) -> None:
    robot = kit.browser()
    for address in (f"{kit.public_url}/api/connect/{_ANOTHER}", kit.urls.auth):
        with suppress(LoginFailed):  # neither leads to Instagram
            robot.start(address)


def _no_keys(kit: Kit) -> None:
    edited(".env", r"APP_KEYS=.*", "APP_KEYS=")(kit)
    world(kit).strapi_server.stop()


FAULTS = {
    "A01": Fault(saved(enabled=False), practice=True),
    "A02": Fault(edited(".env", "PUBLIC_URL=https", "PUBLIC_URL=http"), practice=True),
    "A03": Fault(edited(_SERVER, _URL, "url: env('', 'http://localhost:1337'),"), practice=True),
    "A04": Fault(
        edited(".env", "PUBLIC_URL=.*", "PUBLIC_URL=https://1b2c3d4e.ngrok-free.dev"),
        practice=True,
    ),
    "A05": Fault(edited(".env", "PUBLIC_URL=(.*)", r"PUBLIC_URL=\1/backend"), practice=True),
    "A06": Fault(configured(prefix="/v1")),
    "A07": Fault(
        all_of(written("config/middlewares.js", _MIDDLEWARES), configured(session_middleware=False)),
        practice=True,
    ),
    "A08": Fault(nothing, _begin_on_localhost, engine="token", flow="documented"),
    "A09": Fault(nothing, _begin_on_localhost),
    "A10": Fault(nothing, lambda kit: _begin(kit, kit.urls.callback)),
    "A11": Fault(instagram(oops="token")),
    "A12": Fault(instagram(graph_error=2), engine="session", flow="documented"),
    "A13": Fault(saved(callback="/connect/instagram-business/redirect"), practice=True),
    "A14": Fault(saved(callback=""), practice=True),
    "A15": Fault(lambda kit: saved(callback=kit.urls.callback)(kit), practice=True),
    "A16": Fault(nothing, lambda kit: _begin(kit, f"{kit.urls.connect}?callback=https://shop.example/")),
    "A17": Fault(_use_up_the_minute),
    "A18": Fault(elsewhere, practice=True),
    "A21": Fault(configured(same_site="none")),
    "A22": Fault(configured(production=True), practice=True),
    "A23": Fault(
        all_of(edited(_SERVER, r"\n}\);", "\n  proxy: true,\n});"), configured(production=True)),
        practice=True,
    ),
    "A24": Fault(_no_keys, practice=True),
    "A25": Fault(advanced(allow_register=False), practice=True),
    "A26": Fault(partial(_known, provider="local"), practice=True),
    "A28": Fault(instagram(wrapped_token=True)),
    "A30": Fault(advanced(default_role="editor"), practice=True),
    "A31": Fault(_users(may_read_me=False), practice=True),
    "A32": Fault(partial(_known, blocked=True), practice=True),
    "A33": Fault(_users(forgetful=True)),
    "A37": Fault(configured(origins=["https://shop.example"]), engine="token", flow="documented"),
    "A38": Fault(saved(authorize_url="")),
    "A39": Fault(written("config/purest.js", "module.exports = require('purest');\n")),
    "A40": Fault(saved(scope=["instagram_business_manage_insights"])),
    "A41": Fault(instagram(long_token=True)),
    "A43": Fault(_another_provider, _mix_them_up),
    "A42": Fault(lambda kit: world(kit).internet.remove("graph.instagram.com")),
}
