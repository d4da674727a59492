"""Everything a setup needs, played by stand-ins on this machine: no account, no internet, no Node."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path

from helpers.core import settings as facts
from helpers.core.flows import HOSTS, Flow
from helpers.core.masking import Secret
from helpers.core.settings import Settings
from helpers.core.urls import DOCUMENTED_FRONTEND, Urls
from helpers.gateway.capture import Role
from helpers.gateway.observe import Observed
from helpers.gateway.witness import Witness
from helpers.rehearsal.front_end import FrontEndStandIn, write_project
from helpers.rehearsal.instagram.login_pages import Account, App, InstagramStandIn, Switches
from helpers.rehearsal.internet import Internet
from helpers.rehearsal.meta.dashboard import Dashboard
from helpers.rehearsal.meta.documented import DocumentedDashboard
from helpers.rehearsal.meta.today import TodaysDashboard
from helpers.rehearsal.ngrok.cloud import Cloud
from helpers.rehearsal.ngrok.install import install_agent
from helpers.rehearsal.scratch import copy_project, new_folder, no_programs, no_room
from helpers.rehearsal.strapi.config import Config
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD, StrapiStandIn
from helpers.web.server import Server
from helpers.web.serving import Handler

AUTHTOKEN = "2rehearsalOnlyNotARealAuthtoken_7Zq4"
_PROJECT = Path(str(files("helpers.rehearsal.strapi"))) / "project"
_ENV = "HOST=0.0.0.0\nPORT=1337\nAPP_KEYS=rehearsalKeyA,rehearsalKeyB\n"
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
        self.project, self.front_end = self.folder / "my-strapi", self.folder / "my-front-end"
        self.internet = Internet()
        self.ngrok = Cloud(names=(self.domain,))
        account = Account()
        app = App("", "", Secret(), set(), set())
        pair = facts.SAMPLE_CLIENT_ID, Secret(facts.SAMPLE_CLIENT_SECRET)
        kind = DocumentedDashboard if flow.retired else TodaysDashboard
        self.meta: Dashboard = kind(flow, app, account, pair)
        self.instagram = InstagramStandIn(app, account, Switches(era=flow.name))
        try:
            copy_project(_PROJECT, self.project)
            (self.project / ".env").write_text(_ENV, encoding="utf-8")
            write_project(self.front_end, flow.provider)
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise no_room(error) from error
        self.strapi = StrapiStandIn(
            engine=self.engine,
            # A project of the days of Strapi's page had no sessions to refresh.
            config=Config(develop=True, refresh=not flow.retired),
            outgoing=self.internet.transport(),
            custom_provider=False,
            project=self.project,
        )
        self._servers: list[Server] = []
        self.ending = ExitStack()  # what else shall end with this world
        self._observed: list[Observed] = []

    def start(self) -> World:
        """Raises :class:`KitError` if the temporary folder cannot be written; then nothing is left behind."""
        try:
            self._start()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise no_room(error) from error
            raise
        return self

    def _start(self) -> None:
        self.ngrok.start()
        self.agent_environment = {"KIT_NGROK_CLOUD": self.ngrok.address, "KIT_NGROK_DOMAIN": self.domain}
        self.ngrok_path: Path | None = install_agent(self.folder, **self.agent_environment)
        if not os.access(self.ngrok_path, os.X_OK):  # its mode allows it, so the mount does not
            raise no_programs(self.folder)
        self.strapi_server = self.serve(self.strapi.app)
        instagram = self.serve(self._observe(self.instagram, _role_at_instagram))
        for host in HOSTS:
            self.internet.add(host, instagram.port)
        self.internet.add(self.domain, self.ngrok.port)
        self._serve_front_end()

    def _serve_front_end(self) -> None:
        """On localhost:3000, as Strapi's documentation has it, and where the gateway can reach it."""
        urls = Urls(f"https://{self.domain}", self.flow.provider)
        page = FrontEndStandIn(self.front_end, self.flow.provider)
        observed = self._observe(page, partial(_role_at_frontend, urls), scheme="http")
        self.internet.add(DOCUMENTED_FRONTEND.removeprefix("http://"), self.serve(observed).port)
        behind = not (self.flow.retired and self.engine == "token")
        self.front_end_url = self.serve(page).url if behind else ""

    def watch(self, witness: Witness) -> None:
        """Let the hops that do not pass the gateway be witnessed too, as only a rehearsal can."""
        for observed in self._observed:
            observed.witness = witness

    def _observe(
        self, app: Handler, role_of: Callable[[str, str], Role | None], scheme: str = "https"
    ) -> Observed:
        self._observed.append(Observed(app, Witness(), role_of, scheme=scheme))
        return self._observed[-1]

    def serve(self, app: Handler, port: int = 0) -> Server:
        self._servers.append(Server(app, port, names=self.internet.names).start())
        return self._servers[-1]

    def prefill(self, settings: Settings) -> Settings:
        """The facts of a rehearsal: what was typed, the documented samples, the stand-ins' addresses."""
        return replace(
            settings,
            ngrok_authtoken=settings.ngrok_authtoken or Secret(AUTHTOKEN),
            ngrok_domain="",  # as with ngrok, the account's domain is learned from the agent
            strapi_url=self.strapi_server.url,
            strapi_project=str(self.project),
            frontend_url=self.front_end_url,
            frontend_project=str(self.front_end),
            strapi_admin_email=settings.strapi_admin_email or ADMIN_EMAIL,
            strapi_admin_password=settings.strapi_admin_password or ADMIN_PASSWORD,
            client_id=settings.client_id or facts.SAMPLE_CLIENT_ID,
            client_secret=settings.client_secret or Secret(facts.SAMPLE_CLIENT_SECRET),
        )

    def begin(self, given: Settings) -> Settings:
        """The facts as somebody begins with them: the app at Meta is still to be made."""
        known = self.prefill(given)
        self.meta.pair = known.client_id, known.client_secret
        # Of a remembered half nobody would know whose it is: the app is to be made anew.
        whole = bool(given.client_id and given.client_secret)
        pair = (given.client_id, given.client_secret) if whole else ("", Secret())
        return replace(known, client_id=pair[0], client_secret=pair[1])

    def restart_strapi(self) -> None:
        """What Ctrl-C and a new start do: ``.env`` is read again, too."""
        self.strapi.restart()

    def close(self) -> None:
        # No threads for it: at the end of the process none can be started any more.
        for server in (*self._servers, self.ngrok):
            server.end()
        self.internet.close()
        self.ending.close()
        for server in (*self._servers, self.ngrok):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _role_at_instagram(method: str, path: str) -> Role | None:
    return _STEPS.get((method, "/me" if path.endswith("/me") else path))


def _role_at_frontend(urls: Urls, _method: str, path: str) -> Role | None:
    return Role("redirect", "browser", "front end") if path == urls.redirect_path else None
