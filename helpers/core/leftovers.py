"""What a killed kernel has left half written, some of it with a secret in it: gone at the next start."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from helpers.core.replace_file import draft_of
from helpers.core.settings import NAMES

# Nobody writes one file for longer; what is younger may be another notebook's, at work right now.
_STALE = 60.0  # seconds
_DOTENV = ".tmp_" + "[a-z0-9_]" * 8  # what python-dotenv replaces a file with
_OF_THE_KIT = (".*.kit-new", "ngrok.yml")


def sweep(home: Path, folder: Path, written: Iterable[Path]) -> None:
    """Remove them from the home of the settings, from the kit's own folder, and from beside written files."""
    drafts = [path for path in home.glob(_DOTENV) if path.is_file() and _holds_settings(path)]
    own = [path for pattern in _OF_THE_KIT for path in folder.glob(pattern)]
    for path in [*drafts, *own, *(draft_of(each).parent for each in written)]:
        with suppress(OSError):  # another kernel sweeps too
            if time.time() - path.stat().st_mtime > _STALE:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _holds_settings(path: Path) -> bool:
    """Other programs name their drafts so, too: this one is ours, or was not even begun."""
    with suppress(OSError):
        text = path.read_text(encoding="utf-8", errors="replace")
        return not text or any(f"{name}=" in text for name in NAMES.values())
    return False
