"""The overlay on freshly generated projects: all versions, both languages, both ways to run Strapi."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from helpers.project.journal import Journal
from helpers.project.strapi_project import Project
from helpers.strapi import restart
from helpers.strapi.client import Strapi
from helpers.strapi.restart import BY_HAND, BY_ITSELF, Providers, Restart, sends
from tests.real import strapi as real
from tests.real.project import OwnStrapi, generate, git, watched_folder

# Strapi 4 builds its admin panel before it starts.
pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

FIRST, SECOND = "https://first.ngrok-free.dev", "https://second.ngrok-free.dev"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """How busy the machine is decides nothing here."""
    monkeypatch.setattr(restart, "_BY_ITSELF", 600.0)


class Developer:
    """Changes the overlay of a running Strapi and waits until Strapi has it, as the form does."""

    def __init__(self, strapi: OwnStrapi, journal: Journal, way: Restart) -> None:
        self.strapi, self.journal, self._way = strapi, journal, way
        self._project = Project(strapi.project)

    def give(self, public: str) -> str:
        planned = self._project.address(public)
        return self._wait(lambda: planned.apply(self.journal), lambda found: sends(found, public))

    def take_out(self) -> str:
        return self._wait(self.journal.undo, lambda found: not sends(found, SECOND))

    def _wait(self, change: Callable[[], object], seen: Callable[[Providers], bool]) -> str:
        how = self._way.look()
        change()
        if self.strapi.by_itself:
            assert how == BY_ITSELF
        else:
            assert how == BY_HAND
            self.strapi.restart()
        return self._way.wait(how, seen)


@pytest.mark.parametrize("script", ["develop", "start"])
@pytest.mark.parametrize("language", ["js", "ts"])
@pytest.mark.parametrize("version", real.VERSIONS)
def test_strapi_takes_the_address_over_and_lets_it_go(
    tmp_path: Path, version: str, language: str, script: str
) -> None:
    with watched_folder() as folder, httpx.Client(trust_env=False, timeout=20) as http:
        (folder / "data").mkdir()
        project = generate(folder, version, language)
        with OwnStrapi(folder / "data", project, version, script=script) as strapi:
            client = Strapi(http, strapi.url)
            admin = client.sign_in(real.ADMIN_EMAIL, real.ADMIN_PASSWORD)
            way = Restart(client, lambda: admin, str(project), lambda _: None, threading.Event())
            developer = Developer(strapi, Journal(tmp_path / "files.jsonl"), way)
            said = [developer.give(FIRST), developer.give(SECOND)]
            assert git(project, "status", "--porcelain") == ""
            said.append(developer.take_out())
            by_whom = "has restarted by itself" if strapi.by_itself else "was restarted"
            assert said == [f"Strapi {by_whom}"] * 3
            assert git(project, "status", "--porcelain", "--ignored", "config") == ""
