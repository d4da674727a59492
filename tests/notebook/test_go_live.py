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


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("Strapi does not trust its proxy", "A22"),
        ("the page asks without its cookie", "F07"),
        ("the redirect URL is still the tunnel's", "A04"),
    ],
)
def test_what_is_set_up_wrong_fails_the_check_and_names_it(name: str, failure: str, tmp_path: Path) -> None:
    notebook = json.loads((NOTEBOOKS / "3_go_live.ipynb").read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "id": "plant", "metadata": {}, "source": PLANT.format(name=name),
            "outputs": [], "execution_count": None}  # fmt: skip
    notebook["cells"].insert(0, cell)
    folder = tmp_path / "n"
    folder.mkdir()
    (folder / "3_go_live.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    done = run_nbval(folder, tmp_path)
    assert done.returncode == 1, done.stdout[-3000:]
    assert re.search(rf"{failure}: Mend this first", done.stdout), done.stdout[-3000:]
