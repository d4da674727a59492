"""What a killed process leaves behind is the old file or the new one, and the journal tells which."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.project.change import Plan
from helpers.project.journal import Journal
from tests.support.journals import NEW, OLD, change, snapshot

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("number", range(4), ids=lambda n: f"{n}-{APPLY[n]}")
def test_git_sees_no_copy_of_an_env_file_that_a_kill_has_left(journal: Journal, tmp_path: Path, number: int):
    """The person's own .gitignore knows the name of the file, and none that we have for a draft of it."""
    (tmp_path / ".gitignore").write_text(".env\n/state/\n")
    env = tmp_path / ".env"
    env.write_text("SECRET=of-the-person\n")
    git = ["git", "-C", tmp_path, "-c", "safe.directory=*"]
    subprocess.run([*git, "init", "-q"], check=True)
    killed_at(number, journal, Plan((change(env, b"SECRET=of-the-person\nA=1\n", "A"),)))
    status = [*git, "status", "--porcelain", "--untracked-files=all"]
    seen = subprocess.run(status, check=True, capture_output=True, text=True).stdout

    assert sorted(seen.splitlines()) == ["?? .gitignore", "?? package.json"]


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
