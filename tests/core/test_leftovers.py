"""What a killed kernel leaves half written is out of git's sight, and gone at the next start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.core.leftovers import sweep
from helpers.core.replace_file import draft_of, replace_file
from helpers.kit import Kit
from tests.support.git import needs_git

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef" * 2
KILLED_WHILE_IT_REPLACES = """
import os, sys
from pathlib import Path
from helpers.core.masking import Secret
from helpers.core.settings import Settings, remember
os.replace = lambda *_: os._exit(9)
remember(Settings(mode="live", home=Path(sys.argv[1])), client_secret=Secret(sys.argv[2]))
"""


def aged(path: Path) -> Path:
    os.utime(path, (time.time() - 120,) * 2)
    return path


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """The draft of a settings file whose writer was killed, two minutes ago."""
    command = [sys.executable, "-c", KILLED_WHILE_IT_REPLACES, str(tmp_path), SECRET]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode == 9
    (draft,) = tmp_path.glob(".tmp_*")
    assert SECRET in draft.read_text()
    return aged(draft)


def test_the_next_start_removes_a_draft_with_the_client_secret(left: Path) -> None:
    Kit(settings.load({"KIT_MODE": "live"}, home=left.parent)).close()
    assert not left.exists()
    assert (left.parent / ".env").exists()


@needs_git
def test_git_does_not_see_the_draft(left: Path) -> None:
    (left.parent / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    git = ["git", "-c", "safe.directory=*"]
    subprocess.run([*git, "init", "-q"], cwd=left.parent, check=True)
    status = [*git, "status", "--porcelain", "--untracked-files=all"]
    seen = subprocess.run(status, cwd=left.parent, check=True, capture_output=True, text=True).stdout
    assert seen == "?? .gitignore\n"


def test_the_authtoken_of_a_start_that_was_killed_is_removed(tmp_path: Path) -> None:
    live = settings.load({"KIT_MODE": "live"}, home=tmp_path)
    files = [live.state_dir / "ngrok.yml", draft_of(live.state_dir / "providers.json")]
    for path in files:
        path.parent.mkdir(exist_ok=True)
        path.write_text("token")
        aged(path)
        aged(path.parent)
    kept = live.state_dir / "files.jsonl"
    kept.touch()
    Kit(live).close()
    assert not any(path.exists() for path in files)
    assert kept.exists()


def test_the_draft_beside_a_written_file_is_removed(tmp_path: Path) -> None:
    written = tmp_path / "front-end" / ".env"
    written.parent.mkdir()
    written.write_text("SECRET=mine\n")
    draft = draft_of(written)
    draft.parent.mkdir()
    written.rename(draft)
    aged(draft.parent)
    sweep(tmp_path, tmp_path / ".kit", [written])
    assert list(written.parent.iterdir()) == []


def test_a_file_that_an_earlier_version_has_left_in_the_drafts_place_is_no_obstacle(tmp_path: Path) -> None:
    written = tmp_path / ".env"
    draft_of(written).parent.write_text("LEFT=1\n")
    replace_file(written, b"NEW=1\n", None, step=lambda _: None)
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_what_another_notebook_writes_right_now_is_left_alone(left: Path) -> None:
    os.utime(left)
    sweep(left.parent, left.parent / ".kit", [])
    assert left.exists()


def test_the_draft_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".tmp_abcd1234"
    path.write_text("OTHER=1\n")
    aged(path)
    sweep(tmp_path, tmp_path / ".kit", [])
    assert path.exists()
