"""The live notebooks change a freshly generated project, and everything can be put back."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.core.flows import TODAY
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.put_back_form import PutBackForm
from tests.notebook.test_nbval import NBVAL, code_cells
from tests.real import strapi as real
from tests.real.project import OwnStrapi, generate, git, watched_folder
from tests.real.test_login import DOMAIN, PUBLIC, Stage, _log_in_when_asked, telling_the_address
from tests.support.https_names import HttpsNames
from tests.support.servers import free_port

pytestmark = pytest.mark.real


@pytest.mark.timeout(900)  # five restarts of Strapi, up to a minute each on a busy machine
@pytest.mark.parametrize(
    ("version", "language"),
    [("5.54.0", "js"), ("5.54.0", "ts"), pytest.param("5.50.0", "js", marks=pytest.mark.long)],
)
def test_the_notebooks_set_up_a_new_project_and_everything_can_be_put_back(
    version: str, language: str, tmp_path: Path
) -> None:
    with watched_folder() as folder:
        (folder / "data").mkdir()
        project = generate(folder, version, language)
        _walk_in_and_out(_stage(folder, project, version), project, tmp_path)


def _walk_in_and_out(stage: Stage, project: Path, tmp_path: Path) -> None:
    gateway_port = free_port()
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
        told = tmp_path / "address"
        where = telling_the_address(tmp_path / "notebooks", told)
        notebooks = subprocess.Popen(
            [sys.executable, "-m", "pytest", *NBVAL, f"--rootdir={where}", str(where)],
            env=os.environ | given, cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        logged_in = threading.Event()
        person = threading.Thread(target=_log_in_when_asked, args=(stage, urls, notebooks, told, logged_in))
        person.start()
        printed, _ = notebooks.communicate(timeout=600)
        person.join(10)
        cells = sum(code_cells(path) for path in where.glob("*.ipynb"))
        assert re.search(rf"\b{cells} passed", printed), printed[-4000:]
        assert logged_in.is_set()
        assert git(project, "status", "--porcelain") == "?? src/extensions/users-permissions/\n"

        kit = Kit(settings.load({**given, "KIT_AUTOPILOT": ""}, home=home))
        try:
            said = asyncio.run(_put_back(kit))
        finally:
            kit.close()
        assert "the user of your login, kit_rehearsal, is deleted" in said
        assert "Strapi has restarted by itself" in said
        assert git(project, "status", "--porcelain") == ""
        assert (project / ".env").read_bytes() == env
        assert _providers(given, home) == before
    stage.close()


async def _put_back(kit: Kit) -> str:
    form = PutBackForm(kit)
    form.users.value = True
    form.submit_button.click()
    await tasks.settled()
    assert form.status.kind == "ok", form.status.text
    return form.status.text


def _stage(folder: Path, project: Path, version: str) -> Stage:
    stage = Stage(folder / "data", version)
    instagram = stage.instagram_server.url
    stage.strapi = OwnStrapi(folder / "data", project, version, script="develop", instagram_url=instagram)
    return stage


def _providers(given: dict[str, str], home: Path) -> dict[str, dict[str, object]]:
    kit = Kit(settings.load(given, home=home))
    try:
        entries = kit.admin().providers()
    finally:
        kit.close()
    return {name: {k: v for k, v in entry.items() if k != "redirectUri"} for name, entry in entries.items()}
