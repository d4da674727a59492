"""Changes are written whole or not at all, recorded before, and undone to the byte."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.core.errors import Conflict, InputError
from helpers.project.change import FileChange, Plan
from helpers.project.journal import Journal

ROOT = Path(__file__).parents[2]
OLD, NEW = b"old\r\nline", b"new\r\nline"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    (tmp_path / "package.json").write_text("{}")
    return Journal(tmp_path / "state" / "changes.jsonl")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "project" / "server.js"
    path.parent.mkdir()
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def change(path: Path, after: bytes = NEW, variable: str = "") -> FileChange:
    before = path.read_bytes() if path.exists() else None
    root = next(folder for folder in path.parents if (folder / "package.json").exists())
    return FileChange(path, root, f"project/{path.name}", before, after, variable)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder in it, with mode and bytes."""
    return {
        str(path.relative_to(folder)): (mode(path), b"" if path.is_dir() else path.read_bytes())
        for path in folder.rglob("*")
    }


# Apply


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


# Undo


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


# What the journal must not be used for


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


# What a killed process leaves


def steps_of(work: Callable[[Callable[[str], None]], object]) -> list[str]:
    taken: list[str] = []
    work(taken.append)
    return taken


def killed_at(number: int, journal: Journal, plan: Plan | None = None) -> None:
    """Apply the plan, or undo, in a process that is killed as soon as this step is done."""
    work = f"{plan!r}.apply(journal, step)" if plan else "journal.undo(step)"
    script = KILLED.format(number=number, file=str(journal.file), work=work)
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL, "there was no such step"


KILLED = """
import os, signal
from pathlib import PosixPath
from helpers.project.change import FileChange, Plan
from helpers.project.journal import Journal

remaining = iter(range({number}))

def step(name):
    if next(remaining, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)

journal = Journal(PosixPath({file!r}))
{work}
"""


def two_changes(folder: Path) -> Plan:
    return Plan((change(folder / "server.js"), change(folder / "src" / "deep" / "new.js")))


APPLY = ["recorded", "written", "replaced", "done",
         "recorded", "folder made", "folder made", "written", "replaced", "done"]  # fmt: skip
UNDO = ["removed", "folder removed", "folder removed", "undone", "written", "replaced", "undone"]


def test_the_steps_below_are_all_there_are(journal: Journal, file: Path):
    assert steps_of(lambda step: two_changes(file.parent).apply(journal, step)) == APPLY
    assert steps_of(lambda step: journal.undo(step)) == UNDO


@pytest.mark.parametrize("number", range(len(APPLY)), ids=lambda n: f"{n}-{APPLY[n]}")
def test_killed_while_applying_there_is_the_old_or_the_new_file_and_the_journal_tells(
    journal: Journal, file: Path, number: int
):
    before = snapshot(file.parent)
    plan = two_changes(file.parent)
    killed_at(number, journal, plan)
    recorded = {entry.change.path: entry for entry in journal.entries()}
    for each in plan.changes:
        present = each.path.read_bytes() if each.path.exists() else None
        assert present in (each.before, each.after)
        if present == each.after:
            assert recorded[each.path].state == "new"
        elif each.path in recorded:
            assert (recorded[each.path].state, recorded[each.path].done) == ("old", False)
    journal.undo()
    assert snapshot(file.parent) == before
    assert journal.entries() == []


@pytest.mark.parametrize("number", range(len(APPLY)), ids=lambda n: f"{n}-{APPLY[n]}")
def test_killed_while_applying_it_can_be_applied_again(journal: Journal, file: Path, number: int):
    before = snapshot(file.parent)
    killed_at(number, journal, two_changes(file.parent))
    again = [each for each in two_changes(file.parent).changes if each.before != each.after]
    Plan(tuple(again)).apply(journal)
    assert set(snapshot(file.parent)) == {"server.js", "src", "src/deep", "src/deep/new.js"}
    assert file.read_bytes() == NEW
    journal.undo()
    assert snapshot(file.parent) == before


@pytest.mark.parametrize("number", range(len(UNDO)), ids=lambda n: f"{n}-{UNDO[n]}")
def test_killed_while_undoing_it_can_be_undone_again(journal: Journal, file: Path, number: int):
    before = snapshot(file.parent)
    two_changes(file.parent).apply(journal)
    killed_at(number, journal)
    assert file.read_bytes() in (OLD, NEW)
    journal.undo()
    assert snapshot(file.parent) == before


@pytest.mark.parametrize("kept", [1, 20, 120])
def test_a_record_torn_by_a_crash_is_no_change(journal: Journal, file: Path, kept: int):
    Plan((change(file),)).apply(journal)
    whole = journal.file.read_bytes()
    journal.file.write_bytes(whole + whole[:kept])
    Plan((change(file, b"3"),)).apply(journal)
    assert [entry.change.after for entry in journal.entries()] == [NEW, b"3"]
    journal.undo()
    assert file.read_bytes() == OLD
