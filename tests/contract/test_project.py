"""What Strapi makes of its project's files under ``strapi develop``: the same for stand-in and real ones."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.project import overlay
from helpers.project.strapi_project import ENTRY_FILE, PROVIDER_FILE, entry_source, provider_source
from helpers.rehearsal.strapi.config import Config
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD, StrapiStandIn
from helpers.strapi import restart as restarts
from helpers.strapi.client import Strapi
from helpers.strapi.restart import BY_ITSELF, Providers, Restart, sends
from helpers.web.server import Server
from tests.real import strapi as real
from tests.real.project import OwnStrapi, generate, watched_folder

STAND_IN = "stand-in"
_NEWEST, *_OLDER = real.VERSIONS
KINDS = [
    STAND_IN,
    pytest.param(_NEWEST, marks=pytest.mark.real),
    *(pytest.param(version, marks=[pytest.mark.real, pytest.mark.long]) for version in _OLDER),
]
FIRST, SECOND = "https://first.ngrok-free.dev", "https://second.ngrok-free.dev"
OVERLAY = overlay.path("development", "js")
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """How busy the machine is decides nothing here."""
    monkeypatch.setattr(restarts, "_BY_ITSELF", 600.0)


@contextmanager
def developed(kind: str, tmp_path: Path) -> Iterator[tuple[Restart, Path]]:
    """The kit's view of one that runs in its project's folder, and the folder."""
    with httpx.Client(trust_env=False) as http:
        if kind == STAND_IN:
            project = tmp_path / "shop"
            shutil.copytree(str(files("helpers.rehearsal.strapi") / "project"), project)
            app = StrapiStandIn(config=Config(develop=True), custom_provider=False, project=project).app
            server = Server(app).start()
            try:
                yield _restart(Strapi(http, server.url), project, ADMIN_EMAIL, ADMIN_PASSWORD), project
            finally:
                server.stop()
            return
        with watched_folder() as folder:
            (folder / "data").mkdir()
            project = generate(folder, kind, "js")
            with OwnStrapi(folder / "data", project, kind, script="develop") as strapi:
                client = Strapi(http, strapi.url)
                yield _restart(client, project, real.ADMIN_EMAIL, real.ADMIN_PASSWORD), project


def _restart(strapi: Strapi, project: Path, email: str, password: Secret) -> Restart:
    admin = strapi.sign_in(email, password)
    return Restart(strapi, lambda: admin, str(project), lambda _: None, threading.Event())


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_taken_over_by_itself(kind: str, tmp_path: Path) -> None:
    with developed(kind, tmp_path) as (restart, project):

        def taken_over(seen: Callable[[Providers], bool]) -> str:
            return restart.wait(BY_ITSELF, seen)

        assert restart.look() == BY_ITSELF
        server = project / "config/server.js"
        # As on Strapi's page: it can never read a variable, and the overlay goes over it.
        line = "  url: env('', 'http://localhost:1337'),\n"
        server.write_text(server.read_text().replace("  app:", f"{line}  app:"))
        taken_over(lambda found: sends(found, "http://localhost:1337"))
        for public in (FIRST, SECOND):
            write(project / OVERLAY, overlay.source(public, "js"))
            taken_over(lambda found, public=public: sends(found, public))
        write(project / PROVIDER_FILE, provider_source())
        write(project / ENTRY_FILE, entry_source())  # Strapi reads the provider file through it alone
        taken_over(lambda found: TODAY.provider in found)
        (project / ENTRY_FILE).unlink()
        (project / PROVIDER_FILE).unlink()
        taken_over(lambda found: TODAY.provider not in found and sends(found, SECOND))
        (project / OVERLAY).unlink()
        taken_over(lambda found: sends(found, "http://localhost:1337"))
