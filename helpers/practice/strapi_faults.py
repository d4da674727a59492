"""Faults in Strapi: its files, its settings, its users, and how people begin a login there."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from urllib.parse import urlencode

from aiohttp.web import StreamResponse

from helpers.core.errors import LoginFailed
from helpers.failures import known
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
from helpers.web.answers import Answer, Routes, as_json, redirect
from helpers.web.serving import Request

_SERVER, _OVERLAY = "config/server.js", "config/env/development/server.js"
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

    async def authorize(request: Request) -> Answer:
        asked = request.query
        answer = urlencode({"code": "of-another", "state": asked["state"]})
        return redirect(f"{asked['redirect_uri']}?{answer}")

    async def token(request: Request) -> Answer:
        return as_json({"access_token": "of-another"})

    another = Routes([("GET", "/authorize", authorize), ("POST", "/token", token)])
    world(kit).internet.add("id.example", world(kit).serve(another).port)
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


def _as_on_the_page(kit: Kit) -> None:
    """The line of Strapi's page, by hand, in the place of what the kit writes."""
    (world(kit).project / _OVERLAY).unlink()
    edited(_SERVER, r"  app: ", "  url: env('', 'http://localhost:1337'),\n  app: ")(kit)


def _old_header(kit: Kit) -> None:
    """A wrapper around fetch adds the jwt that it does not have."""
    kit.http.get(kit.urls.auth, headers={"Authorization": "Bearer undefined"})


def _loses_cookies(kit: Kit) -> None:
    """A proxy between the gateway and Strapi keeps the cookies to itself."""
    door = world(kit).strapi.app
    strapi = door.app

    async def passed_on(request: Request) -> StreamResponse:
        answer = await strapi(request)
        answer.headers.popall("Set-Cookie", None)
        return answer

    door.app = passed_on


def _no_keys(kit: Kit) -> None:
    edited(".env", r"APP_KEYS=.*", "APP_KEYS=")(kit)
    world(kit).strapi_server.stop()


FAULTS = {
    known.PROVIDER_DISABLED: Fault(saved(enabled=False)),
    known.SERVER_URL_MISSING: Fault(edited(_OVERLAY, "https://", "http://"), practice=True),
    known.SERVER_URL_LOCALHOST: Fault(_as_on_the_page, practice=True),
    known.SERVER_URL_OF_EARLIER_TUNNEL: Fault(
        edited(_OVERLAY, "url: '.*'", "url: 'https://1b2c3d4e.ngrok-free.dev'"),
        practice=True,
    ),
    known.REDIRECT_PATH_UNEXPECTED: Fault(
        edited(_OVERLAY, "url: '(.*)'", r"url: '\1/backend'"), practice=True
    ),
    known.LOGIN_ADDRESS_NOT_FOUND: Fault(configured(prefix="/v1")),
    known.SESSION_MIDDLEWARE_MISSING: Fault(
        all_of(written("config/middlewares.js", _MIDDLEWARES), configured(session_middleware=False))
    ),
    known.SESSION_LOST: Fault(nothing, _begin_on_localhost, engine="token", flow="documented"),
    known.STATE_MISMATCH: Fault(nothing, _begin_on_localhost),
    known.CODE_MISSING: Fault(nothing, lambda kit: _begin(kit, kit.urls.callback)),
    known.TOKEN_EXCHANGE_FAILED: Fault(instagram(oops="token")),
    known.REASON_HIDDEN_AS_OBJECT: Fault(instagram(graph_error=2), engine="session", flow="documented"),
    known.CALLBACK_ANSWERS_500: Fault(saved(callback="/connect/instagram-business/redirect"), practice=True),
    known.FRONT_END_ADDRESS_MISSING: Fault(saved(callback=""), practice=True),
    known.WRONG_PAGE_AFTER_CONSENT: Fault(lambda kit: saved(callback=kit.urls.callback)(kit), practice=True),
    known.CALLBACK_ADDRESS_REFUSED: Fault(
        nothing, lambda kit: _begin(kit, f"{kit.urls.connect}?callback=https://shop.example/")
    ),
    known.STRAPI_RATE_LIMIT: Fault(_use_up_the_minute),
    known.SESSION_COOKIE_MISSING: Fault(elsewhere, practice=True),
    known.CROSS_SITE_COOKIE_DROPPED: Fault(configured(same_site="none")),
    known.SECURE_COOKIE_REFUSED: Fault(configured(production=True)),
    known.PROXY_SETTING_WITHOUT_EFFECT: Fault(
        all_of(edited(_SERVER, r"\n}\);", "\n  proxy: true,\n});"), configured(production=True))
    ),
    known.APP_KEYS_MISSING: Fault(_no_keys),
    known.SIGN_UP_CLOSED: Fault(advanced(allow_register=False)),
    known.EMAIL_TAKEN: Fault(partial(_known, provider="local")),
    known.ACCESS_TOKEN_MISSING: Fault(instagram(wrapped_token=True)),
    known.NO_ROLE_FOR_NEW_USER: Fault(advanced(default_role="editor")),
    known.ME_FORBIDDEN: Fault(_users(may_read_me=False)),
    known.ACCOUNT_BLOCKED: Fault(partial(_known, blocked=True)),
    known.JWT_REFUSED: Fault(_users(forgetful=True)),
    known.CORS_REFUSED_BY_STRAPI: Fault(
        configured(origins=["https://shop.example"]), engine="token", flow="documented"
    ),
    known.PROVIDER_UNKNOWN: Fault(saved(authorize_url="")),
    known.STRAPI_BROKEN_AFTER_UPGRADE: Fault(
        written("config/purest.js", "module.exports = require('purest');\n")
    ),
    known.OLD_SCOPE_STORED: Fault(saved(scope=["instagram_business_manage_insights"])),
    known.SESSION_COOKIE_TOO_LARGE: Fault(instagram(long_token=True)),
    known.MIXED_UP_PROVIDERS: Fault(_another_provider, _mix_them_up),
    known.LOGIN_STEP_FORBIDDEN: Fault(lambda kit: world(kit).strapi.users.public_may.remove("connect")),
    known.AUTHORIZATION_HEADER_REFUSED: Fault(nothing, _old_header),
    known.HEADERS_LOST_ON_THE_WAY: Fault(_loses_cookies),
    known.STRAPI_CANNOT_REACH_INSTAGRAM: Fault(lambda kit: world(kit).internet.remove("graph.instagram.com")),
}
