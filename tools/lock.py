"""Write requirements.lock: what ``make lab`` installs, every version with its hashes, from no address."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from environment import LOCK, OLDEST, PROJECT, mark

_HEAD = "# What make lab installs where it fits; `make lock` writes this file.\n"


def main() -> None:
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if not uv:
        sys.exit("There is no uv: pip install uv, then make lock.")
    done = subprocess.run(
        [
            *(uv, "pip", "compile", PROJECT, "--quiet", "--extra", "lab", "--universal", "--generate-hashes"),
            *("--python-version", ".".join(map(str, OLDEST)), "--no-header", "--no-annotate", "--no-config"),
            *("--no-emit-index-url", "--no-emit-find-links"),
        ],
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.returncode)
    Path(LOCK).write_text(f"{_HEAD}{mark()}\n{done.stdout}", encoding="utf-8")


if __name__ == "__main__":
    main()
