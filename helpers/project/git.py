"""What git makes of a file that must not travel with it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PATIENCE = 10.0  # seconds


def exclude_file(root: Path) -> tuple[Path, str] | None:
    """The ``info/exclude`` that counts for this folder, and the folder's place in git's tree.

    Worktrees share one. None where the folder is in no git repository, or git is not installed.
    """
    said = _ask(root, "rev-parse", "--git-path", "info/exclude", "--show-prefix")
    if said is None:
        return None
    file, prefix = said.split("\n")[:2]
    return (root / file).resolve(), prefix


def exclude(before: bytes | None, pattern: str) -> bytes:
    """The file with one more line, if it is not there yet."""
    content = before or b""
    if pattern.encode() in content.splitlines():
        return content
    newline = b"" if not content or content.endswith(b"\n") else b"\n"
    return content + newline + pattern.encode() + b"\n"


def is_ignored(root: Path, relative: str) -> bool:
    return _ask(root, "check-ignore", "--quiet", "--no-index", relative) is not None


def is_tracked(root: Path, relative: str) -> bool:
    return _ask(root, "ls-files", "--error-unmatch", relative) is not None


def saved(os_path: str, **_more: object) -> None:
    """A hook of Jupyter's server, which calls it for each file that it has saved.

    Git takes a file of another size for changed, whatever its filter would make of it, until the file is
    added. Where the filtered text is what git has already, that adds nothing but the new size.
    """
    file = Path(os_path)
    if file.suffix != ".ipynb":
        return
    known = _ask(file.parent, "rev-parse", "--verify", "--quiet", f":./{file.name}")
    if known and known == _ask(file.parent, "hash-object", "--", file.name):
        _ask(file.parent, "update-index", "--", file.name)


def _ask(root: Path, *question: str) -> str | None:
    """None for no, and for whatever git cannot say."""
    # Set in a hook of git, these would speak of another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and a path
            ["git", "-C", str(root), *question],  # noqa: S607 - the person's own git
            env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    return done.stdout if done.returncode == 0 else None
