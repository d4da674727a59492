"""What a Strapi project's own files decide, and the middleware that lets other origins read an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from helpers.web.answers import Answer
from helpers.web.serving import Handler, Request

_CORS_METHODS = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"
_CORS_HEADERS = "Content-Type,Authorization,Origin,Accept"
_CORS_AGE = 365 * 24 * 3600  # seconds


@dataclass
class Config:
    """The defaults are those of a new project."""

    url: str = ""  # `config/server`; without one, Strapi takes its own address on localhost
    proxy: bool = False  # `proxy: { koa: true }` there: X-Forwarded-Proto is believed
    prefix: str = "/api"  # `rest.prefix` of `config/api`
    develop: bool = False  # `strapi develop`, which restarts when a file changes, and not `strapi start`
    production: bool = False  # NODE_ENV=production, where cookies want an https
    session_middleware: bool = True  # `strapi::session` of `config/middlewares`, and its options
    same_site: str = ""
    secure: bool | None = None  # None: only in production
    origins: list[str] | None = None  # `origin` of `strapi::cors`; None: all
    credentials: bool = True  # the same option there: other origins may ask with cookies
    refresh: bool = True  # `jwtManagement: 'refresh'` of `config/plugins`
    wildcard: bool = False  # a middleware of the project's own that answers everybody with *

    @property
    def cookie_flags(self) -> str:
        """The attributes of the session cookie, in the order in which Koa writes them."""
        same_site = f"; samesite={self.same_site}" if self.same_site else ""
        return same_site + ("; secure" if self._secure else "") + "; httponly"

    @property
    def _secure(self) -> bool:
        return self.production if self.secure is None else self.secure

    def refuses_cookies(self, headers: Mapping[str, str]) -> bool:
        """Koa sets no secure cookie without https, and Strapi answers 500; the first entry counts."""
        said = headers.get("x-forwarded-proto", "").split(",")[0].strip()
        return self._secure and not (self.proxy and said == "https")


class _Configured(Protocol):
    config: Config


# A real Strapi lets pages of every origin read these too. But there the password is not known to everybody.
_ADMIN = ("/admin/", "/users-permissions/", "/content-manager/")


class Cors:
    """``strapi::cors``: https://github.com/koajs/cors with Strapi's defaults, but not for administrators."""

    def __init__(self, app: Handler, strapi: _Configured) -> None:
        self.app, self.strapi = app, strapi

    async def __call__(self, request: Request) -> web.StreamResponse:
        if request.path.startswith(_ADMIN):
            return await self.app(request)
        origin, config = request.headers.get("origin", ""), self.strapi.config
        granted = {}
        if origin and (config.origins is None or origin in config.origins):
            granted = {"access-control-allow-origin": origin}
            if config.credentials:
                granted["access-control-allow-credentials"] = "true"
        if config.wildcard:
            granted = {"access-control-allow-origin": "*"}
        if granted and request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            granted |= {
                "access-control-max-age": str(_CORS_AGE),
                "access-control-allow-methods": _CORS_METHODS,
                "access-control-allow-headers": _CORS_HEADERS,
            }
            answer: web.StreamResponse = Answer(status=204)
        else:
            answer = await self.app(request)
        answer.headers.update(granted)
        answer.headers["vary"] = "Origin"
        return answer
