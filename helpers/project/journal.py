"""The kit's changes to the user's files: recorded before they are made, and undone to the byte."""

from __future__ import annotations

import errno
import json
import os
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers.core.errors import Conflict, InputError
from helpers.core.replace_file import PRIVATE, Step, discard_temporary, replace_file, sync_folder
from helpers.project.change import FileChange, read_file
from helpers.project.diff import unified
from helpers.project.journal_entry import Entry, as_record, from_record


class Journal:
    """A file of JSON lines, readable by this user only: it holds the old files whole, ``.env`` included."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def entries(self) -> list[Entry]:
        """The changes that are not undone, the oldest first."""
        found: dict[str, Entry] = {}
        for line in (read_file(self.file) or b"").splitlines():
            # A line that a crash has torn is one whose change was not begun; a damaged one says nothing.
            with suppress(ValueError, LookupError, TypeError, AttributeError):
                record = json.loads(line)
                if "undone" in record:
                    found.pop(record["undone"], None)
                elif "done" in record:
                    found[record["done"]] = replace(found[record["done"]], done=True)
                else:
                    found[record["id"]] = from_record(record)
        return list(found.values())

    def write(self, change: FileChange, step: Step | None = None) -> None:
        """Record the change, then make it: at any moment the file is the old or the new one.

        Raises:
            Conflict: the file is not the one that the change was made for.
            InputError: the file cannot be written.
        """
        step = step or _nothing
        change.check()
        path = change.path
        mode = None if change.before is None else stat.S_IMODE(path.stat().st_mode)
        missing = [folder for folder in reversed(path.parents) if not folder.exists()]
        entry = Entry(uuid.uuid4().hex, change, mode, tuple(missing))
        self._append(as_record(entry))
        step("recorded")
        with errors_of(change.name):
            try:
                for folder in missing:
                    folder.mkdir(exist_ok=True)
                    step("folder made")
                replace_file(path, change.after, mode, private=bool(change.variable), step=step)
            except OSError:
                _clean(entry, step)
                raise
        self._append({"done": entry.id})
        step("done")

    def undo(self, step: Step | None = None, only: Callable[[Path], bool] | None = None) -> list[str]:
        """Put every file back, or ``only`` some, the latest change first; the answer names those that were.

        Raises:
            Conflict: somebody changed files since, or the kit never writes there: these are left alone and
                named, the others are put back.
        """
        step = step or _nothing
        put_back: list[str] = []
        kept: dict[Path, Entry] = {}
        for entry in reversed(self.entries()):
            change = entry.change
            if only and not only(change.path):
                continue
            state = "changed" if change.path in kept else entry.state
            if state == "changed" or (state == "new" and entry.refusal):
                kept.setdefault(change.path, entry)
                continue
            with errors_of(change.name):
                if state == "new":
                    put_back.append(change.name)
                    _restore(entry, step)
                _clean(entry, step)
            self._append({"undone": entry.id})
            step("undone")
        if kept:
            raise _left_alone(list(kept.values()))
        if not self.entries():
            self.file.unlink(missing_ok=True)
        return list(dict.fromkeys(put_back))

    def _append(self, record: dict[str, Any]) -> None:
        with errors_of(str(self.file)):
            self.file.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE)
            with open(descriptor, "ab") as stream:
                # The newline comes first: it ends a line that a crash has torn.
                stream.write(f"\n{json.dumps(record)}".encode())
                stream.flush()
                os.fsync(descriptor)
            sync_folder(self.file.parent)


def _restore(entry: Entry, step: Step) -> None:
    path, before = entry.change.path, entry.change.before
    if before is None:
        path.unlink()
        step("removed")
    else:
        # Never more rights than the file has now, whatever the journal says.
        present = stat.S_IMODE(path.stat().st_mode)
        replace_file(path, before, present if entry.mode is None else entry.mode & present, step=step)


def _clean(entry: Entry, step: Step) -> None:
    """Remove what was made for this change alone; a folder that is in use by now stays."""
    discard_temporary(entry.change.path)
    for folder in reversed(entry.folders):
        with suppress(OSError):
            folder.rmdir()
            step("folder removed")


# What is said


def _left_alone(entries: list[Entry]) -> Conflict:
    changed = [entry.change for entry in entries if entry.state == "changed"]
    said, fix = [], []
    if changed:
        names = " and ".join(change.name for change in changed)
        what = "it was not put back" if len(changed) == 1 else "they were not put back"
        said.append(f"{names} changed after the kit wrote there, so {what}.")
        fix = [
            "Look at the difference: it is what somebody changed since.",
            "Take that change back and undo again, or keep the file as it is.",
        ]
    for entry in entries:
        if entry.change not in changed:
            said.append(f"{entry.change.path} was not put back: {entry.refusal}.")
            fix.append(f"Look at {entry.change.path} yourself: the kit does not touch it.")
    differences = [unified(each.name, each.after, read_file(each.path), each.variable) for each in changed]
    return Conflict(" ".join(said), evidence="".join(differences), fix=fix)


@contextmanager
def errors_of(name: str) -> Iterator[None]:
    """What the disk refuses, said with its way out."""
    try:
        yield
    except OSError as error:
        way_out = "Make the file and its folder writable, then try again."
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            way_out = "Make room on the disk, then try again."
        raise InputError(f"{name} cannot be written: {error.strerror or error}.", fix=[way_out]) from error


def _nothing(step: str) -> None:
    """Nobody watches."""
