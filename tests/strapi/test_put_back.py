"""The way back, whatever Strapi does meanwhile, whatever is gone already, and however often it is begun."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from helpers.core.errors import Conflict
from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.project.journal import Journal
from helpers.project.strapi_project import ENTRY_FILE, PROVIDER_FILE, Project
from helpers.rehearsal.strapi.config import Config
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD, StrapiStandIn
from helpers.strapi import restart
from helpers.strapi.client import Admin, Strapi
from helpers.strapi.provider_undo import Undo
from helpers.strapi.put_back import PutBack
from helpers.strapi.restart import Restart
from helpers.web.server import Server

PUBLIC = "https://shop.ngrok-free.dev"
OVERLAY = "config/env/development/server.js"
PAGE = f"{PUBLIC}/connect/{TODAY.provider}/redirect"


class Killed(BaseException):
    """What is left of a process that is killed here is what is on the disk and in Strapi."""


class Setup:
    """A Strapi under ``strapi develop``, its project, and the kit's changes in both."""

    def __init__(self, folder: Path) -> None:
        self.kit, self.project = folder / "kit", folder / "shop"
        self.kit.mkdir()
        shutil.copytree(str(files("helpers.rehearsal.strapi") / "project"), self.project)
        self.strapi = StrapiStandIn(config=Config(develop=True), custom_provider=False, project=self.project)
        self.server = Server(self.strapi.app).start()
        self.http = httpx.Client(trust_env=False)
        self.undo = Undo(self.kit, self.server.url)
        self.files_before, self.providers_before = self.contents(), self.admin().stored()
        project = Project(self.project)
        (project.address(PUBLIC) + project.provider()).apply(self.undo.files)
        self.change()

    def change(self, key: str = "1") -> None:
        change = self.admin().plan(TODAY.provider, key=key, secret=Secret("0" * 32), callback=PAGE)
        self.undo.remember(change)
        self.admin().apply(change)

    def admin(self) -> Admin:
        return Strapi(self.http, self.server.url).sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)

    def contents(self) -> dict[str, bytes]:
        found = (path for path in self.project.rglob("*") if path.is_file())
        return {str(path.relative_to(self.project)): path.read_bytes() for path in found}

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = Server(self.strapi.app, self.server.port).start()

    def press(self, **chosen: bool) -> list[str]:
        """As in a kernel that knows nothing but the disk."""
        undo, ever = Undo(self.kit, self.server.url), threading.Event()
        strapi = Strapi(self.http, self.server.url)
        way = Restart(strapi, self.admin, str(self.project), lambda _: None, ever)
        put_back = PutBack(undo, self.admin, way, PUBLIC)
        put_back.run(**chosen)
        return put_back.done

    def is_as_before(self) -> bool:
        undo = Undo(self.kit, self.server.url)
        assert (undo.recorded, undo.files.entries()) == ([], [])
        assert self.contents() == self.files_before
        return self.admin().stored() == self.providers_before


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    monkeypatch.setattr(restart, "_LOOK", 0.02)
    setup = Setup(tmp_path)
    yield setup
    setup.http.close()
    setup.server.stop()


GONE = {
    "nothing": (),
    "overlay": (OVERLAY,),
    "provider file": (PROVIDER_FILE,),
    "both": (OVERLAY, PROVIDER_FILE),
}


def killed_once(monkeypatch: pytest.MonkeyPatch, target: type, method: str) -> None:
    """Its next call is the last thing that this process does; the next process calls it as ever."""
    whole, left = getattr(target, method), [Killed]

    def last(*given: object) -> object:
        if left:
            raise left.pop()
        return whole(*given)

    monkeypatch.setattr(target, method, last)


@pytest.mark.parametrize("times", ["once", "twice", "killed behind the provider", "killed behind a file"])
@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize("state", ["up", "down", "restarting"])
def test_everything_is_as_before_in_the_end(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, state: str, gone: str, times: str
) -> None:
    for name in GONE[gone]:
        (setup.project / name).unlink()
    starting = threading.Timer(0.5, setup.start)
    if state != "up":
        setup.stop()
    if state == "restarting":
        starting.start()
    if state == "down":
        monkeypatch.setattr(restart, "_RESTARTING", 0.1)
        with pytest.raises(Conflict, match="Strapi does not run, so the settings of"):
            setup.press()
        assert not (setup.project / OVERLAY).exists()
        setup.start()
    if times.startswith("killed"):
        target, method = (Undo, "_write") if times.endswith("provider") else (Journal, "_append")
        killed_once(monkeypatch, target, method)
        with pytest.raises(Killed):
            setup.press()
    setup.press()
    if state == "restarting":
        starting.join()
    if times == "twice":
        assert setup.press() == ["no provider was changed", "no file was changed"]
    assert setup.is_as_before()


def test_what_was_done_is_said_and_only_once_it_was_seen(setup: Setup) -> None:
    assert setup.press() == [
        "instagram-business has its former settings",
        f"files as before: shop/{ENTRY_FILE}, shop/{PROVIDER_FILE}, shop/{OVERLAY}",
        "Strapi has restarted by itself",
    ]


def test_settings_that_somebody_changed_since_stay_and_so_does_the_file_they_live_by(setup: Setup) -> None:
    setup.strapi.providers[TODAY.provider]["key"] = "of somebody else"
    with pytest.raises(Conflict, match="Somebody else has changed the settings") as caught:
        setup.press()
    assert caught.value.fix
    assert setup.admin().stored()[TODAY.provider]["key"] == "of somebody else"
    assert (setup.project / PROVIDER_FILE).exists()
    assert not (setup.project / OVERLAY).exists()
    assert Undo(setup.kit, setup.server.url).recorded == [TODAY.provider]


def test_without_the_tick_at_the_provider_files_go_back_also_while_strapi_is_down(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restart, "_RESTARTING", 0.1)
    setup.stop()
    assert setup.press(providers=False)[-1] == "Strapi does not run: it reads them when you start it"
    setup.start()
    assert setup.press() == ["Strapi has dropped instagram-business", "no file was changed"]
    assert setup.is_as_before()


def test_under_strapi_start_somebody_has_to_restart_it(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "_BY_HAND", 5.0)
    setup.strapi.config.develop = False
    threading.Timer(0.5, setup.strapi.restart).start()
    assert setup.press()[-1] == "Strapi was restarted"
    assert setup.is_as_before()


def test_a_strapi_that_is_not_restarted_is_named(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "_BY_HAND", 0.1)
    setup.strapi.config.develop = False
    with pytest.raises(Conflict, match="Strapi still runs as before"):
        setup.press()
    setup.strapi.restart()
    assert setup.press() == ["no provider was changed", "no file was changed"]
    assert setup.is_as_before()


@pytest.fixture
def without_admin(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Wait for a restart that nobody may look into."""
    monkeypatch.setattr(restart, "_OVERLOOKED", 0.5)
    strapi = Strapi(setup.http, setup.server.url)
    way = Restart(strapi, None, str(setup.project), lambda _: None, threading.Event())
    return lambda: way.wait(way.look(), lambda _: False)


def test_without_an_administrator_a_restart_is_seen_from_outside(
    setup: Setup, without_admin: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restart, "_OVERLOOKED", 10.0)  # a server that stops says goodbye to its guests first

    def go_and_come_back() -> None:
        setup.stop()
        time.sleep(1.0)
        setup.start()

    restarting = threading.Timer(0.2, go_and_come_back)
    restarting.start()
    assert without_admin() == "Strapi has restarted by itself"
    restarting.join()


def test_without_an_administrator_no_restart_is_claimed_that_was_not_seen(
    without_admin: Callable[[], str],
) -> None:
    assert without_admin().startswith("If it does not run under npm run develop: restart Strapi: Ctrl-C")
