"""The committed notebooks, taken apart."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"


SET_UP, PRACTICE, GO_LIVE = NAMES = ["1_set_up.ipynb", "2_practice.ipynb", "3_go_live.ipynb"]


each_notebook = pytest.mark.parametrize("name", NAMES)


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


def cells(name: str, kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in load(name)["cells"] if cell["cell_type"] == kind]


def prose(name: str) -> str:
    return "\n\n".join(cells(name, "markdown"))


def headings(level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", unfolded(prose(SET_UP)), re.MULTILINE)


def unfolded(text: str) -> str:
    return re.sub(r"<details>.*?</details>|```.*?```", "", text, flags=re.DOTALL)


def chapters() -> dict[str, list[dict[str, Any]]]:
    """The cells of each chapter, by its heading."""
    found: dict[str, list[dict[str, Any]]] = {}
    for cell in load(SET_UP)["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and (named := re.search(r"^## (.+)$", text, re.MULTILINE)):
            found[named[1]] = []
        if found:
            list(found.values())[-1].append(cell)
    return found


def counted(text: str) -> int:
    return len([word for word in re.sub(r"\]\(.*?\)", "]", text).split() if re.search(r"\w", word)])


def docstring(module: str, *names: str) -> str | None:
    """Of a function or class, or of a method of a class that is named first."""
    found: Any = importlib.import_module(module)
    for name in names:
        found = getattr(found, name)
    assert inspect.isfunction(found) or inspect.isclass(found)
    return found.__doc__
