"""Every notebook runs from top to bottom on autopilot, and the run fails when something is broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NBVAL = [
    "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=60", "--nbval-kernel-startup-timeout=60",
    "-p", "no:cacheprovider", "-c", os.devnull,
]  # fmt: skip


def run_nbval(where: Path, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"KIT_HOME": str(home), "KIT_MODE": "rehearsal", "KIT_AUTOPILOT": "1", **environment}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *NBVAL, f"--rootdir={where}", str(where)],
        env=os.environ | given, cwd=home, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def code_cells(path: Path) -> int:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return sum(cell["cell_type"] == "code" for cell in cells)


@pytest.mark.parametrize("flow", ["today", "documented"])
def test_every_cell_of_every_notebook_passes_on_autopilot(flow: str, tmp_path: Path) -> None:
    done = run_nbval(NOTEBOOKS, tmp_path, KIT_FLOW=flow)
    cells = sum(code_cells(path) for path in NOTEBOOKS.glob("*.ipynb"))
    assert re.search(rf"\b{cells} passed in", done.stdout), done.stdout[-3000:]


def test_without_autopilot_every_notebook_fails_at_its_first_form(tmp_path: Path) -> None:
    done = run_nbval(NOTEBOOKS, tmp_path, KIT_MODE="live", KIT_AUTOPILOT="")
    assert done.returncode == 1, done.stdout[-3000:]
    failed = re.findall(r"^FAILED \S*?(\w+\.ipynb)::", done.stdout, re.MULTILINE)
    assert set(failed) == {path.name for path in NOTEBOOKS.glob("*.ipynb")}
    assert re.search(r"E08: Nobody is here to press .*: this notebook runs in a test", done.stdout)


def sabotaged(name: str, code: str, folder: Path) -> Path:
    """A copy of a notebook with one more cell in front that breaks a stand-in."""
    notebook = json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "id": "sabotage", "metadata": {}, "source": code, "outputs": [],
            "execution_count": None}  # fmt: skip
    notebook["cells"].insert(0, cell)
    (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "code", "failure"),
    [
        (
            "04_log_in.ipynb",
            "from helpers.rehearsal.instagram.state import State\nState.is_tester = lambda self: False",
            "B09",
        ),
        (
            "03_strapi_provider.ipynb",
            "from helpers.rehearsal.world import World\n"
            "World.restart_strapi = lambda self: setattr(self.strapi.config, 'url', 'http://localhost:1337')",
            "A03",
        ),
    ],
)
def test_a_broken_stand_in_fails_the_run_and_is_named(
    name: str, code: str, failure: str, tmp_path: Path
) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    done = run_nbval(sabotaged(name, code, folder), tmp_path, KIT_FLOW="today")
    assert done.returncode == 1, done.stdout[-3000:]
    assert re.search(r"\b[1-9]\d* failed", done.stdout)
    assert failure in done.stdout
