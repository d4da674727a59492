"""A deployed setup to go live with: a page, Strapi in production and their proxy, under real names."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpers.core.flows import HOSTS, TODAY
from helpers.core.layout import ONE_ORIGIN, Layout, host
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import Urls
from helpers.project.go_live import snippets
from helpers.rehearsal.instagram.login_pages import Account, App, InstagramStandIn, Switches
from helpers.rehearsal.internet import Internet
from helpers.rehearsal.strapi.config import Config
from helpers.rehearsal.strapi.server import StrapiStandIn
from helpers.web.server import Server

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
        script = Route("/assets/app.js", self._script)
        self.app = Starlette(routes=[script, Route("/{path:path}", self._show)])

    async def _script(self, request: Request) -> Response:
        return PlainTextResponse(_SCRIPT % self.request, media_type="text/javascript")

    async def _show(self, request: Request) -> Response:
        if request.url.path != "/" and not self.routed:
            return PlainTextResponse("Not Found", 404)
        return HTMLResponse(self.template.replace("{{connect}}", self._connect))


@dataclass
class Proxy:
    """What stands before both; its attributes are what is set up wrong there."""

    layout: Layout
    strapi: ASGIApp
    page: ASGIApp
    forwarded_proto: str = "https"  # what it says; empty: only what the client says
    main_page: str = ""  # the page's host that it leads people to; empty: the layout's
    open_admin: bool = False
    drops_cookies: bool = False
    answers_post: bool = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.strapi(scope, receive, send)  # its end is the only one that matters
            return
        asked = Headers(scope=scope).get("host", "")
        page = host(self.main_page or self.layout.page)
        if asked == host(INSIDE):
            await self.strapi(scope, receive, send)
            return
        strapis = self.layout.kind != ONE_ORIGIN or scope["path"].startswith(_STRAPIS)
        if asked == host(self.layout.strapi) and strapis:
            await self._to_strapi(scope, receive, send)
        elif asked == page:
            await self.page(scope, receive, send)
        else:
            await RedirectResponse(f"https://{page}{scope['path']}", 301)(scope, receive, send)

    async def _to_strapi(self, scope: Scope, receive: Receive, send: Send) -> None:
        hidden = not scope["path"].startswith(_STRAPIS) and not self.open_admin
        if hidden or (scope["method"] == "POST" and not self.answers_post):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
            return
        headers = MutableHeaders(raw=list(scope["headers"]))
        if self.forwarded_proto:
            headers["x-forwarded-proto"] = self.forwarded_proto

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and self.drops_cookies:
                del MutableHeaders(scope=message)["set-cookie"]
            await send(message)

        await self.strapi({**scope, "headers": headers.raw}, receive, answer)


async def _to_https(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        there = f"https://{Headers(scope=scope).get('host', '')}{scope['path']}"
        await RedirectResponse(there, 301)(scope, receive, send)


class DeployedWorld:
    """A context manager; ``internet`` leads to all of it. Each part can be set up wrong."""

    def __init__(self, layout: Layout = LAYOUT, engine: str = "session") -> None:
        self.layout, self.internet = layout, Internet()
        self.account = Account()
        app = App(
            "Kit rehearsal", SAMPLE_CLIENT_ID, Secret(SAMPLE_CLIENT_SECRET), set(), {self.account.username}
        )
        urls = Urls(layout.strapi, TODAY.provider, layout.page)
        app.redirect_uris = {urls.callback}
        self.instagram = InstagramStandIn(app, self.account, Switches())
        self.config = Config(url=layout.strapi, proxy=True, production=True, refresh=False)
        self.strapi = StrapiStandIn(engine, self.config, self.internet.async_transport())
        self.provider = self.strapi.providers[TODAY.provider]
        self.provider |= {
            "enabled": True,
            "key": SAMPLE_CLIENT_ID,
            "secret": SAMPLE_CLIENT_SECRET,
            "callback": urls.frontend_redirect,
        }
        self.page = Page(layout)
        self.proxy = Proxy(layout, self.strapi.app, self.page.app)
        self.served_plainly = False  # port 80 answers with the page instead of leading to https
        self._servers = [Server(each) for each in (self.instagram, self.proxy, _Port80(self))]

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


class _Port80:
    def __init__(self, world: DeployedWorld) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
        elif self._world.served_plainly:
            await self._world.page.app(scope, receive, send)
        else:
            await _to_https(scope, receive, send)
