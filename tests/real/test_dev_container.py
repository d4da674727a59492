"""The dev container as the program reads it that would start one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.test_ci import ROOT, container

pytestmark = pytest.mark.real
PROGRAM = "@devcontainers/cli@0.89.0"


@pytest.fixture(scope="module")
def read() -> dict[str, Any]:
    """It asks Docker what is running; ``true`` has nothing to tell. It knows no schema: see test_ci."""
    done = subprocess.run(
        ["npm", "exec", "--yes", PROGRAM, "--", "read-configuration", "--workspace-folder", str(ROOT),
         "--docker-path", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_its_program_reads_what_is_written(read: dict[str, Any]) -> None:
    written, found = container(), read["configuration"]
    assert Path(found.pop("configFilePath")["path"]) == ROOT / ".devcontainer" / "devcontainer.json"
    inside = written["customizations"]["vscode"]["settings"]
    assert inside == {"python.defaultInterpreterPath": "${containerWorkspaceFolder}/.venv/bin/python"}
    inside["python.defaultInterpreterPath"] = f"{read['workspace']['workspaceFolder']}/.venv/bin/python"
    assert found == written
