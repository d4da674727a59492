"""Files that the kit must not write, or not where they seem to be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from helpers.core.errors import InputError
from helpers.project import overlay, strapi_project
from helpers.project.folder import Folder
from helpers.project.front_end_project import FrontEnd
from helpers.project.journal import Journal
from helpers.project.strapi_project import Project
from tests.support.git import needs_git
from tests.support.projects import contents, make, strapi

PUBLIC = "https://shop.ngrok-free.dev"
OVERLAY = "config/env/development/server.js"
FILES = (strapi_project.PROVIDER_FILE, strapi_project.ENTRY_FILE)


def test_a_read_only_file_is_said_before_anything_is_applied(tmp_path: Path):
    folder = strapi(tmp_path)
    (folder / "config/env/development").mkdir(parents=True)
    (folder / OVERLAY).write_text(overlay.source("https://old.ngrok-free.dev", "js"))
    (folder / OVERLAY).chmod(0o444)
    with pytest.raises(InputError, match=r"config/env/development/server\.js is read-only"):
        Project(folder).address(PUBLIC)


@pytest.mark.parametrize("name", ["config", "src"])
def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path, name: str):
    folder, outside = strapi(tmp_path / "shop"), tmp_path / "outside"
    outside.mkdir()
    target = outside / Path(name).name
    if name == "src":
        target.mkdir()
    else:
        (folder / name).rename(target)
    (folder / name).symlink_to(target)
    before = contents(tmp_path)
    refused = Project(folder).address(PUBLIC) if name == "config" else Project(folder).provider()
    assert refused.changes == ()
    assert all("is a link that leads out of the project, to " in str(each) for each in refused.by_hand)
    sources = (
        [overlay.source(PUBLIC, "js")]
        if name == "config"
        else [strapi_project.provider_source(), strapi_project.entry_source()]
    )
    assert [each.snippet for each in refused.by_hand] == sources
    assert contents(tmp_path) == before


@pytest.mark.parametrize(("name", "files"), [("config", [OVERLAY]), ("src", FILES)])
@needs_git
def test_what_was_put_behind_a_link_by_hand_is_seen(tmp_path: Path, name: str, files: list[str]):
    folder, outside = strapi(tmp_path / "shop"), tmp_path / "outside"
    outside.mkdir()
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / name).mkdir(exist_ok=True)
    (folder / name).rename(outside / name)
    (folder / name).symlink_to(outside / name)
    for refusal, file in zip(
        (Project(folder).address(PUBLIC) + Project(folder).provider()).by_hand, files, strict=True
    ):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(refusal.snippet)
    plan = Project(folder).address(PUBLIC) if name == "config" else Project(folder).provider()
    assert (plan.changes, plan.by_hand) == ((), ())


def test_a_linked_env_file_says_which_environment_it_is(tmp_path: Path):
    folder = strapi(tmp_path / "shop")
    (folder / ".env").unlink()
    (tmp_path / "shared.env").write_text("NODE_ENV=staging\n")
    (folder / ".env").symlink_to(tmp_path / "shared.env")
    (change,) = Project(folder).address(PUBLIC).changes
    assert change.path == folder / "config/env/staging/server.js"
    assert (tmp_path / "shared.env").read_text() == "NODE_ENV=staging\n"


def test_a_link_within_the_project_stays_one(tmp_path: Path, journal: Journal):
    folder = make(tmp_path / "page", {"vite": "8"}, **{"shared.env": "A=1\n"})
    (folder / ".env").symlink_to("shared.env")
    FrontEnd(folder).address(PUBLIC).apply(journal)
    assert (folder / ".env").is_symlink()
    assert f"VITE_BACKEND_URL={PUBLIC}" in (folder / "shared.env").read_text()


@pytest.mark.parametrize("target", [".env", "circle/.env"])
def test_links_in_a_circle_get_a_sentence(tmp_path: Path, target: str):
    folder = make(tmp_path, {"vite": "8"})
    (folder / ".env").symlink_to(target)
    (folder / "circle").symlink_to("circle")
    with pytest.raises(InputError, match="leads nowhere"):
        Folder(folder).set_variable(".env", "A", "1")


def test_an_env_file_in_another_encoding_gets_a_sentence(tmp_path: Path):
    folder = make(tmp_path, {"vite": "8"})
    (folder / ".env").write_bytes("A=1\n".encode("utf-16"))
    with pytest.raises(InputError, match=r"\.env is not UTF-8 text"):
        Folder(folder).set_variable(".env", "A", "1")
