"""One file before and after a change, and what a folder holds."""

from __future__ import annotations

import stat
from pathlib import Path

from helpers.project.change import FileChange

OLD, NEW = b"old\r\nline", b"new\r\nline"


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
