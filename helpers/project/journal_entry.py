"""One change of a file as the journal has it: what it was, what it is, and whether it may be undone."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.project import git
from helpers.project.change import FileChange, read_file


@dataclass(frozen=True)
class Entry:
    """One recorded change, with what undoing needs besides the bytes."""

    id: str
    change: FileChange
    mode: int | None  # None: the change creates the file
    folders: tuple[Path, ...]  # created for it, the outermost first
    done: bool = False

    @property
    def state(self) -> str:
        """Which file is there now, whatever was interrupted: ``new``, ``old``, or one ``changed`` since."""
        present = read_file(self.change.path)
        if present == self.change.after:
            return "new"
        gone = not self.change.root.is_dir()  # the whole project: there is nothing to put back
        return "old" if gone or present == self.change.before else "changed"

    @property
    def refusal(self) -> str:
        """Why nothing is written there, whatever the journal says: anybody may have edited it."""
        path, root = self.change.path, self.change.root
        if path.resolve() != path:
            return f"a link leads there by now, to {path.resolve()}"
        exclude = git.exclude_file(root)
        if path.is_relative_to(root) and (root / "package.json").is_file():
            return ""
        known = exclude is not None and path == exclude[0]
        return "" if known else "it is outside of every project that the kit changes"


def as_record(entry: Entry) -> dict[str, Any]:
    change = entry.change
    return {
        "id": entry.id,
        "path": str(change.path),
        "root": str(change.root),
        "name": change.name,
        "variable": change.variable,
        "before": None if change.before is None else base64.b64encode(change.before).decode(),
        "after": base64.b64encode(change.after).decode(),
        "mode": entry.mode,
        "folders": [str(folder) for folder in entry.folders],
    }


def from_record(record: dict[str, Any]) -> Entry:
    before = None if record["before"] is None else base64.b64decode(record["before"])
    after = base64.b64decode(record["after"])
    path, root = Path(record["path"]), Path(record["root"])
    change = FileChange(path, root, record["name"], before, after, record["variable"])
    return Entry(record["id"], change, record["mode"], tuple(map(Path, record["folders"])))
