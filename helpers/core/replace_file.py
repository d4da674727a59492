"""Files are replaced whole: after a crash there is the old one or the new one, never a part."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# Called with the name of every step that is on the disk, so that a test can end the process there.
Step = Callable[[str], None]

PRIVATE = 0o600


def replace_file(path: Path, content: bytes, mode: int | None, *, private: bool = False, step: Step) -> None:
    """Write the file with ``mode``; None creates it, for this user alone if it is ``private``.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    draft = draft_of(path)
    discard_temporary(path)
    try:
        draft.parent.mkdir(mode=0o700)
        # Whose .gitignore knows an .env knows no draft of it.
        draft.with_name(".gitignore").write_text("*\n")
        # No moment in which others may read more than they could before.
        created = 0o666 if mode is None and not private else PRIVATE
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, created)
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        if mode is not None:
            with suppress(PermissionError, AttributeError):  # only an administrator, and not on Windows
                owner = path.stat()
                os.chown(draft, owner.st_uid, owner.st_gid)
            draft.chmod(mode)
        step("written")
        draft.replace(path)
    except OSError:
        discard_temporary(path)
        raise
    discard_temporary(path)
    sync_folder(path.parent)
    step("replaced")


def discard_temporary(path: Path) -> None:
    """Remove what a crash has left beside the file."""
    left = draft_of(path).parent
    with suppress(OSError):  # it is a folder, but for what an earlier version has left
        left.unlink()
    shutil.rmtree(left, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    if os.name == "nt":  # where folders cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def draft_of(path: Path) -> Path:
    """In a folder of its own, always the same one, so that it is found again after a crash.

    Hidden, so that no dev server restarts for it, and out of git's sight.
    """
    return path.with_name(f".{path.name}.kit-new") / "draft"
