"""What is true of the provider alone stands in its data file, and nowhere else."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from helpers.core.flows import CONSOLE_AS_OF, FLOWS, HOSTS, PROFILE_URL, TOKEN_URL, Flow

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / "helpers"
DATA = HELPERS / "core" / "providers" / "instagram.toml"
# The stand-ins and what is practised on them play the provider; what goes wrong with it is data too.
MAY_NAME_IT = ("rehearsal/", "practice/", "failures/")


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_login_asks_for_one_of_its_permissions_at_an_address_of_the_provider(flow: Flow) -> None:
    assert flow.scope in flow.scopes
    assert flow.authorize_url.split("/")[2] in HOSTS
    assert {"id", "username"} <= set(flow.profile_fields)
    assert len(flow.address_labels) == 3


def test_only_the_data_file_has_addresses_permissions_and_labels() -> None:
    secrets = [word for flow in FLOWS.values() for word in (*flow.scopes, *flow.address_labels[:1])]
    facts = [*HOSTS, TOKEN_URL, PROFILE_URL, *secrets]
    modules = [path for path in HELPERS.rglob("*.py")
               if not str(path.relative_to(HELPERS)).startswith(MAY_NAME_IT)]  # fmt: skip
    assert len(modules) > 60
    named = {
        (path.name, fact) for path in modules for fact in facts if fact in path.read_text(encoding="utf-8")
    }
    assert named == set()


def test_the_notebooks_tell_each_step_in_the_data_files_words() -> None:
    cells = [
        cell
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in json.loads(path.read_text())["cells"]
    ]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert CONSOLE_AS_OF.isoformat() in prose
    steps = tomllib.loads(DATA.read_text(encoding="utf-8"))["console"]["steps"]
    assert [step for step in steps for words in (step["page"], step["today"]) if words not in prose] == []
    assert len(steps) == 9
    assert re.search(r"^### 2\.9 ", prose, re.MULTILINE)
