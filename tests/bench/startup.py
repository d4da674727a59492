"""What a notebook's reader waits for first: imports, and a whole notebook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.measuring import Row, alternately, ratio, timed

ROOT = Path(__file__).parents[2]
THIRD_PARTY = "anywidget, httpx, ipywidgets, aiohttp, aiohttp.web, dotenv"
KIT = "helpers.notebook"


def rows() -> list[Row]:
    return [imports(), notebooks()]


def imports() -> Row:
    def run(names: str) -> float:
        # Compiled once, as for anybody: the packages that pip installed are compiled already.
        given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-c", f"import {names}"]
        return timed(lambda: subprocess.run(command, check=True, cwd=ROOT, env=given))

    ours, theirs = alternately(lambda: run(f"{THIRD_PARTY}, {KIT}"), lambda: run(THIRD_PARTY), rounds=9)
    return Row("import of the kit / of its third-party packages", ratio(ours, theirs), "at most 1.2x")


def notebooks() -> Row:
    """The suite against as many notebooks with one cell that imports the same packages."""
    names = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    floor = Path(tempfile.mkdtemp())
    for name in names:
        notebook = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))
        cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        notebook["cells"] = [cell | {"source": f"import {THIRD_PARTY}"}]
        (floor / name).write_text(json.dumps(notebook), encoding="utf-8")

    def run(folder: Path) -> float:
        home = tempfile.mkdtemp()
        given = {"KIT_HOME": home, "KIT_AUTOPILOT": "1", "KIT_MODE": "rehearsal"}
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={folder}", "--nbval-lax",
                   "--nbval-current-env", "--nbval-cell-timeout=60", "-p", "no:cacheprovider", "-q",
                   str(folder)]  # fmt: skip
        took = timed(
            lambda: subprocess.run(command, check=True, cwd=home, env=os.environ | given, capture_output=True)
        )
        shutil.rmtree(home)
        return took

    ours, theirs = alternately(lambda: run(ROOT / "notebooks"), lambda: run(floor), rounds=3)
    shutil.rmtree(floor)
    name = "nbval suite / as many notebooks that only import"
    return Row(name, ratio(ours, theirs, "s"), "at most 1.5x")
