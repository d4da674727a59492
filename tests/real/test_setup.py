"""The live notebooks change a freshly generated project, and everything can be put back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.core.flows import TODAY
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.kit import Kit
from tests.notebook.test_nbval import NBVAL, NOTEBOOKS, code_cells
from tests.real import strapi as real
from tests.real.project import OwnStrapi, generate, git
from tests.real.test_login import DOMAIN, PUBLIC, Stage, _log_in_when_asked, free_port
from tests.support.https_names import HttpsNames

pytestmark = pytest.mark.real


@contextmanager
def restarted_on_change(strapi: OwnStrapi) -> Iterator[list[float]]:
    """The person who restarts Strapi whenever a file of the project has changed."""
    ended, restarts = threading.Event(), list[float]()

    def seen() -> list[tuple[str, bytes]]:
        files = [
            strapi.project / ".env",
            *strapi.project.glob("config/*"),
            *strapi.project.glob("src/extensions/*/*"),
        ]
        return [(str(file), file.read_bytes()) for file in sorted(files) if file.is_file()]

    def watch() -> None:
        known = seen()
        while not ended.wait(0.3):
            now = seen()
            if now != known and not ended.wait(0.5):
                known = seen()
                strapi.restart()
                restarts.append(time.monotonic())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield restarts
    finally:
        ended.set()
        watching.join(60)


@pytest.mark.parametrize(("version", "language"), [("5.54.0", "js"), ("5.54.0", "ts"), ("5.50.0", "js")])
def test_the_notebooks_set_up_a_new_project_and_everything_can_be_put_back(
    version: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setattr(real, "_free_port", lambda: port)  # a restart comes back at the same address
    (tmp_path / "data").mkdir()
    project, gateway_port = generate(tmp_path, version, language), free_port()
    stage = _stage(tmp_path, project, version)
    urls = stage.prepare(TODAY)
    stage.internet.add(DOMAIN, gateway_port)
    env = (project / ".env").read_bytes()
    home = tmp_path / "home"
    home.mkdir()
    with stage.strapi as strapi, HttpsNames({DOMAIN: gateway_port}, tmp_path) as names:
        given = names.environment | {
            "KIT_MODE": "live", "KIT_FLOW": "today", "KIT_AUTOPILOT": "1", "KIT_HOME": str(home),
            "KIT_GATEWAY_PORT": str(gateway_port), "PUBLIC_URL": PUBLIC, "STRAPI_URL": strapi.url,
            "STRAPI_PROJECT": str(project), "STRAPI_ADMIN_EMAIL": real.ADMIN_EMAIL,
            "STRAPI_ADMIN_PASSWORD": real.ADMIN_PASSWORD.reveal(),
            "INSTAGRAM_CLIENT_ID": SAMPLE_CLIENT_ID, "INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET,
        }  # fmt: skip
        before = _providers(given, home)
        with restarted_on_change(strapi) as restarts:
            notebooks = subprocess.Popen(
                [sys.executable, "-m", "pytest", *NBVAL, f"--rootdir={NOTEBOOKS}", str(NOTEBOOKS)],
                env=os.environ | given, cwd=tmp_path, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            logged_in = threading.Event()
            person = threading.Thread(target=_log_in_when_asked, args=(stage, urls, notebooks, logged_in))
            person.start()
            printed, _ = notebooks.communicate(timeout=300)
            person.join(10)
        cells = sum(code_cells(path) for path in NOTEBOOKS.glob("*.ipynb"))
        assert re.search(rf"\b{cells} passed", printed), printed[-4000:]
        assert logged_in.is_set()
        assert len(restarts) == 2
        changed = git(project, "status", "--porcelain").split("\n")
        assert changed[:-1] == [f" M config/server.{language}", "?? src/extensions/users-permissions/"]

        kit = Kit(settings.load(given, home=home))
        try:
            kit.undo.restore_provider(kit.admin(), TODAY.provider)
            kit.undo.files.undo()
        finally:
            kit.close()
        assert git(project, "status", "--porcelain") == ""
        assert (project / ".env").read_bytes() == env
        strapi.restart()
        after = _providers(given, home)
        # Strapi keeps the entry that it made for the new provider itself; it is as Strapi made it: disabled.
        assert after.pop(TODAY.provider, {"enabled": False})["enabled"] is False
        assert after == before
    stage.close()


def _stage(folder: Path, project: Path, version: str) -> Stage:
    stage = Stage(folder / "data", version)
    stage.strapi = OwnStrapi(folder / "data", project, version, instagram_url=stage.instagram_server.url)
    return stage


def _providers(given: dict[str, str], home: Path) -> dict[str, dict[str, object]]:
    kit = Kit(settings.load(given, home=home))
    try:
        entries = kit.admin().providers()
    finally:
        kit.close()
    return {name: {k: v for k, v in entry.items() if k != "redirectUri"} for name, entry in entries.items()}
