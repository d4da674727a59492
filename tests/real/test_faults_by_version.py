"""The faults that a real Strapi can play: what the stand-in's are named by, names these too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.core import settings
from helpers.core.errors import KitError
from helpers.core.flows import DOCUMENTED, TODAY
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import DOCUMENTED_FRONTEND
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.rehearsal.instagram.login_pages import Switches
from tests.real.strapi import ADMIN_EMAIL, ADMIN_PASSWORD, NEWEST
from tests.real.test_login import DOMAIN, PUBLIC, Stage, open_stage
from tests.support.breaking import ended
from tests.support.strapi_worlds import NO_LIMIT, MiniInstagram, Panel, World

pytestmark = pytest.mark.real

PROVIDER = TODAY.provider
ELSEWHERE = f"{DOCUMENTED_FRONTEND}/connect/{PROVIDER}/redirect"
Record = Callable[[str, object], None]


class LiveKit(Kit):
    """A live kit in a world where the public names lead to this machine."""

    def __init__(self, stage: Stage, home: Path) -> None:
        self.stage = stage
        facts = {
            "KIT_MODE": "live", "PUBLIC_URL": PUBLIC, "STRAPI_URL": stage.strapi.url,
            "STRAPI_ADMIN_EMAIL": ADMIN_EMAIL, "STRAPI_ADMIN_PASSWORD": ADMIN_PASSWORD.reveal(),
            "INSTAGRAM_CLIENT_ID": SAMPLE_CLIENT_ID, "INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET,
        }  # fmt: skip
        super().__init__(settings.load(facts, home=home))
        pair = (ADMIN_EMAIL, ADMIN_PASSWORD)
        self.seen_by_admin = World(stage.strapi.project.name, stage.strapi.url, MiniInstagram(), *pair)
        self.panel = Panel(self.seen_by_admin)

    def close(self) -> None:
        super().close()
        self.seen_by_admin.http.close()

    def _client(self) -> httpx.Client:
        return httpx.Client(transport=self.stage.internet.transport(), timeout=20)

    def make_whole(self) -> None:
        self.open_address()
        self.stage.internet.add(DOMAIN, int(self.gateway.url.rpartition(":")[2]))
        self.stage.prepare(TODAY)
        self.stage.instagram.state.switches = Switches()
        self.stage.app.client_secret = Secret(SAMPLE_CLIENT_SECRET)
        self.save_provider()
        self.panel.advanced(allow_register=True, default_role="authenticated")
        self.panel.may_read_me(True)
        self.changed()

    def store(self, **fields: Any) -> None:
        """Fields of the provider's entry, as the admin panel saves them."""
        change = self.admin().plan(PROVIDER, key="", secret=Secret(), callback="")
        change.after.clear()
        change.after.update({**change.before, **fields})
        self.admin().apply(change)
        self.changed()

    def walk(self, address: str = "", twice: frozenset[str] = frozenset()) -> str | None:
        """Log in as a person does, and what the verdict calls it."""
        began, robot = time.monotonic(), self.stage.browser(self.urls, twice)
        with suppress(KitError):
            robot.finish(robot.start(address), allow=True)
        return ended(self, began).failure

    def diagnosed(self) -> str | None:
        return next((cause.failure for cause, _ in checks.causes(checks.run(self))), None)


@contextmanager
def live(folder: Path, version: str, **environment: str) -> Iterator[LiveKit]:
    with open_stage(folder, version, RATE_LIMIT=str(NO_LIMIT), **environment) as stage:
        kit = LiveKit(stage, folder)
        try:
            kit.make_whole()
            yield kit
        finally:
            kit.close()


@pytest.fixture(scope="module", params=[NEWEST, "5.50.0"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKit]:
    with live(tmp_path_factory.mktemp("live"), request.param) as kit:
        yield kit


@pytest.fixture
def kit(shared: LiveKit) -> LiveKit:
    shared.make_whole()
    shared.gateway.witness._attempts.clear()
    # Every test brings a person of its own.
    account = shared.stage.instagram.account
    account.id = str(int(account.id) + 2)
    account.username = f"person_{account.id}"
    shared.stage.app.testers.add(account.username)
    return shared


STORED: dict[str, dict[str, Any]] = {
    "A01": {"enabled": False},
    "A13": {"callback": f"/connect/{PROVIDER}/redirect"},
    "A14": {"callback": ""},
    "A15": {"callback": f"{PUBLIC}/api/connect/{PROVIDER}/callback"},
    "A18": {"callback": ELSEWHERE},
    "A38": {"authorize_url": ""},
    "A40": {"scope": ["instagram_business_manage_insights"]},
    "B01": {"authorize_url": DOCUMENTED.authorize_url},
    "B02": {"scope": [DOCUMENTED.scope]},
    "B03": {"scope": ["business_basic"]},
    "B04": {"key": "1184467019273355"},
    "D10": {"callback": f"{PUBLIC}/connect/{PROVIDER}"},
}


def test_before_anything_is_broken_the_doctor_and_a_login_are_content(kit: LiveKit) -> None:
    assert kit.diagnosed() is None
    assert kit.walk() is None
    assert kit.logins.verdict().ok


@pytest.mark.parametrize("id_", STORED)
def test_a_wrong_setting_is_named(kit: LiveKit, id_: str, record_property: Record) -> None:
    if id_ == "A18" and kit.engine != "session":
        pytest.skip("the token in the address reaches every site")
    if id_ == "A38" and kit.engine != "session":
        pytest.skip("Strapi 5.50 sends people to an address without a host instead")
    kit.store(**STORED[id_])
    assert kit.diagnosed() == id_
    record_property("provokes", id_)


@pytest.mark.parametrize(
    ("id_", "setting"), [("A25", {"allow_register": False}), ("A30", {"default_role": "editor"})]
)
def test_an_advanced_setting_is_named(
    kit: LiveKit, id_: str, setting: dict[str, Any], record_property: Record
) -> None:
    kit.panel.advanced(**setting)
    assert kit.walk() == id_
    assert kit.diagnosed() == id_
    record_property("provokes", id_)


def log_in_once_and_block(kit: LiveKit) -> None:
    assert kit.walk() is None
    kit.panel.block(email(kit))


def email(kit: LiveKit) -> str:
    return f"{kit.stage.instagram.account.id}@{PROVIDER}.invalid"


USERS: dict[str, Callable[[LiveKit], object]] = {
    "A26": lambda kit: kit.panel.take_email(email(kit)),
    "A31": lambda kit: kit.panel.may_read_me(False),
    "A32": log_in_once_and_block,
    "A28": lambda kit: setattr(kit.stage.instagram.switches, "wrapped_token", True),
    "B11": lambda kit: setattr(kit.stage.instagram.switches, "graph_error", 100),
    "B12": lambda kit: setattr(kit.stage.instagram.switches, "graph_error", 190),
    "B08": lambda kit: setattr(kit.stage.instagram.switches, "code_life", -1.0),
    "B07": lambda kit: setattr(kit.stage.app, "client_secret", Secret("0" * 32)),
    "A41": lambda kit: setattr(kit.stage.instagram.switches, "long_token", True),
}


@pytest.mark.parametrize("id_", USERS)
def test_a_login_that_breaks_is_named(kit: LiveKit, id_: str, record_property: Record) -> None:
    if id_ == "A41" and kit.engine != "session":
        pytest.skip("no token in the cookie")
    USERS[id_](kit)
    # Newer Strapis keep Instagram's reason to themselves, and a live kit hears nobody else.
    hidden = kit.engine == "session" and id_ in ("B07", "B08")
    expected = "A11" if hidden else id_
    assert kit.walk() == expected
    record_property("provokes", expected)


@pytest.mark.parametrize("id_", ["A09", "A10", "A16", "B08"])
def test_a_login_that_is_begun_wrongly_is_named(kit: LiveKit, id_: str, record_property: Record) -> None:
    session = kit.engine == "session"
    if id_ == "A09":
        found = kit.walk(kit.settings.strapi_url + kit.urls.connect_path)
        id_ = "A09" if session else "A08"
    elif id_ == "B08":
        found = kit.walk(twice=frozenset({kit.urls.callback_path}))
        id_ = "A09" if session else "B08"
    elif id_ == "A10":
        found = kit.walk(kit.urls.callback)
        id_ = "A10" if session else "A08"
    else:
        found = kit.walk(f"{kit.urls.connect}?callback=https://shop.example/")
    assert found == id_
    record_property("provokes", id_)


FILES: dict[str, tuple[str, dict[str, str]]] = {
    "A03": (NEWEST, {"PUBLIC_URL": "http://localhost:1337"}),
    "A02": (NEWEST, {"PUBLIC_URL": PUBLIC.replace("https", "http")}),
    "A04": (NEWEST, {"PUBLIC_URL": "https://1b2c3d4e.ngrok-free.dev"}),
    "A05": (NEWEST, {"PUBLIC_URL": f"{PUBLIC}/backend"}),
    "A06": (NEWEST, {"REST_PREFIX": "/v1"}),
    "A07": (NEWEST, {"SESSION_MIDDLEWARE": "false"}),
    "A21": (NEWEST, {"SAME_SITE": "none"}),
    "A22": (NEWEST, {"NODE_ENV": "production"}),
    "A37": ("5.50.0", {"CORS_ORIGINS": "https://shop.example"}),
    "D09": (NEWEST, {"SAME_SITE": "none", "SECURE": "true", "PROXY": "true"}),
}


@pytest.mark.parametrize("id_", FILES)
def test_a_wrong_file_is_named(id_: str, tmp_path: Path, record_property: Record) -> None:
    version, environment = FILES[id_]
    with live(tmp_path, version, **environment) as kit:
        if id_ in ("A37", "D09"):
            kit.store(callback=ELSEWHERE)
        assert kit.diagnosed() == id_
    record_property("provokes", id_)


def test_an_instagram_out_of_reach_is_named(tmp_path: Path, record_property: Record) -> None:
    with live(tmp_path, NEWEST, INSTAGRAM_URL="http://127.0.0.1:9") as kit:
        assert kit.walk() == "A42"
    record_property("provokes", "A42")


def test_ten_logins_in_a_minute_are_named(tmp_path: Path, record_property: Record) -> None:
    with open_stage(tmp_path, NEWEST) as stage:
        kit = LiveKit(stage, tmp_path)
        try:
            kit.make_whole()
            for _ in range(10):
                kit.http.get(stage.strapi.url + kit.urls.connect_path)
            assert kit.diagnosed() == "A17"
        finally:
            kit.close()
    record_property("provokes", "A17")
