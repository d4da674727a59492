"""A notebook that was run and saved is no change for git; what a person wrote into it is one."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from helpers.project.git import saved
from tests.project.test_git import git
from tests.support.git import needs_git

pytestmark = needs_git

CLEAN = Path(__file__).parents[2] / "tools/clean_notebook.py"


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """In a repository whose git knows the filter, as after ``make lab``."""
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": "1",
        "outputs": [],
        "execution_count": None,
    }
    file = tmp_path / "notebooks/a.ipynb"
    file.parent.mkdir()
    write(file, {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (tmp_path / ".gitattributes").write_text("notebooks/*.ipynb filter=notebook\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "config", "filter.notebook.clean", shlex.join([sys.executable, str(CLEAN)]))
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "as committed")
    return file


def write(file: Path, notebook: dict[str, object]) -> None:
    file.write_text(json.dumps(notebook))


def run(file: Path, source: str = "1") -> None:
    notebook = json.loads(file.read_text())
    out = {"output_type": "stream", "name": "stdout", "text": "a longer file"}
    notebook["cells"][0] |= {"source": source, "outputs": [out], "execution_count": 7}
    write(file, notebook)


def test_what_running_adds_is_no_change(notebook: Path) -> None:
    run(notebook)
    saved(str(notebook), model={}, contents_manager=None)
    assert git(notebook.parent, "status", "--porcelain") == ""


def test_what_a_person_wrote_is_a_change_and_is_not_added(notebook: Path) -> None:
    run(notebook, "2")
    saved(str(notebook))
    assert git(notebook.parent, "status", "--porcelain") == " M notebooks/a.ipynb\n"


def test_outside_a_repository_and_for_other_files_nothing_happens(tmp_path: Path, notebook: Path) -> None:
    other = notebook.with_name("b.txt")
    other.write_text("b")
    saved(str(other))
    saved(str(tmp_path / "nowhere/c.ipynb"))
    assert git(notebook.parent, "status", "--porcelain") == "?? notebooks/b.txt\n"
