"""A deployed setup on this machine: real Strapi in production, a page, a real proxy, a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import trustme
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from helpers.core.flows import HOSTS, TODAY
from helpers.core.layout import ONE_ORIGIN, OTHER_SITE, Layout
from helpers.core.masking import Secret
from helpers.core.origins import host
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import Urls
from helpers.doctor import golive
from helpers.doctor.checks import Result
from helpers.doctor.deployment import Target
from helpers.project.go_live import Behind, snippets
from helpers.rehearsal.instagram.login_pages import Account, App, InstagramStandIn, Switches
from helpers.strapi.client import Admin, Strapi
from helpers.web.server import Server
from tests.real.proxies import Proxy, own_address
from tests.real.strapi import ADMIN_EMAIL, ADMIN_PASSWORD, RealStrapi
from tests.support.asgi import AsgiServer
from tests.support.lab import SOON, chromium
from tests.support.provider_settings import change_provider

PROVIDER = TODAY.provider
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>'
    '<a href="{connect}">Log in with Instagram</a><p id="said"></p>'
    '<script type="module" src="/assets/app.js"></script>'
)
# Around the kit's own lines: when it runs, and what it shows.
_SCRIPT = """if (location.pathname.startsWith('/connect/')) {
%s
  const said = await answer.json();
  const told = said.user ? `Welcome ${said.user.username}` : said.error.message;
  document.getElementById('said').textContent = told;
}
"""


class Page:
    """The person's own page; attributes are what a fault changes."""

    def __init__(self, layout: Layout, request: str) -> None:
        self.request, self.routed = request, True
        self._connect = f"{layout.strapi}/api/connect/{PROVIDER}"
        self.app = Starlette(
            routes=[Route("/assets/app.js", self._script), Route("/{path:path}", self._show)]
        )

    async def _script(self, request: Request) -> Response:
        return PlainTextResponse(_SCRIPT % self.request, media_type="text/javascript")

    async def _show(self, request: Request) -> Response:
        if request.url.path != "/" and not self.routed:
            return PlainTextResponse("Not Found", 404)
        return HTMLResponse(_PAGE.format(connect=self._connect))


@dataclass
class Setup:
    """One layout behind one proxy; what is set before ``running`` may be a fault."""

    folder: Path
    version: str
    proxy: str
    layout: Layout
    strapi: RealStrapi
    page: Page
    http: httpx.Client
    instagram: InstagramStandIn
    sites: list[str] = field(default_factory=list)

    @property
    def account(self) -> Account:
        return self.instagram.state.account

    @property
    def target(self) -> Target:
        return Target(self.layout.strapi, self.layout.page, PROVIDER)

    @property
    def production(self) -> Path:
        return self.strapi.project / "config" / "env" / "production" / "server.js"

    def restart(self) -> None:
        self.strapi.stop()
        self.strapi._register = False
        self.strapi.__enter__()

    def save_provider(self, **changed: Any) -> None:
        callback = Urls(self.layout.strapi, PROVIDER, self.layout.page).frontend_redirect
        right = {"key": SAMPLE_CLIENT_ID, "secret": Secret(SAMPLE_CLIENT_SECRET), "callback": callback}
        change_provider(self.admin, PROVIDER, **(right | changed))

    @cached_property
    def admin(self) -> Admin:
        """Signed in once: Strapi takes five sign-ins in five minutes."""
        return Strapi(self.http, self.strapi.url).sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)


class Running:
    """The setup behind its proxy."""

    def __init__(self, setup: Setup, address: str, authority: Path) -> None:
        self.setup, self.address, self._authority = setup, address, authority

    def golive(self, target: Target | None = None) -> list[Result]:
        target = target or self.setup.target
        resolve = {(name, port): self.address for name in target.hosts for port in (80, 443)}
        return golive.run(target, resolve=resolve, cacert=self._authority)

    @property
    def options(self) -> list[str]:
        """The same for the command in a terminal."""
        target = self.setup.target
        names = [f"{name}:{port}:{self.address}" for name in sorted(target.hosts) for port in (80, 443)]
        resolve = [part for name in names for part in ("--resolve", name)]
        return ["--strapi", target.strapi, "--page", target.page, *resolve, "--cacert", str(self._authority)]

    def log_in(self) -> str:
        """What the page says at the end of a login in Chromium, which blocks third-party cookies."""
        with self._at_instagram() as tab:
            tab.get_by_role("button", name="Allow").click()
            said = tab.locator("#said")
            expect(said).not_to_be_empty(timeout=SOON)
            return said.inner_text()

    def come_back(self) -> int:
        """The status with which Strapi's callback, or what stands before it, answers the same browser."""
        with self._at_instagram() as tab:
            callback = Urls(self.setup.layout.strapi, PROVIDER).callback
            with tab.expect_response(lambda each: each.url.startswith(callback), timeout=SOON) as answer:
                tab.get_by_role("button", name="Allow").click()
            return answer.value.status

    @contextmanager
    def _at_instagram(self) -> Iterator[Tab]:
        names = {host(self.setup.layout.page), host(self.setup.layout.strapi), HOSTS[0]}
        rules = ", ".join(f"MAP {name} {self.address}" for name in sorted(names))
        with chromium(f"--host-resolver-rules={rules}") as browser:
            tab = browser.new_context(ignore_https_errors=True).new_page()
            tab.goto(self.setup.layout.page)
            tab.get_by_role("link", name="Log in with Instagram").click()
            yield tab


@contextmanager
def open_setup(folder: Path, version: str, proxy: str, layout: Layout, **environment: str) -> Iterator[Setup]:
    """Strapi's config and the page as the kit prints them; whoever opens it starts ``strapi``."""
    account = Account()
    app = App("Kit test", SAMPLE_CLIENT_ID, Secret(SAMPLE_CLIENT_SECRET), set(), {account.username})
    app.redirect_uris = {Urls(layout.strapi, PROVIDER).callback}
    with ExitStack() as closing:
        stand_in = InstagramStandIn(app, account, Switches())
        instagram = Server(stand_in, names=lambda: HOSTS).start()
        closing.callback(instagram.stop)
        lines = printed(layout, version, Behind())
        page = Page(layout, lines["page"])
        production = {"NODE_ENV": "production", **environment}
        strapi = RealStrapi(folder, version, instagram_url=instagram.url, environment=production)
        project = folder / "project"
        shutil.copytree(strapi.project, project, symlinks=True)
        strapi.project = project
        http = closing.enter_context(httpx.Client())
        setup = Setup(folder, version, proxy, layout, strapi, page, http, stand_in)
        setup.production.parent.mkdir(parents=True)
        setup.production.write_text(lines["strapi"])
        setup.sites = [_site(proxy, HOSTS[0], instagram.url)]
        yield setup


@contextmanager
def running(setup: Setup, *, change: dict[str, str] | None = None, front_end: str = "") -> Iterator[Running]:
    """Page and proxy before the Strapi that runs; ``change`` replaces words in the proxy's configuration.

    ``front_end`` is a server that brings the page, and passes on to Strapi, itself.
    """
    with ExitStack() as closing:
        page = AsgiServer(setup.page.app).start()
        closing.callback(page.stop)
        behind = Behind(setup.strapi.url, page.url)
        sites = [printed(setup.layout, setup.version, behind)[setup.proxy], *setup.sites]
        if front_end:
            sites[0] = _site(setup.proxy, host(setup.layout.page), front_end)
        if setup.layout.kind != ONE_ORIGIN:
            sites.append(_site(setup.proxy, host(setup.layout.page), page.url))
        if setup.layout.kind == OTHER_SITE:  # what the kit does not advise: Strapi on its other site
            alone = Layout(setup.layout.strapi, f"https://www.{host(setup.layout.strapi)}")
            sites[0] = printed(alone, setup.version, behind)[setup.proxy]
        for words, others in (change or {}).items():
            assert any(words in site for site in sites), words
            sites = [site.replace(words, others) for site in sites]
        authority = trustme.CA()
        names = {host(setup.layout.page), host(setup.layout.strapi), "example.com", *HOSTS}
        issued = authority.issue_cert(*sorted(names))
        pem = setup.folder / "names.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(pem))
        authority.cert_pem.write_to_path(str(setup.folder / "authority.pem"))
        address = own_address()
        closing.enter_context(Proxy(setup.proxy, address, sites, pem, setup.folder))
        yield Running(setup, address, setup.folder / "authority.pem")


def printed(layout: Layout, version: str, behind: Behind) -> dict[str, str]:
    """What the notebook shows, by its id."""
    major = int(version.partition(".")[0])
    found = {each.id: each.text for each in snippets(layout, PROVIDER, strapi_major=major, behind=behind)}
    if layout.kind == OTHER_SITE:  # nothing to print makes this one work: what people write all the same
        alone = Layout(layout.strapi, f"https://www.{host(layout.strapi)}")
        found |= {each.id: each.text for each in snippets(alone, PROVIDER, strapi_major=major, behind=behind)}
    return found


def _site(proxy: str, name: str, upstream: str) -> str:
    """A site that is none of the kit's: the page's own host, and Instagram."""
    if proxy == "caddy":
        return f"{name} {{\n\treverse_proxy {upstream.removeprefix('http://')}\n}}\n"
    return (
        f"server {{ listen 443 ssl; server_name {name}; ssl_certificate /etc/ssl/x.pem; "
        f"ssl_certificate_key /etc/ssl/x.key;\n location / {{ proxy_pass {upstream}; "
        "proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https; } }\n"
        f"server {{ listen 80; server_name {name}; return 301 https://$host$request_uri; }}\n"
    )
