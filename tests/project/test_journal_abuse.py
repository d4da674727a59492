"""What the journal must not be used for, and what the disk refuses."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from helpers.core.errors import Conflict, InputError
from helpers.project.change import Plan
from helpers.project.journal import Journal
from tests.support.journals import NEW, OLD, change, snapshot


def edited(journal: Journal, **fields: object) -> None:
    """Somebody edits the record of the only change."""
    lines = [json.loads(line) for line in journal.file.read_bytes().splitlines() if line]
    lines[0].update(fields)
    journal.file.write_text("\n".join(map(json.dumps, lines)))


def test_a_path_outside_of_the_project_is_refused_and_named(journal: Journal, file: Path, tmp_path: Path):
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (outside / "authorized_keys").write_bytes(NEW)
    Plan((change(file),)).apply(journal)
    for root in (tmp_path, outside):
        edited(journal, path=str(outside / "authorized_keys"), root=str(root))
        with pytest.raises(Conflict, match="authorized_keys was not put back: it is outside") as caught:
            journal.undo()
        assert caught.value.fix
        assert (outside / "authorized_keys").read_bytes() == NEW


def test_no_mode_gives_more_rights_than_the_file_has(journal: Journal, file: Path):
    Plan((change(file),)).apply(journal)
    edited(journal, mode=0o4777)
    journal.undo()
    assert snapshot(file.parent) == {"server.js": (0o640, OLD)}


def test_rights_that_somebody_took_away_since_stay_away(journal: Journal, file: Path):
    Plan((change(file),)).apply(journal)
    file.chmod(0o600)
    journal.undo()
    assert snapshot(file.parent) == {"server.js": (0o600, OLD)}


@pytest.mark.parametrize("moment", ["between diff and apply", "before the undo"])
def test_a_folder_that_became_a_link_is_noticed(journal: Journal, file: Path, tmp_path: Path, moment: str):
    plan, elsewhere = Plan((change(file),)), tmp_path / "elsewhere"
    if moment == "before the undo":
        plan.apply(journal)
    file.parent.rename(elsewhere)
    file.parent.symlink_to(elsewhere)
    before = snapshot(elsewhere)
    with pytest.raises(Conflict, match="link leads"):
        journal.undo() if moment == "before the undo" else plan.apply(journal)
    assert snapshot(elsewhere) == before


def test_a_full_disk_is_a_sentence_and_nothing_is_changed(
    journal: Journal, file: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"changes\.jsonl cannot be written: No space left") as caught:
        Plan((change(file),)).apply(journal)
    assert "Make room on the disk" in caught.value.fix[0]
    assert snapshot(file.parent) == {"server.js": (0o640, OLD)}


def test_of_a_project_that_is_gone_nothing_is_left_to_put_back(journal: Journal, tmp_path: Path):
    project = tmp_path / "gone"
    project.mkdir()
    for name in ("package.json", "server.js"):
        (project / name).write_bytes(OLD)
    Plan((change(project / "server.js"),)).apply(journal)
    shutil.rmtree(project)
    assert journal.undo() == []
    assert journal.entries() == []


def test_only_some_files_can_be_put_back(journal: Journal, file: Path):
    other = file.with_name("other.js")
    Plan((change(file), change(other))).apply(journal)
    assert journal.undo(only=lambda path: path == other) == ["project/other.js"]
    assert [entry.change.path for entry in journal.entries()] == [file]
    assert journal.undo() == ["project/server.js"]
