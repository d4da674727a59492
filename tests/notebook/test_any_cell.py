"""Any cell works in a kernel that has just started, and the whole works twice in one."""

from __future__ import annotations

import os
from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# In a cell of its own, after it: the work that it began ends well, too.
SETTLE = "import asyncio\nfrom helpers.notebook import tasks\nawait tasks.settled()"


@pytest.fixture(autouse=True)
def a_page_to_press_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a Jupyter server starts a kernel; without it a form says that nobody is there to press it."""
    monkeypatch.setenv("JPY_SESSION_NAME", "a page")


def cells(name: str) -> list[str]:
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def run(sources: list[str], folder: Path) -> list[str]:
    """What the cells complain of, in one kernel that is new."""
    codes = [nbformat.v4.new_code_cell(source) for source in [*sources, SETTLE]]
    notebook = nbformat.v4.new_notebook(cells=codes)
    client = nbclient.NotebookClient(
        notebook, timeout=120, startup_timeout=120, kernel_name="python3", allow_errors=True
    )
    client.execute(cwd=str(folder))
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.evalue for output in outputs if output.output_type == "error"]


@pytest.mark.parametrize("name", ["1_set_up.ipynb", "2_practice.ipynb"])
def test_every_cell_alone_works_in_a_fresh_kernel(name: str, tmp_path: Path) -> None:
    different = list(dict.fromkeys(cells(name)))
    # The heads of chapters differ by their number alone.
    alone = [source for source in different if "chapter(" not in source] + [
        source for source in different if source.endswith(("chapter(0)", "chapter(5)"))
    ]
    assert {source: said for source in alone if (said := run([source], tmp_path))} == {}


@pytest.mark.parametrize("autopilot", ["", "1"])
def test_the_whole_twice_in_one_kernel_does_no_harm(
    autopilot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIT_AUTOPILOT", autopilot)
    both = cells("1_set_up.ipynb") * 2
    look = "from helpers.notebook.board_view import Board\nfrom helpers.notebook.this_setup import the\n"
    done = 6 if autopilot else 0
    told = f"assert sum(each.status == 'passed' for each in board.results) == {done}"
    said = run([*both, look + f"board = the(Board)\nawait board.measure()\n{told}"], tmp_path)
    assert said == []
    assert os.environ["KIT_HOME"]
