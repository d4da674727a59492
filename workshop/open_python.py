"""Print a Python 3.11 or later that every user of this machine may run, as the attendees are such users.

The one that runs this file, or else the system's: a Python in somebody's home folder is closed to all others.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_SYSTEMS = Path("/usr/bin/python3")
_MAKES_VENVS = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"


def is_open(program: str | Path) -> bool:
    path = Path(program).resolve()
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def main() -> None:
    # Attendees of anybody else than root all are that one user, whose own Python it is.
    if os.geteuid() != 0 or is_open(sys.executable):
        print(sys.executable)
    elif _SYSTEMS.exists() and is_open(_SYSTEMS) and _run(_SYSTEMS, _MAKES_VENVS):
        print(_SYSTEMS)
    else:
        sys.exit(
            f"{Path(sys.executable).resolve()} is closed to other users, and {_SYSTEMS} cannot make a venv "
            "of Python 3.11: install python3-venv of the system, or run make with PYTHON=/an/open/python3."
        )


def _run(python: Path, code: str) -> bool:
    return subprocess.run([python, "-c", code], stderr=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    main()
