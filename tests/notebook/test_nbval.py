"""Both notebooks run from top to bottom on autopilot, and one broken step is one failed cell."""

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
        [sys.executable, "-m", "pytest", *NBVAL, f"--rootdir={NOTEBOOKS}", str(where)],
        env=os.environ | given, cwd=home, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def code_cells(path: Path) -> int:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return sum(cell["cell_type"] == "code" for cell in cells)


@pytest.mark.parametrize("autopilot", ["1", "undo"])
@pytest.mark.parametrize("flow", ["today", "documented"])
def test_every_cell_of_every_notebook_passes_on_autopilot(flow: str, autopilot: str, tmp_path: Path) -> None:
    done = run_nbval(NOTEBOOKS, tmp_path, KIT_FLOW=flow, KIT_AUTOPILOT=autopilot)
    cells = sum(code_cells(path) for path in NOTEBOOKS.glob("*.ipynb"))
    assert re.search(rf"\b{cells} passed in", done.stdout), done.stdout[-3000:]


def test_a_rehearsal_passes_also_where_nothing_can_be_kept(tmp_path: Path) -> None:
    """As in a checkout that is read-only."""
    done = run_nbval(NOTEBOOKS / "1_set_up.ipynb", tmp_path, KIT_HOME=str(tmp_path / "nowhere"))
    assert done.returncode == 0, done.stdout[-3000:]
    assert not (tmp_path / "nowhere").exists()


def test_without_autopilot_every_notebook_fails_at_its_first_form(tmp_path: Path) -> None:
    done = run_nbval(NOTEBOOKS, tmp_path, KIT_MODE="live", KIT_AUTOPILOT="")
    assert done.returncode == 1, done.stdout[-3000:]
    failed = re.findall(r"^FAILED .*?(\w+\.ipynb)::", done.stdout, re.MULTILINE)
    assert set(failed) == {path.name for path in NOTEBOOKS.glob("*.ipynb")}
    assert re.search(r"E08: Nobody is here to press .*: this notebook runs in a test", done.stdout)


def changed(folder: Path, before: str = "", after: str = "") -> Path:
    """A copy of the setup with one more cell in front or at the end."""
    notebook = json.loads((NOTEBOOKS / "1_set_up.ipynb").read_text(encoding="utf-8"))
    for place, code in ((0, before), (len(notebook["cells"]) + 1, after)):
        if code:
            cell = {"cell_type": "code", "id": f"more-{place}", "metadata": {}, "source": code, "outputs": [],
                    "execution_count": None}  # fmt: skip
            notebook["cells"].insert(place, cell)
    folder.mkdir()
    (folder / "1_set_up.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return folder


WAIT_FOR_THE_TRUTH = """
from helpers.notebook.board_view import Board
from helpers.notebook.this_setup import the
board = the(Board)
await board.measure()
"""


def test_undoing_leaves_a_board_on_which_nothing_is_done(tmp_path: Path) -> None:
    look = WAIT_FOR_THE_TRUTH + "assert [each.status for each in board.results] == ['not-yet'] * 6"
    done = run_nbval(changed(tmp_path / "n", after=look), tmp_path, KIT_AUTOPILOT="undo")
    assert done.returncode == 0, done.stdout[-3000:]


def test_without_undoing_the_board_ends_with_all_six(tmp_path: Path) -> None:
    look = WAIT_FOR_THE_TRUTH + "assert [each.status for each in board.results] == ['passed'] * 6"
    done = run_nbval(changed(tmp_path / "n", after=look), tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("code", "cell", "failure"),
    [
        (
            "from helpers.rehearsal.instagram.state import State\nState.is_tester = lambda self: False",
            "login_form()",
            "B09",
        ),
        (
            "from helpers.rehearsal.strapi.files import ProjectFiles\n"
            "from helpers.strapi import restart\n"
            "restart._BY_ITSELF = 1.0\n"
            "ProjectFiles.url = lambda *_: 'http://localhost:1337'",
            "backend_form()",
            "Strapi does not watch",
        ),
        (
            "from helpers.rehearsal import world\nworld.AUTHTOKEN = 'tooShort'",
            "tunnel_form()",
            "C02",
        ),
    ],
)
def test_a_broken_stand_in_fails_the_run_and_is_named(
    code: str, cell: str, failure: str, tmp_path: Path
) -> None:
    done = run_nbval(changed(tmp_path / "n", before=code), tmp_path, KIT_FLOW="today")
    assert done.returncode == 1, done.stdout[-3000:]
    assert re.search(r"\b1 failed, \d+ passed\b", done.stdout), done.stdout[-1500:]
    assert failure in done.stdout
    assert cell in done.stdout
