"""What is going to be changed in the user's files, to be read first and then to be applied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.core.errors import Conflict, InputError, KitError
from helpers.project.diff import unified

if TYPE_CHECKING:
    from helpers.core.replace_file import Step
    from helpers.project.journal import Journal


class CannotEdit(KitError):
    """What only its author can change safely, with the text to put there by hand."""

    def __init__(self, reason: str, snippet: str = "") -> None:
        super().__init__(reason)
        self.snippet = snippet


@dataclass(frozen=True)
class FileChange:
    """One file of the project at ``root`` before (None: there is none) and after.

    ``path`` has no link in it. ``name`` is how it is shown. ``variable`` says that it is an ``.env`` file,
    and which value in it is ours.
    """

    path: Path
    root: Path
    name: str
    before: bytes | None
    after: bytes
    variable: str = ""

    def diff(self) -> str:
        return unified(self.name, self.before, self.after, self.variable)

    def check(self) -> None:
        """Raises Conflict when the file is no longer what the diff was made of."""
        if self.path.resolve() != self.path:
            raise Conflict(
                f"A link leads to {self.name} by now, so it was not written: look at the new diff.",
                evidence=f"{self.path} is {self.path.resolve()}",
            )
        present = read_file(self.path)
        if present != self.before:
            raise Conflict(
                f"{self.name} was changed in the meantime, so it was not written: look at the new diff.",
                evidence=unified(self.name, self.before, present, self.variable),
            )


@dataclass(frozen=True)
class Plan:
    """Changes to apply, and beside them what only the user can do."""

    changes: tuple[FileChange, ...] = ()
    by_hand: tuple[CannotEdit, ...] = ()

    def __add__(self, other: Plan) -> Plan:
        return Plan(self.changes + other.changes, self.by_hand + other.by_hand)

    def diff(self) -> str:
        """A unified diff without secrets, empty when nothing would change."""
        return "".join(change.diff() for change in self.changes)

    def apply(self, journal: Journal, step: Step | None = None) -> None:
        """Write the files, each one atomically and recorded before it is touched.

        Raises:
            Conflict: a file is not what the diff was made of; none is written then.
            InputError: a file cannot be written; the journal undoes those before it.
        """
        for change in self.changes:
            change.check()
        for change in self.changes:
            journal.write(change, step)


def by_hand(reason: str, snippet: str) -> Plan:
    return Plan(by_hand=(CannotEdit(reason, snippet),))


def read_file(path: Path) -> bytes | None:
    """What the file holds, None when there is none; InputError when it cannot be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
