"""The variable of a front end, the tool that builds it, and the Node that runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.core.errors import InputError
from helpers.project import front_end_start
from helpers.project.front_end_project import FrontEnd
from helpers.project.journal import Journal
from tests.support.projects import contents, make

PUBLIC = "https://shop.ngrok-free.dev"


@pytest.mark.parametrize(
    ("needs", "variable"),
    [
        ({"react-scripts": "5.0.1"}, "REACT_APP_BACKEND_URL"),
        ({"vite": "^7.0.0", "react": "19"}, "VITE_BACKEND_URL"),
        ({"next": "16.0.0"}, "NEXT_PUBLIC_BACKEND_URL"),
    ],
)
def test_a_front_end_gets_the_variable_of_its_tool(
    tmp_path: Path, journal: Journal, needs: dict[str, str], variable: str
):
    folder = make(tmp_path / "page", needs)
    before = contents(folder)
    FrontEnd(folder).address(PUBLIC).apply(journal)
    assert (folder / ".env").read_text() == f"{variable}={PUBLIC}\n"
    assert FrontEnd(folder).address(PUBLIC).changes == ()
    journal.undo()
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        ({".env": "A=1\n"}, ".env"),
        ({".env": "A=1\n", ".env.local": ""}, ".env.local"),
        ({".env": "VITE_BACKEND_URL=x\n", ".env.local": ""}, ".env"),
        ({".env": "VITE_BACKEND_URL=x\n", ".env.development": "VITE_BACKEND_URL=y\n"}, ".env.development"),
    ],
)
def test_the_variable_is_set_where_it_counts(tmp_path: Path, files: dict[str, str], changed: str):
    (change,) = FrontEnd(make(tmp_path, {"vite": "7"}, **files)).address(PUBLIC).changes
    assert change.path.name == changed


def test_a_front_end_of_an_unknown_tool_gets_a_sentence(tmp_path: Path):
    with pytest.raises(InputError, match="none of Next, Create React App, SvelteKit") as caught:
        FrontEnd(make(tmp_path, {"ember-source": "6"}))
    assert caught.value.failure == "D06"


def test_an_old_react_scripts_on_a_current_node_is_warned_of(tmp_path: Path):
    warning = FrontEnd(make(tmp_path, {"react-scripts": "^3.4.1"})).warning(node=20)
    assert warning
    assert warning.failure == "D05"
    assert "react-scripts 3" in str(warning)


@pytest.mark.parametrize(
    ("accepted", "installed", "node"),
    [
        ("^3.4.1", "", 16),
        ("5.0.1", "", 22),
        ("^3.4.1", "5.0.1", 22),
        ("^3.4.1", "", None),
        ("latest", "", 22),
    ],
)
def test_a_front_end_that_starts_is_not_warned_of(
    tmp_path: Path, accepted: str, installed: str, node: int | None
):
    files = {"node_modules/react-scripts/package.json": f'{{"version": "{installed}"}}'} if installed else {}
    assert FrontEnd(make(tmp_path, {"react-scripts": accepted}, **files)).warning(node) is None


def test_a_front_end_that_asks_for_the_legacy_provider_is_not_warned_of(tmp_path: Path):
    manifest = {
        "dependencies": {"react-scripts": "4.0.3"},
        "scripts": {"start": "NODE_OPTIONS=--openssl-legacy-provider react-scripts start"},
    }
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    assert FrontEnd(tmp_path).warning(node=22) is None


@pytest.mark.parametrize(("said", "major"), [("v20.20.2", 20), ("", None)])
def test_the_installed_node_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, major: int | None
):
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {said}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert front_end_start.installed_node() == major


def test_without_node_there_is_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert front_end_start.installed_node() is None
