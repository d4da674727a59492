"""Changes are written whole or not at all, recorded before, and undone to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.core.errors import Conflict, InputError
from helpers.project.change import Plan
from helpers.project.journal import Journal
from tests.support.journals import NEW, OLD, change, mode, snapshot


def test_a_change_is_written_and_keeps_the_mode(journal: Journal, file: Path):
    Plan((change(file),)).apply(journal)
    assert snapshot(file.parent) == {"server.js": (0o640, NEW)}
    (entry,) = journal.entries()
    assert (entry.done, entry.state) == (True, "new")


def test_a_created_env_file_is_for_this_user_only(journal: Journal, tmp_path: Path):
    Plan((change(tmp_path / ".env", b"PUBLIC_URL=x\n", "PUBLIC_URL"),)).apply(journal)
    assert mode(tmp_path / ".env") == 0o600


def test_a_created_source_file_has_the_mode_that_others_have(journal: Journal, tmp_path: Path):
    (tmp_path / "other.js").touch()
    Plan((change(tmp_path / "src" / "new.js"),)).apply(journal)
    assert mode(tmp_path / "src" / "new.js") == mode(tmp_path / "other.js")


def test_the_journal_is_for_this_user_only(journal: Journal, file: Path):
    Plan((change(file),)).apply(journal)
    assert (mode(journal.file), mode(journal.file.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("line", ["{", "[]", "7", "{}", '{"done": "nothing"}', '{"id": "1", "path": 7}'])
def test_a_damaged_line_does_not_stand_in_the_way_of_the_others(journal: Journal, file: Path, line: str):
    other = file.with_name("other.js")
    Plan((change(file),)).apply(journal)
    with journal.file.open("a") as stream:
        stream.write(f"\n{line}\n")
    Plan((change(other),)).apply(journal)
    assert [entry.change.path for entry in journal.entries()] == [file, other]


def test_a_file_that_changed_after_the_diff_was_shown_is_not_written(journal: Journal, file: Path):
    other = file.with_name("other.js")
    plan = Plan((change(other), change(file)))
    file.write_bytes(b"mine")
    with pytest.raises(Conflict, match=r"project/server\.js was changed in the meantime") as caught:
        plan.apply(journal)
    assert "+mine" in caught.value.evidence
    assert snapshot(file.parent) == {"server.js": (0o640, b"mine")}
    assert journal.entries() == []


def test_a_file_that_appeared_after_the_diff_was_shown_is_not_written(journal: Journal, file: Path):
    plan = Plan((change(file.with_name("new.js")),))
    file.with_name("new.js").write_bytes(b"mine")
    with pytest.raises(Conflict):
        plan.apply(journal)
    assert file.with_name("new.js").read_bytes() == b"mine"


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_left(journal: Journal, file: Path):
    before = snapshot(file.parent)
    long = file.parent / "src" / ("n" * 250)  # no name is left for what is written beside it
    with pytest.raises(InputError, match=r"project/n+ cannot be written"):
        Plan((change(file), change(long))).apply(journal)
    assert snapshot(file.parent) == before | {"server.js": (0o640, NEW)}
    journal.undo()
    assert snapshot(file.parent) == before


def test_undo_restores_bytes_and_mode(journal: Journal, file: Path):
    before = snapshot(file.parent)
    Plan((change(file),)).apply(journal)
    assert journal.undo() == ["project/server.js"]
    assert snapshot(file.parent) == before


def test_undo_removes_created_files_and_the_folders_made_for_them(journal: Journal, file: Path):
    before = snapshot(file.parent)
    created = file.parent / "src" / "extensions" / "users-permissions" / "strapi-server.js"
    Plan((change(created), change(file))).apply(journal)
    assert created.read_bytes() == NEW
    assert journal.undo() == ["project/server.js", "project/strapi-server.js"]
    assert snapshot(file.parent) == before


def test_undo_leaves_a_created_folder_that_is_in_use_by_now(journal: Journal, file: Path):
    created = file.parent / "src" / "new.js"
    Plan((change(created),)).apply(journal)
    (file.parent / "src" / "mine.js").touch()
    journal.undo()
    assert set(snapshot(file.parent)) == {"server.js", "src", "src/mine.js"}


def test_undo_goes_back_through_several_changes_of_one_file(journal: Journal, file: Path):
    for content in (b"1", b"2", OLD, b"1", b"3"):
        Plan((change(file, content),)).apply(journal)
    assert journal.undo() == ["project/server.js"]
    assert file.read_bytes() == OLD


def test_a_second_undo_does_nothing(journal: Journal, file: Path):
    Plan((change(file),)).apply(journal)
    journal.undo()
    file.write_bytes(NEW)  # the user's own work from now on
    assert journal.undo() == []
    assert file.read_bytes() == NEW


def test_after_an_undo_no_copy_of_the_files_is_kept(journal: Journal, file: Path):
    Plan((change(file),)).apply(journal)
    journal.undo()
    assert not journal.file.exists()


def test_undo_leaves_a_file_that_somebody_changed_and_shows_the_difference(journal: Journal, file: Path):
    other = file.with_name("other.js")
    Plan((change(file), change(other))).apply(journal)
    file.write_bytes(NEW + b"\nmine")
    with pytest.raises(Conflict, match=r"project/server\.js changed after the kit wrote there") as caught:
        journal.undo()
    assert "+mine" in caught.value.evidence
    assert snapshot(file.parent) == {"server.js": (0o640, NEW + b"\nmine")}, "the other one is put back"
    file.write_bytes(NEW)
    assert journal.undo() == ["project/server.js"]
    assert file.read_bytes() == OLD


def test_undo_does_not_bring_back_a_file_that_somebody_removed(journal: Journal, file: Path):
    Plan((change(file),)).apply(journal)
    file.unlink()
    with pytest.raises(Conflict):
        journal.undo()
    assert not file.exists()


def test_a_file_that_the_user_put_back_needs_no_undo(journal: Journal, file: Path):
    Plan((change(file),)).apply(journal)
    file.write_bytes(OLD)
    assert journal.undo() == []
    assert file.read_bytes() == OLD


def test_the_earlier_changes_of_a_file_that_somebody_changed_are_kept_too(journal: Journal, file: Path):
    """It may look like one of them by now; to go back behind a change that stays would lose their work."""
    Plan((change(file),)).apply(journal)
    file.write_bytes(b"theirs")
    Plan((change(file, b"theirs and ours"),)).apply(journal)
    file.write_bytes(NEW)
    with pytest.raises(Conflict, match="it was not put back"):
        journal.undo()
    assert file.read_bytes() == NEW
    assert len(journal.entries()) == 2


def test_the_difference_of_an_env_file_shows_no_value_of_the_users(journal: Journal, file: Path):
    env = file.with_name(".env")
    env.write_bytes(b"JWT_SECRET=hunter2\n")
    Plan((change(env, b"JWT_SECRET=hunter2\nPUBLIC_URL=x\n", "PUBLIC_URL"),)).apply(journal)
    env.write_bytes(b"JWT_SECRET=hunter3\nPUBLIC_URL=x\n")
    with pytest.raises(Conflict) as caught:
        journal.undo()
    assert "+JWT_SECRET=•••" in caught.value.evidence
    assert "hunter" not in caught.value.evidence
