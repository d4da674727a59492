"""The rooms of the house and the one direction of imports between them: docs/house.md draws both."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HELPERS = ROOT / "helpers"
# A floor imports from the floors below it, and never from a room beside it.
FLOORS = [
    {"failures"},
    {"core"},
    {"web", "project"},
    {"gateway", "strapi", "tunnel"},
    {"login", "rehearsal"},
    {"kit"},
    {"doctor"},
    {"practice", "commands"},
    {"notebook", "__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(path for path in HELPERS.rglob("*.py") if path != HELPERS / "__init__.py")
each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HELPERS)))


def room(path: Path) -> str:
    return path.relative_to(HELPERS).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The other rooms that a module imports from, late or for its types alone too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
            inside = (node.module or "").split(".")[1:]
            found |= {inside[0]} if inside else {alias.name for alias in node.names}
    return found - {room(path)}


@each_module
def test_imports_go_down(path: Path) -> None:
    assert [each for each in imported(path) if FLOOR[each] >= FLOOR[room(path)]] == []


def test_an_import_upward_would_be_seen(tmp_path: Path) -> None:
    assert imported(HELPERS / "kit" / "running.py") >= {"core", "gateway"}
    assert FLOOR["notebook"] > FLOOR["kit"] > FLOOR["core"]


@each_module
def test_only_the_notebooks_room_has_widgets(path: Path) -> None:
    widgets = re.search(r"^\s*(import|from) (ipywidgets|anywidget)", path.read_text(encoding="utf-8"), re.M)
    assert room(path) == "notebook" or not widgets


def test_every_room_says_in_one_sentence_what_it_is_for() -> None:
    for each in set(FLOOR) - {"commands", "__main__"}:
        said = ast.get_docstring(ast.parse((HELPERS / each / "__init__.py").read_text(encoding="utf-8")))
        assert said
        assert said.splitlines()[0].endswith("."), each
    assert {path.name for path in HELPERS.iterdir() if path.suffix == ".py"} == {
        "__init__.py",
        "__main__.py",
        "commands.py",
    }


def test_the_plan_names_every_room() -> None:
    plan = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    shown = ast.get_docstring(ast.parse((HELPERS / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert [each for each in FLOOR if f"`{each}" not in plan] == []
    assert [each for each in FLOOR if each not in shown] == []


def test_a_live_setup_imports_no_stand_in():
    code = "import sys, helpers.notebook; print([name for name in sys.modules if 'rehearsal' in name])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
