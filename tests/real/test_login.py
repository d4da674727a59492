"""A whole login on a real Strapi: real pyngrok, gateway and provider file; only Instagram is played."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from helpers.core.errors import KitError
from helpers.core.flows import DOCUMENTED, FLOWS, HOSTS, TODAY, Flow
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import Urls
from helpers.gateway.app import HELLO, Gateway
from helpers.gateway.attempt import Attempt
from helpers.login.robot_browser import Browser
from helpers.login.verdict import Verdict, judge
from helpers.rehearsal.instagram.login_pages import Account, App, InstagramStandIn, Switches
from helpers.rehearsal.internet import Internet
from helpers.rehearsal.ngrok.cloud import Cloud
from helpers.rehearsal.ngrok.install import install_agent
from helpers.rehearsal.world import AUTHTOKEN
from helpers.strapi.client import Strapi
from helpers.tunnel.ngrok import NgrokTunnel
from helpers.web.server import Server
from tests.notebook.test_nbval import NBVAL, NOTEBOOKS, code_cells
from tests.real.strapi import ADMIN_EMAIL, ADMIN_PASSWORD, NEWEST, VERSIONS, RealStrapi
from tests.support.https_names import HttpsNames
from tests.support.provider_settings import change_provider
from tests.support.servers import free_port

pytestmark = pytest.mark.real

DOMAIN = "65e60559.ngrok-free.dev"
PUBLIC = f"https://{DOMAIN}"


class Stage:
    """Instagram as it was or is for one flow, and a real Strapi that speaks to it."""

    def __init__(self, folder: Path, version: str, **environment: str) -> None:
        account = Account()
        self.app = App("Kit test", SAMPLE_CLIENT_ID, Secret(SAMPLE_CLIENT_SECRET), set(), {account.username})
        self.instagram = InstagramStandIn(self.app, account, Switches())
        self.instagram_server = Server(self.instagram, names=lambda: HOSTS).start()
        self.internet = Internet()
        for host in HOSTS:
            self.internet.add(host, self.instagram_server.port)
        self.strapi = RealStrapi(
            folder,
            version,
            public_url=PUBLIC,
            instagram_url=self.instagram_server.url,
            environment=environment,
        )

    def prepare(self, flow: Flow) -> Urls:
        urls = Urls(PUBLIC, flow.provider)
        self.instagram.switches.era = flow.name
        self.app.redirect_uris = {urls.callback}
        return urls

    def browser(self, urls: Urls, twice: frozenset[str] = frozenset()) -> Browser:
        return Browser(httpx.Client(transport=self.internet.transport()), urls, twice)

    def close(self) -> None:
        self.internet.close()
        self.instagram_server.stop()


@contextmanager
def open_stage(folder: Path, version: str, **environment: str) -> Iterator[Stage]:
    stage = Stage(folder, version, **environment)
    try:
        with stage.strapi:
            yield stage
    finally:
        stage.close()


@pytest.fixture(scope="module", params=VERSIONS)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One Strapi of each version for all its logins."""
    with open_stage(tmp_path_factory.mktemp("strapi"), request.param) as stage:
        yield stage


def save_provider(stage: Stage, urls: Urls) -> None:
    with httpx.Client() as http:
        change_provider(
            Strapi(http, stage.strapi.url).sign_in(ADMIN_EMAIL, ADMIN_PASSWORD),
            urls.provider,
            key=SAMPLE_CLIENT_ID,
            secret=Secret(SAMPLE_CLIENT_SECRET),
            callback=urls.frontend_redirect,
        )


def walk(robot: Browser, gateway: Gateway, *, allow: bool = True) -> tuple[Attempt, Verdict]:
    began = time.monotonic()
    robot.finish(robot.start(), allow=allow)
    provider = robot.urls.provider
    attempt = gateway.witness.wait(lambda each: judge(each, provider).decided, timeout=10, since=began)
    return attempt, judge(attempt, provider)


@pytest.mark.parametrize("flow", [TODAY, DOCUMENTED], ids=["custom provider", "built-in provider"])
def test_a_login_through_tunnel_and_gateway_is_witnessed(stage: Stage, flow: Flow, tmp_path: Path) -> None:
    urls = stage.prepare(flow)
    save_provider(stage, urls)
    cloud = Cloud().start()
    agent = install_agent(tmp_path, KIT_NGROK_CLOUD=cloud.address, KIT_NGROK_DOMAIN=DOMAIN)
    tunnel = NgrokTunnel(authtoken=Secret(AUTHTOKEN), state_dir=tmp_path, ngrok_path=agent)
    gateway = Gateway(flow.provider, stage.strapi.url).start()
    try:
        gateway.public = tunnel.start(gateway.url)
        stage.internet.add(DOMAIN, cloud.port)
        attempt, verdict = walk(stage.browser(urls), gateway)
        assert verdict.ok, verdict.reason
        assert verdict.user is not None
        assert verdict.user["provider"] == flow.provider
        assert [(hop.step, hop.status) for hop in attempt] == [
            ("connect", 302), ("callback", 302), ("redirect", 200), ("auth", 200), ("me", 200),
        ]  # fmt: skip
        _, denied = walk(stage.browser(urls), gateway, allow=False)
        assert (denied.ok, denied.failure) == (False, "B18")
    finally:
        tunnel.stop()
        gateway.stop()
        cloud.stop()


@pytest.fixture
def unused_stage(tmp_path: Path) -> Iterator[Stage]:
    """The notebooks sign in more than once, and Strapi takes only five sign-ins in five minutes."""
    folder = tmp_path / "strapi"
    folder.mkdir()
    with open_stage(folder, NEWEST) as stage:
        yield stage


def test_the_live_notebooks_end_in_a_witnessed_login(unused_stage: Stage, tmp_path: Path) -> None:
    """On autopilot, with a tunnel of the user's own; a browser of ours plays the person."""
    stage = unused_stage
    urls, port = stage.prepare(FLOWS["today"]), free_port()
    stage.internet.add(DOMAIN, port)
    with HttpsNames({DOMAIN: port}, tmp_path) as names:
        given = names.environment | {
            "KIT_MODE": "live", "KIT_FLOW": "today", "KIT_AUTOPILOT": "1", "KIT_HOME": str(tmp_path),
            "KIT_GATEWAY_PORT": str(port), "PUBLIC_URL": PUBLIC, "STRAPI_URL": stage.strapi.url,
            "STRAPI_ADMIN_EMAIL": ADMIN_EMAIL, "STRAPI_ADMIN_PASSWORD": ADMIN_PASSWORD.reveal(),
            "INSTAGRAM_CLIENT_ID": SAMPLE_CLIENT_ID, "INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET,
        }  # fmt: skip
        told = tmp_path / "address"
        where = telling_the_address(tmp_path / "notebooks", told)
        command = [sys.executable, "-m", "pytest", *NBVAL, f"--rootdir={where}", str(where)]
        notebooks = subprocess.Popen(
            command, env=os.environ | given, cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        logged_in = threading.Event()
        person = threading.Thread(target=_log_in_when_asked, args=(stage, urls, notebooks, told, logged_in))
        person.start()
        printed, _ = notebooks.communicate(timeout=240)
        person.join(10)
    assert logged_in.is_set(), printed[-3000:]
    cells = sum(code_cells(path) for path in where.glob("*.ipynb"))
    assert re.search(rf"\b{cells} passed", printed), printed[-3000:]


def telling_the_address(folder: Path, told: Path) -> Path:
    """Copies of the notebooks with one more cell, before the login: it writes down what the form shows.

    The address carries the mark by which the person's browser is known, so nobody can make it up. Going live
    is left out: it wants the addresses of a Strapi that is deployed (``test_browser_go_live``).
    """
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns("3_go_live.ipynb"))
    set_up = folder / "1_set_up.ipynb"
    notebook = json.loads(set_up.read_text(encoding="utf-8"))
    place = next(n for n, cell in enumerate(notebook["cells"]) if "login_form()" in "".join(cell["source"]))
    source = f"from pathlib import Path\nPath({str(told)!r}).write_text(setup.login_address)"
    cell = {"cell_type": "code", "id": "tell-address", "metadata": {}, "source": source, "outputs": []}
    notebook["cells"].insert(place, cell | {"execution_count": None})
    set_up.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def _log_in_when_asked(
    stage: Stage, urls: Urls, notebooks: subprocess.Popen[str], told: Path, done: threading.Event
) -> None:
    """Wait until the public address is open and the provider enabled, then log in as one is told to."""
    robot = stage.browser(urls)
    with httpx.Client() as http:
        strapi = Strapi(http, stage.strapi.url)
        while notebooks.poll() is None:
            time.sleep(0.2)
            if _is_enabled(strapi, urls.provider) and _is_open(robot.http) and told.exists():
                robot.finish(robot.start(told.read_text(encoding="utf-8")), allow=True)
                done.set()
                return


def _is_enabled(strapi: Strapi, provider: str) -> bool:
    try:
        return strapi.engine(provider) is not None
    except KitError:  # it is just being restarted
        return False


def _is_open(http: httpx.Client) -> bool:
    try:
        return http.get(PUBLIC + HELLO).status_code == 200
    except httpx.TransportError:
        return False
