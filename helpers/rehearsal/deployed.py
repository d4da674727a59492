"""A deployed setup to go live with: a page, Strapi in production and their proxy, under real names."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from aiohttp import hdrs, web

from helpers.core.flows import HOSTS, TODAY
from helpers.core.layout import ONE_ORIGIN, Layout
from helpers.core.masking import Secret
from helpers.core.origins import host
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import Urls
from helpers.project.go_live import snippets
from helpers.rehearsal.instagram.login_pages import Account, App, InstagramStandIn
from helpers.rehearsal.internet import Internet
from helpers.rehearsal.strapi.config import Config
from helpers.rehearsal.strapi.server import StrapiStandIn
from helpers.web.answers import Answer, Routes, text
from helpers.web.server import Server
from helpers.web.serving import Handler, Request

LAYOUT = Layout("https://api.example.com", "https://www.example.com")
BARE = "https://example.com"
# Strapi beside its proxy, as the person who runs it reaches it.
INSIDE = "https://strapi.internal.example.com"
_SCRIPT = """if (location.pathname.startsWith('/connect/')) {
%s
  const said = await answer.json();
  document.getElementById('said').textContent = said.user ? said.user.username : said.error.message;
}
"""
_STRAPIS = ("/api/", "/uploads/", "/_health")


class Page:
    """The person's page, deployed."""

    template = files("helpers.rehearsal").joinpath("deployed.html").read_text(encoding="utf-8")

    def __init__(self, layout: Layout) -> None:
        printed = snippets(layout, TODAY.provider)
        self.request = next(each.text for each in printed if each.id == "page")
        self.routed = True  # unknown paths are answered with the page
        self._connect = Urls(layout.strapi, TODAY.provider).connect
        self.app = Routes([("GET", "/assets/app.js", self._script), ("GET", "/{path:.*}", self._show)])

    async def _script(self, request: Request) -> web.StreamResponse:
        return Answer(text=_SCRIPT % self.request, content_type="text/javascript")

    async def _show(self, request: Request) -> web.StreamResponse:
        if request.path != "/" and not self.routed:
            return text("Not Found", 404)
        return Answer(text=self.template.replace("{{connect}}", self._connect), content_type="text/html")


@dataclass
class Proxy:
    """What stands before both; its attributes are what is set up wrong there."""

    layout: Layout
    strapi: Handler
    page: Handler
    forwarded_proto: str = "https"  # what it says; empty: only what the client says
    main_page: str = ""  # the page's host that it leads people to; empty: the layout's
    open_admin: bool = False
    drops_cookies: bool = False
    answers_post: bool = True

    async def __call__(self, request: Request) -> web.StreamResponse:
        asked = request.headers.get("Host", "")
        page = host(self.main_page or self.layout.page)
        if asked == host(INSIDE):
            return await self.strapi(request)
        strapis = self.layout.kind != ONE_ORIGIN or request.path.startswith(_STRAPIS)
        if asked == host(self.layout.strapi) and strapis:
            return await self._to_strapi(request)
        if asked == page:
            return await self.page(request)
        return _moved(f"https://{page}{request.raw_path}")

    async def _to_strapi(self, request: Request) -> web.StreamResponse:
        hidden = not request.path.startswith(_STRAPIS) and not self.open_admin
        if hidden or (request.method == "POST" and not self.answers_post):
            return text("Not Found", 404)
        headers = request.headers.copy()
        if self.forwarded_proto:
            headers["X-Forwarded-Proto"] = self.forwarded_proto
        answer = await self.strapi(request.clone(headers=headers))  # type: ignore[arg-type]  # of the same class
        if self.drops_cookies:
            answer.headers.popall(hdrs.SET_COOKIE, None)
        return answer


def _moved(address: str) -> Answer:
    return Answer(status=301, headers={hdrs.LOCATION: address})


class DeployedWorld:
    """A context manager; ``internet`` leads to all of it. Each part can be set up wrong.

    ``saved``: whether the provider's settings stand in its database, which no deployment brings.
    """

    def __init__(self, layout: Layout = LAYOUT, engine: str = "session", *, saved: bool = True) -> None:
        self.layout, self.internet = layout, Internet()
        urls, secret = Urls(layout.strapi, TODAY.provider, layout.page), Secret(SAMPLE_CLIENT_SECRET)
        app = App("Kit rehearsal", SAMPLE_CLIENT_ID, secret, {urls.callback}, {Account().username})
        self.instagram = InstagramStandIn(app)
        self.config = Config(url=layout.strapi, proxy=True, production=True, refresh=False)
        self.strapi = StrapiStandIn(engine, self.config, self.internet.transport())
        if saved:
            self.provider.update(
                enabled=True,
                key=SAMPLE_CLIENT_ID,
                secret=SAMPLE_CLIENT_SECRET,
                callback=urls.frontend_redirect,
            )
        self.page = Page(layout)
        self.proxy = Proxy(layout, self.strapi.app, self.page.app)
        self.served_plainly = False  # port 80 answers with the page instead of leading to https
        self._servers = [
            Server(each, names=self.internet.names) for each in (self.instagram, self.proxy, self._port_80)
        ]

    @property
    def provider(self) -> dict[str, Any]:
        """Its settings, as they are stored now."""
        return self.strapi.providers[TODAY.provider]

    def start(self) -> DeployedWorld:
        instagram, proxy, plain = (server.start() for server in self._servers)
        for name in HOSTS:
            self.internet.add(name, instagram.port)
        for name in {host(each) for each in (self.layout.strapi, self.layout.page, BARE, INSIDE)}:
            self.internet.add(name, proxy.port)
            self.internet.add(f"http://{name}", plain.port)
        return self

    def __enter__(self) -> DeployedWorld:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for server in self._servers:
            server.end()
        self.internet.close()
        for server in self._servers:
            server.stop()

    async def _port_80(self, request: Request) -> web.StreamResponse:
        if self.served_plainly:
            return await self.page.app(request)
        return _moved(f"https://{request.headers.get('Host', '')}{request.raw_path}")
