"""``python -m tests.real.provider_file`` makes the provider file's JavaScript from its TypeScript.

Both are kept, because a project gets the file as it is written here, in its own language.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.real.strapi import install_packages

_HERE = Path(__file__).parent
TEMPLATES = _HERE.parents[2] / "helpers" / "project" / "templates"
TYPESCRIPT, JAVASCRIPT = (TEMPLATES / f"instagram-business.{language}" for language in ("ts", "js"))


def javascript() -> str:
    tool = _HERE / "to_javascript.mjs"
    return run(str(tool), str(TYPESCRIPT), folder=install_packages(tool.parent))


def run(*command: str, folder: Path) -> str:
    """What a Node program prints; AssertionError with all it said when it fails."""
    done = subprocess.run(
        ["node", *command], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
