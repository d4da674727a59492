"""*Put it back* on a running Strapi under ``npm run develop``, by the button's own code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.core.flows import TODAY
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.put_back_form import PutBackForm
from helpers.project.strapi_project import Project
from helpers.strapi.restart import wait
from tests.real import strapi as real
from tests.real.project import OwnStrapi, generate, git, watched_folder

pytestmark = pytest.mark.real

PUBLIC = "https://65e60559.ngrok-free.dev"


@pytest.fixture
def strapi() -> Iterator[OwnStrapi]:
    with watched_folder() as folder:
        (folder / "data").mkdir()
        project = generate(folder, real.NEWEST, "js")
        with OwnStrapi(folder / "data", project, real.NEWEST, script="develop") as strapi:
            yield strapi


def kit_for(strapi: OwnStrapi, home: Path) -> Kit:
    given = {
        "KIT_MODE": "live", "PUBLIC_URL": PUBLIC, "STRAPI_URL": strapi.url,
        "STRAPI_PROJECT": str(strapi.project),
        "STRAPI_ADMIN_EMAIL": real.ADMIN_EMAIL, "STRAPI_ADMIN_PASSWORD": real.ADMIN_PASSWORD.reveal(),
        "INSTAGRAM_CLIENT_ID": SAMPLE_CLIENT_ID, "INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET,
    }  # fmt: skip
    return Kit(settings.load(given, home=home))


def set_up(kit: Kit) -> None:
    project = Project(kit.settings.strapi_project)
    (project.address(PUBLIC) + project.provider()).apply(kit.undo.files)
    known = wait(
        lambda: TODAY.provider in kit.admin().providers(), 90, threading.Event(), kit.settings.strapi_project
    )
    assert known
    kit.save_provider()


async def press(kit: Kit) -> PutBackForm:
    form = PutBackForm(kit)
    form.submit_button.click()
    await tasks.settled()
    return form


def test_a_javascript_project_is_as_before_after_each_of_five_rounds(
    strapi: OwnStrapi, tmp_path: Path
) -> None:
    kit = kit_for(strapi, tmp_path)
    try:
        before = kit.admin().stored()
        for _ in range(5):
            set_up(kit)
            form = asyncio.run(press(kit))
            assert form.status.kind == "ok", f"{form.status.text}\n{strapi.log.read_text()[-3000:]}"
            assert git(strapi.project, "status", "--porcelain") == ""
            assert (strapi.project / ".env").read_text() == "HOST=127.0.0.1\n"
            assert kit.admin().stored() == before
            assert kit.undo.recorded == []
            assert kit.undo.files.entries() == []
    finally:
        kit.close()
