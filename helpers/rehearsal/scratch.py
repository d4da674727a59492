"""The folder of one rehearsal, which a killed kernel leaves behind and the next rehearsal removes."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "kit-rehearsal-"


def new_folder() -> Path:
    """Readable by its owner alone, and named after this process: others see whether it is still needed."""
    _sweep(Path(tempfile.gettempdir()))
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


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
