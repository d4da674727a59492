"""In and out of real projects under ``npm run develop``, by the buttons' own code; nobody restarts Strapi."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.core.flows import TODAY
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.project_forms import BackendForm, ProjectForm, ProviderFileForm
from helpers.notebook.put_back_form import PutBackForm
from helpers.strapi import restart
from tests.real import strapi as real
from tests.real.project import OwnStrapi, generate, git, watched_folder

# Every step waits for a restart of Strapi: ten seconds in JavaScript, up to a minute on a busy machine.
pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]

PUBLIC = "https://65e60559.ngrok-free.dev"
Open = Callable[..., tuple[OwnStrapi, Kit]]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """How busy the machine is decides nothing here."""
    monkeypatch.setattr(restart, "_BY_ITSELF", 600.0)


@pytest.fixture
def developed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A project that runs under ``npm run develop``, and a kit for it; ``prepare`` changes it before."""
    with ExitStack() as ending:
        folder = ending.enter_context(watched_folder())

        def developed(
            language: str, prepare: Callable[[Path], Path] = lambda path: path, version: str = real.NEWEST
        ) -> tuple[OwnStrapi, Kit]:
            (folder / "data").mkdir()
            project = prepare(generate(folder, version, language))
            strapi = OwnStrapi(folder / "data", project, version, script="develop")
            ending.enter_context(strapi)
            for name, value in facts(strapi).items():  # a kit that has put all back reads them again
                monkeypatch.setenv(name, value)
            kit = Kit(settings.load(home=tmp_path))
            ending.callback(kit.close)
            return strapi, kit

        yield developed


def facts(strapi: OwnStrapi) -> dict[str, str]:
    return {
        "KIT_MODE": "live", "PUBLIC_URL": PUBLIC, "STRAPI_URL": strapi.url,
        "STRAPI_PROJECT": str(strapi.project), "STRAPI_ADMIN_EMAIL": real.ADMIN_EMAIL,
        "STRAPI_ADMIN_PASSWORD": real.ADMIN_PASSWORD.reveal(),
        "INSTAGRAM_CLIENT_ID": SAMPLE_CLIENT_ID, "INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET,
    }  # fmt: skip


async def _apply(kit: Kit, form: type[ProjectForm]) -> str:
    shown = form(kit)
    shown.submit_button.click()
    await tasks.settled()
    shown.apply_button.click()
    await tasks.settled()
    assert shown.status.kind == "ok", shown.status.text
    return shown.status.text


def way_in(kit: Kit) -> None:
    for form in (BackendForm, ProviderFileForm):
        assert "Strapi has restarted by itself" in asyncio.run(_apply(kit, form))
    kit.save_provider()
    assert kit.strapi.connect(TODAY.provider, PUBLIC).redirect_uri == kit.urls.callback


async def _put_back(kit: Kit) -> str:
    form = PutBackForm(kit)
    form.submit_button.click()
    await tasks.settled()
    assert form.status.kind == "ok", form.status.text
    return form.status.text


def everything(project: Path) -> dict[str, bytes]:
    """What is on the disk, as far as it is the person's: git's own list, and its exclude file."""
    names = git(project, "ls-files", "--cached", "--others", "-z").split("\0")
    strapis = (".tmp", ".strapi", "types", "dist", "node_modules")  # the last holds its cache in a monorepo
    kept = [name for name in names if name and not name.startswith(strapis)]
    found = {name: (project / name).read_bytes() for name in kept if (project / name).is_file()}
    exclude = project / git(project, "rev-parse", "--git-path", "info/exclude").strip()
    return found | {"exclude": exclude.read_bytes()}


OLDER = [(version, language, 1) for version in real.VERSIONS[1:] for language in ("js", "ts")]


@pytest.mark.parametrize(
    ("version", "language", "rounds"),
    [
        (real.NEWEST, "js", 5),
        (real.NEWEST, "ts", 2),
        *(pytest.param(*each, marks=pytest.mark.long) for each in OLDER),
    ],
)
def test_in_and_out_again_and_again_without_a_trace(
    developed: Open, version: str, language: str, rounds: int
) -> None:
    strapi, kit = developed(language, version=version)
    before, files = kit.admin().stored(), everything(strapi.project)
    for _ in range(rounds):
        way_in(kit)
        status = git(strapi.project, "status", "--porcelain")
        assert status == "?? src/extensions/users-permissions/\n"
        said = asyncio.run(_put_back(kit))
        assert "Strapi has restarted by itself" in said
        assert kit.admin().stored() == before
        assert everything(strapi.project) == files
        assert not (strapi.project / "config/env").exists()
        assert (kit.undo.recorded, kit.undo.files.entries()) == ([], [])


def test_an_overlay_of_the_persons_own_stays_and_says_which_line_it_needs(developed: Open) -> None:
    own = "module.exports = { url: 'https://mine.example' };\n"

    def with_overlay(project: Path) -> Path:
        (project / "config/env/development").mkdir(parents=True)
        (project / "config/env/development/server.js").write_text(own)
        return project

    strapi, kit = developed("js", with_overlay)

    async def show() -> BackendForm:
        form = BackendForm(kit)
        form.submit_button.click()
        await tasks.settled()
        return form

    form = asyncio.run(show())
    assert "only you can change" in form.status.text
    assert f"url: '{PUBLIC}'," in str(form.by_hand.children[1])
    assert "Strapi has restarted by itself" in asyncio.run(_apply(kit, ProviderFileForm))
    asyncio.run(_put_back(kit))
    assert (strapi.project / "config/env/development/server.js").read_text() == own


def test_in_a_monorepo_the_plugin_may_be_asked_for_above(developed: Open) -> None:
    def into_monorepo(project: Path) -> Path:
        root = project.parent / "monorepo"
        app = root / "apps" / "shop"
        app.parent.mkdir(parents=True)
        shutil.move(project, app)
        shutil.rmtree(app / ".git")
        (app / "node_modules").rename(root / "node_modules")  # installed once, for all
        (root / ".gitignore").write_text("node_modules\n")
        package = json.loads((app / "package.json").read_text())
        plugin = package["dependencies"].pop(name := "@strapi/plugin-users-permissions")
        (app / "package.json").write_text(json.dumps(package))
        (root / "package.json").write_text(json.dumps({"private": True, "dependencies": {name: plugin}}))
        # Strapi resolves a package's name only through a main file, and this one has none: it takes a folder.
        (app / "config/plugins.js").write_text(
            "module.exports = () => ({ 'users-permissions': {\n"
            f"  enabled: true, resolve: '../../node_modules/{name}',\n"
            "  config: { jwtSecret: 'for-tests-only' } } });\n"
        )
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "monorepo")
        return app

    strapi, kit = developed("js", into_monorepo)
    files = everything(strapi.project)
    way_in(kit)
    assert git(strapi.project, "status", "--porcelain") == "?? apps/shop/src/extensions/users-permissions/\n"
    asyncio.run(_put_back(kit))
    assert everything(strapi.project) == files


KILLED = """
import os, signal, sys
from helpers.core import settings
from helpers.kit import Kit

kit = Kit(settings.load())
kit.undo.restore_provider(kit.admin(), kit.flow.provider)
kit.undo.files.undo(lambda step: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_after_a_kill_in_the_middle_of_it_the_next_press_ends_it(developed: Open, tmp_path: Path) -> None:
    strapi, kit = developed("js")
    before, files = kit.admin().stored(), everything(strapi.project)
    way_in(kit)
    given = {"PATH": "/usr/bin:/bin", "KIT_HOME": str(tmp_path)} | facts(strapi)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], env=given, cwd=Path(__file__).parents[2], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert kit.undo.files.entries()
    asyncio.run(_put_back(kit))
    assert kit.admin().stored() == before
    assert everything(strapi.project) == files
