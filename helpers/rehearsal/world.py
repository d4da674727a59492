"""Everything a setup needs, played by stand-ins on this machine: no account, no internet, no Node."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path

from dotenv import dotenv_values
from starlette.types import ASGIApp, Scope

from helpers.core import settings as facts
from helpers.core.flows import HOSTS, Flow
from helpers.core.masking import Secret
from helpers.core.settings import Settings
from helpers.core.urls import DOCUMENTED_FRONTEND, Urls
from helpers.gateway.observer import Observed, Role
from helpers.gateway.witness import Witness
from helpers.rehearsal.instagram.login_pages import Account, App, InstagramStandIn, Switches
from helpers.rehearsal.internet import Internet, edge_port
from helpers.rehearsal.ngrok.install import install_agent
from helpers.rehearsal.scratch import new_folder
from helpers.rehearsal.strapi.config import Config
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD, StrapiStandIn
from helpers.web import frontend
from helpers.web.server import Server

AUTHTOKEN = "2rehearsalOnlyNotARealAuthtoken_7Zq4"
_PROJECT = Path(str(files("helpers.rehearsal.strapi"))) / "project"
_ENV = "HOST=0.0.0.0\nPORT=1337\nAPP_KEYS=rehearsalKeyA,rehearsalKeyB\n"
# The one line of config/server that matters here: a text, or a variable with a text to fall back on.
_URL = re.compile(r"\burl: (?:env\('(\w*)', )?'([^']*)'")
_STEPS = {
    ("GET", "/oauth/authorize"): Role("authorize", "browser", "instagram"),
    ("POST", "/oauth/authorize"): Role("consent", "browser", "instagram"),
    ("POST", "/oauth/access_token"): Role("token", "strapi", "instagram"),
    ("GET", "/me"): Role("profile", "strapi", "instagram"),
}


class World:
    """The stand-ins of one rehearsal, each under its real name, and the agent that pyngrok will drive.

    ``engine`` is Strapi's way of ending a login: ``session`` (5.53 and later) or ``token``. Strapi's page
    was written for the latter, so that is what its flow gets unless told otherwise.
    """

    def __init__(self, flow: Flow, engine: str | None = None) -> None:
        self.flow = flow
        self.engine = engine or ("token" if flow.retired else "session")
        self.domain = facts.SAMPLE_DOMAINS[flow.name]
        self.folder = new_folder()
        self.project = self.folder / "my-strapi"
        self.internet = Internet()
        account = Account()
        self.meta_app = App("Kit rehearsal", "", Secret(), set(), {account.username})
        self.instagram = InstagramStandIn(self.meta_app, account, Switches(era=flow.name))
        self.strapi = StrapiStandIn(
            engine=self.engine, config=Config(develop=True), outgoing=self.internet.async_transport()
        )
        self._servers: list[Server] = []
        self.ending = ExitStack()  # what else shall end with this world
        self._observed: list[Observed] = []

    def start(self) -> World:
        shutil.copytree(_PROJECT, self.project)
        (self.project / ".env").write_text(_ENV, encoding="utf-8")
        cloud = self.folder / "cloud"
        cloud.mkdir(mode=0o700)
        self.agent_environment = {"KIT_NGROK_CLOUD": str(cloud), "KIT_NGROK_DOMAIN": self.domain}
        self.ngrok_path: Path | None = install_agent(self.folder, **self.agent_environment)
        self.strapi_server = self.serve(self.strapi.app)
        instagram = self.serve(self._observe(self.instagram, _role_at_instagram))
        for host in HOSTS:
            self.internet.add(host, instagram.port)
        self.internet.add(self.domain, partial(edge_port, cloud, self.domain))
        if self.flow.retired and self.engine == "token":
            self.serve_documented_frontend()
        return self

    def serve_documented_frontend(self) -> None:
        """The page on localhost:3000 that Strapi's documentation has people start beside the backend."""
        urls = Urls(f"https://{self.domain}", self.flow.provider)
        page = frontend.create_app(self.flow.provider, backend=urls.public)
        server = self.serve(self._observe(page, partial(_role_at_frontend, urls), scheme="http"))
        self.internet.add(DOCUMENTED_FRONTEND.removeprefix("http://"), server.port)

    def watch(self, witness: Witness) -> None:
        """Let the hops that do not pass the gateway be witnessed too, as only a rehearsal can."""
        for observed in self._observed:
            observed.witness = witness

    def _observe(
        self, app: ASGIApp, role_of: Callable[[Scope], Role | None], scheme: str = "https"
    ) -> Observed:
        self._observed.append(Observed(app, Witness(), role_of, scheme=scheme))
        return self._observed[-1]

    def serve(self, app: ASGIApp, port: int = 0) -> Server:
        self._servers.append(Server(app, port).start())
        return self._servers[-1]

    def prefill(self, settings: Settings) -> Settings:
        """The facts of a rehearsal: what was typed, the documented samples, the stand-ins' addresses."""
        return replace(
            settings,
            ngrok_authtoken=settings.ngrok_authtoken or Secret(AUTHTOKEN),
            ngrok_domain="",  # as with ngrok, the account's domain is learned from the agent
            strapi_url=self.strapi_server.url,
            strapi_project=str(self.project),
            frontend_project="",
            strapi_admin_email=settings.strapi_admin_email or ADMIN_EMAIL,
            strapi_admin_password=settings.strapi_admin_password or ADMIN_PASSWORD,
            client_id=settings.client_id or facts.SAMPLE_CLIENT_ID,
            client_secret=settings.client_secret or Secret(facts.SAMPLE_CLIENT_SECRET),
        )

    def restart_strapi(self) -> None:
        """What a restart does to a real Strapi: it reads its project's files again."""
        found = _URL.search((self.project / "config/server.js").read_text(encoding="utf-8"))
        variables = dotenv_values(self.project / ".env")
        self.strapi.config.url = (variables.get(found[1] or "") or found[2]) if found else ""

    def register_app(self, client_id: str, secret: Secret, redirect_uri: str) -> None:
        """What creating an app at Meta and saving its addresses does: the stand-in knows both then."""
        self.create_app(client_id, secret)
        self.meta_app.redirect_uris.add(redirect_uri)

    def create_app(self, client_id: str, secret: Secret) -> None:
        self.meta_app.client_id, self.meta_app.client_secret = client_id, secret

    def delete_app(self) -> None:
        self.create_app("", Secret())
        self.meta_app.redirect_uris.clear()

    def close(self) -> None:
        # No threads for it: at the end of the process none can be started any more.
        for server in self._servers:
            server.end()
        self.internet.close()
        self.ending.close()
        for server in self._servers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _role_at_instagram(scope: Scope) -> Role | None:
    path = scope["path"]
    return _STEPS.get((scope["method"], "/me" if path.endswith("/me") else path))


def _role_at_frontend(urls: Urls, scope: Scope) -> Role | None:
    return Role("redirect", "browser", "front end") if scope["path"] == urls.redirect_path else None
