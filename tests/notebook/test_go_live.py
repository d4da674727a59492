"""Notebook 3 can be failed: what is set up wrong in the deployed rehearsal is a failed cell."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.notebook.test_nbval import NOTEBOOKS, run_nbval

PLANT = """
from helpers.notebook.go_live_layout import Deployed
from helpers.practice.deployment_faults import FAULTS
fault = next(each for each in FAULTS if each.name == {name!r})
Deployed.break_ = lambda self, _: fault.plant(self.world)
"""


WAITS = """
from helpers.notebook.cells import go_live_forms
from helpers.notebook.this_setup import the
told = [the(form).status for form in go_live_forms().values()]
assert [(each.kind, each.text[:27]) for each in told] == [("not-yet", "waits for the two addresses")] * 4
"""


def with_cell(place: int, code: str, folder: Path) -> Path:
    """A copy of the notebook with one more cell; a ``place`` of -1 is the end."""
    notebook = json.loads((NOTEBOOKS / "3_go_live.ipynb").read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "id": "more", "metadata": {}, "source": code,
            "outputs": [], "execution_count": None}  # fmt: skip
    notebook["cells"].insert(len(notebook["cells"]) if place < 0 else place, cell)
    folder.mkdir()
    (folder / "3_go_live.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def test_live_it_waits_for_the_two_addresses_and_fails_nothing(tmp_path: Path) -> None:
    """No file and no environment knows them."""
    done = run_nbval(with_cell(-1, WAITS, tmp_path / "n"), tmp_path, KIT_MODE="live")
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("Strapi does not trust its proxy", "A22"),
        ("the page asks without its cookie", "F07"),
        ("the redirect URL is still the tunnel's", "A04"),
    ],
)
def test_what_is_set_up_wrong_fails_the_check_and_names_it(name: str, failure: str, tmp_path: Path) -> None:
    done = run_nbval(with_cell(0, PLANT.format(name=name), tmp_path / "n"), tmp_path)
    assert done.returncode == 1, done.stdout[-3000:]
    assert len(re.findall("^FAILED ", done.stdout, re.MULTILINE)) == 1, "what follows from it only waits"
    assert re.search(rf"{failure}: Mend this first", done.stdout), done.stdout[-3000:]
