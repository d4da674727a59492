"""Each fix of the catalogue, and whatever else the code says, sends the reader to a place that exists."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import failures
from helpers.__main__ import _parser
from helpers.core.settings import NAMES

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / "helpers"
CONSOLE = tomllib.loads((HELPERS / "core/providers/instagram.toml").read_text(encoding="utf-8"))["console"]

# Buttons and keys that are not the kit's, and whose they are.
OTHERS_BUTTONS = {
    "Enter": "the keyboard",
    "Visit Site": "ngrok's warning page",
    "Copy": "ngrok's dashboard",
    "Run > Run All Cells": "JupyterLab",
    "Select Kernel": "VS Code",
}
# Variables that are not the kit's, and who reads them.
OTHERS_VARIABLES = {
    "ADMIN_JWT_SECRET": "Strapi",
    "API_TOKEN_SALT": "Strapi",
    "APP_KEYS": "Strapi",
    "DANGEROUSLY_DISABLE_HOST_CHECK": "create-react-app",
    "JWT_SECRET": "Strapi",
    "NBVAL_IGNORE_OUTPUT": "nbval",
    "NODE_ENV": "Node",
    "NODE_OPTIONS": "Node",
    "NODE_USE_ENV_PROXY": "Node",
    "NODE_EXTRA_CA_CERTS": "Node",
    "PYNGROK_NGROK_PATH": "pyngrok",
    "REACT_APP_BACKEND_URL": "the login-react example",
    "STRAPI_ADMIN_BACKEND_URL": "Strapi",
}

_GOES_ON = r"(?!(?:and|or|once|beside|after|first|there)\b)"  # the sentence does, the button's name does not
_PRESS = re.compile(rf"\b[Pp]ress ([A-Z][\w']*(?:(?: > | ){_GOES_ON}[\w']+)*)")
_STEP = re.compile(r"(?<![\d.v/=])(?<!Strapi )(?<!ngrok )(?<!Node )([0-6]\.\d)(?![\d.]\d|\d)")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+(\.\d+)?|Strapi \d\.\d\w*( (or|to) \d\.\d+)*")


def told() -> Iterator[tuple[str, str]]:
    """Where a text stands, and the text."""
    for failure in failures.all_failures().values():
        for step in failure.fix:
            yield failure.id, step
    for path in sorted(HELPERS.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from ((str(path.relative_to(ROOT)), text) for text in _texts(tree))


def _texts(node: ast.AST) -> Iterator[str]:
    """No docstring, and of an f-string one text, in which what is filled in stands as {}."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
                yield from _texts(child)


def headings() -> str:
    cells = [
        cell
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    ]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    return "\n".join(line for line in lines if line.startswith("#"))


def labels() -> set[str]:
    """Every text in the code of the widgets, and what stands in Meta's dashboard."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (HELPERS / "notebook").glob("*.py")]
    return {text for tree in trees for text in _texts(tree)} | set(_strings(CONSOLE))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


TEXTS = [(where, text) for where, text in told() if " " in text]


def found(pattern: str | re.Pattern[str]) -> list[tuple[str, str, str]]:
    """Who says it, all that is said, and what the pattern finds there."""
    return [(where, text, each) for where, text in TEXTS for each in re.findall(pattern, text)]


def lost(pattern: str | re.Pattern[str], there: object, at_least: int) -> list[tuple[str, str, str]]:
    """What leads nowhere; so few finds that the pattern has gone blind are no proof."""
    everything = found(pattern)
    assert len(everything) >= at_least, everything
    return [each for each in everything if each[2] not in there]  # type: ignore[operator]


def test_every_step_and_chapter_is_a_heading() -> None:
    steps = set(re.findall(r"^### (\d\.\d) ", headings(), re.M))
    chapters = set(re.findall(r"^## (\d) ", headings(), re.M))
    without_versions = [(where, _ADDRESS.sub("", text)) for where, text in TEXTS]
    said = [(where, text, each) for where, text in without_versions for each in _STEP.findall(text)]
    assert len(said) >= 12
    assert [each for each in said if each[2] not in steps] == []
    assert lost(r"\b[Cc]hapter (\d)", chapters, 3) == []


def test_every_button_is_on_a_form_or_somebody_elses() -> None:
    there = labels() | OTHERS_BUTTONS.keys()
    assert lost(_PRESS, there, 20) == []


@pytest.mark.parametrize(
    "label", ["The redirect URL to your front-end app", "Client ID", "OAuth redirect URIs"]
)
def test_the_fields_that_fixes_name_are_labels(label: str) -> None:
    assert found(re.escape(label))
    assert label in labels()


def test_every_setting_is_the_kits_or_somebody_elses() -> None:
    there = {*NAMES.values(), "KIT_HOME", *OTHERS_VARIABLES}
    assert lost(r"(?<![\w<])[A-Z]+(?:_[A-Z]+)+\b", there, 20) == []


def test_every_command_and_target_is_there() -> None:
    commands = next(each.choices for each in _parser()._actions if isinstance(each.choices, dict))
    assert lost(r"python -m helpers (\w+)", commands, 3) == []
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert lost(r"\bmake (lab|test[\w-]*|docs|pictures|\w+-\w+)\b", targets, 2) == []


def test_every_notebook_and_module_is_there() -> None:
    names = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert [each for each in found(r"\b(\d_[a-z_]+)(?:\.ipynb)?\b") if each[2] not in names] == []
    for where, text, dotted in found(r"\bthrough (helpers(?:\.\w+)+)"):
        module, _, name = dotted.rpartition(".")
        path = ROOT / module.replace(".", "/")
        code = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
        assert re.search(rf"\b(def|class) {name}\b", code.read_text(encoding="utf-8")), (where, text)


def test_every_path_in_metas_dashboard_is_made_of_its_labels() -> None:
    known = "\n".join(_strings(CONSOLE))
    paths = [(where, path) for where, _, path in found(r"open ((?:[A-Z]\w*[\w ]* > )+[A-Z]\w*(?: \w+)*)")]
    at_meta = [(where, path) for where, path in paths if where[0] == "B" and "Settings >" not in path]
    assert len(at_meta) >= 2
    parts = [(where, re.sub(" and .*", "", part)) for where, path in at_meta for part in path.split(" > ")]
    assert [(where, part) for where, part in parts if part not in known] == []
