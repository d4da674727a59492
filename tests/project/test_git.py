"""The overlay stays out of git's sight, in every kind of repository, and git's own files come back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from helpers.project import overlay
from helpers.project.journal import Journal
from helpers.project.strapi_project import Project
from tests.support.git import needs_git

pytestmark = needs_git

PUBLIC = "https://shop.ngrok-free.dev"
PACKAGE = '{"dependencies": {"@strapi/strapi": "5.54.0", "@strapi/plugin-users-permissions": "5.54.0"}}'
OVERLAY = overlay.path("development", "js")


def git(folder: Path, *command: str) -> str:
    told = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "safe.directory=*"]
    done = subprocess.run(["git", *told, *command], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def committed(repository: Path, project: str = ".") -> Path:
    folder = repository / project
    (folder / "config").mkdir(parents=True)
    (folder / "package.json").write_text(PACKAGE)
    (folder / "config/server.js").write_text("module.exports = ({ env }) => ({ port: 1337 });\n")
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "generated")
    return folder


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "kit" / "files.jsonl")


@pytest.mark.parametrize("project", [".", "apps/my shop"])
def test_git_status_is_clean_while_the_overlay_stands_and_all_is_undone(
    tmp_path: Path, journal: Journal, project: str
) -> None:
    folder = committed(tmp_path / "repository", project)
    exclude = tmp_path / "repository/.git/info/exclude"
    before = exclude.read_bytes()
    Project(folder).address(PUBLIC).apply(journal)
    assert (folder / OVERLAY).exists()
    assert git(folder, "status", "--porcelain", "--untracked-files=all") == ""
    assert Project(folder).tracked_overlays() == []
    journal.undo()
    assert exclude.read_bytes() == before
    assert not (folder / OVERLAY).exists()


def test_a_worktree_has_the_exclude_file_of_its_repository(tmp_path: Path, journal: Journal) -> None:
    committed(tmp_path / "repository")
    git(tmp_path / "repository", "worktree", "add", "-q", "../tree")
    Project(tmp_path / "tree").address(PUBLIC).apply(journal)
    assert git(tmp_path / "tree", "status", "--porcelain", "--untracked-files=all") == ""
    journal.undo()
    assert OVERLAY not in (tmp_path / "repository/.git/info/exclude").read_text()


def test_a_repository_without_an_exclude_file_has_none_again(tmp_path: Path, journal: Journal) -> None:
    folder = committed(tmp_path / "repository")
    (folder / ".git/info/exclude").unlink()
    (folder / ".git/info").rmdir()
    Project(folder).address(PUBLIC).apply(journal)
    assert git(folder, "status", "--porcelain", "--untracked-files=all") == ""
    journal.undo()
    assert not (folder / ".git/info").exists()


def test_what_git_ignores_already_needs_no_line(tmp_path: Path) -> None:
    folder = committed(tmp_path / "repository")
    (folder / ".gitignore").write_text("config/env\n")
    assert [change.name for change in Project(folder).address(PUBLIC).changes] == [f"repository/{OVERLAY}"]


def test_a_second_address_adds_no_second_line(tmp_path: Path, journal: Journal) -> None:
    folder = committed(tmp_path / "repository")
    for public in (PUBLIC, "https://other.ngrok-free.dev"):
        Project(folder).address(public).apply(journal)
    assert (folder / ".git/info/exclude").read_text().count(OVERLAY) == 1


def test_an_overlay_that_somebody_gave_to_git_is_seen(tmp_path: Path, journal: Journal) -> None:
    folder = committed(tmp_path / "repository")
    Project(folder).address(PUBLIC).apply(journal)
    git(folder, "add", "--force", OVERLAY)
    assert Project(folder).tracked_overlays() == [OVERLAY]


def test_without_git_there_is_nothing_to_keep_it_out_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = committed(tmp_path / "repository")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [change.name for change in Project(folder).address(PUBLIC).changes] == [f"repository/{OVERLAY}"]
