"""The folder of one rehearsal, which a killed kernel leaves behind and the next rehearsal removes."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from helpers.core.errors import KitError

_PREFIX = "kit-rehearsal-"


def new_folder() -> Path:
    """Readable by its owner alone, and named after this process: others see whether it is still needed.

    Raises:
        KitError: there is no temporary folder that can be written.
    """
    try:
        _sweep(Path(tempfile.gettempdir()))
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    except OSError as error:
        raise no_room(error) from error


def no_room(error: OSError) -> KitError:
    return KitError(
        "A rehearsal needs a temporary folder, and here none can be written",
        evidence=f"{error.strerror or error}",
        fix=["Make room in the temporary folder, or set TMPDIR to another one, and restart the kernel."],
    )


def no_programs(folder: Path) -> KitError:
    return KitError(
        "A rehearsal starts a program in its temporary folder, and there none may be started",
        evidence=f"{folder.parent} is mounted noexec",
        fix=["Set TMPDIR to a folder from which programs may be started, and restart the kernel."],
    )


def copy_project(source: Path, target: Path) -> None:
    """What is copied can be written, also where the original cannot: in a read-only checkout."""
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _sweep(folder: Path) -> None:
    if sys.platform == "win32":  # there os.kill ends a process even with signal 0
        return
    for path in folder.glob(f"{_PREFIX}*"):
        owner = re.match(rf"{_PREFIX}(\d+)-", path.name)
        with suppress(OSError):  # another kernel sweeps too
            if owner and path.stat().st_uid == os.getuid() and not _runs(int(owner[1])):
                shutil.rmtree(path)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
