"""What other machines do with this repository: workflows, the dev container, VS Code, a codespace."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from helpers.core.settings import load
from tests.test_tools import ROOT, tool

PAGE = ROOT / "docs" / "ci.md"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONTAINER = ROOT / ".devcontainer"


def teams_workflows() -> list[str]:
    """The rehearsal's, and the one that looks at what is deployed."""
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def check(*paths: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "check-jsonschema"
    command = [program, "--builtin-schema", "vendor.github-workflows", *paths]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_workflow_fits_the_schema_of_its_kind(tmp_path: Path) -> None:
    teams = [tmp_path / "rehearsal.yml", tmp_path / "deployed.yml"]
    for path, text in zip(teams, teams_workflows(), strict=True):
        path.write_text(text)
    assert len(WORKFLOWS) == 2
    done = check(*WORKFLOWS, *teams)
    assert done.returncode == 0, done.stdout


def test_a_workflow_that_does_not_fit_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text(teams_workflows()[0].replace("runs-on:", "runs_on:"))
    assert check(tmp_path / "broken.yml").returncode == 1


def test_our_workflows_run_commands_of_the_makefile_on_the_pythons_that_the_project_names() -> None:
    targets = re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    ran: list[str] = []
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            ran += [step["run"] for step in job["steps"] if "run" in step]
            if matrix := job.get("strategy", {}).get("matrix"):
                assert matrix["python"] == tool("pythons").named()
    assert set(ran) == {"make test", "make test-oldest", "make drift"}
    assert {command.removeprefix("make ") for command in ran} <= set(targets)


# The dev container; its keys and their kinds as https://containers.dev/implementors/json_reference/ has them.

# What this file uses of it; it has no package, and what is not here is taken for a slip of the pen.
PORT = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "onAutoForward": {
            "enum": ["notify", "openBrowser", "openBrowserOnce", "openPreview", "silent", "ignore"]
        },
    },
    "additionalProperties": False,
}
REFERENCE = {
    "type": "object",
    "required": ["build"],
    "properties": {
        "name": {"type": "string"},
        "build": {
            "type": "object",
            "required": ["dockerfile"],
            "properties": {"dockerfile": {"type": "string"}},
            "additionalProperties": False,
        },
        "postCreateCommand": {"type": "string"},
        "forwardPorts": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 65535}},
        "portsAttributes": {
            "type": "object",
            "patternProperties": {r"^\d+$": PORT},
            "additionalProperties": False,
        },
        "customizations": {"type": "object", "properties": {"vscode": {"type": "object"}}},
    },
    "additionalProperties": False,
}


def container() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CONTAINER / "devcontainer.json").read_text(encoding="utf-8"))
    return loaded


def test_the_dev_container_says_only_what_its_reference_knows() -> None:
    found = container()
    jsonschema.validate(found, REFERENCE)
    assert (CONTAINER / found["build"]["dockerfile"]).is_file()
    assert {int(port) for port in found["portsAttributes"]} == set(found["forwardPorts"])


@pytest.mark.parametrize(
    ("right", "slip"),
    [
        ('"build"', '"built"'), ('"dockerfile"', '"dockerFile"'), ('"label"', '"labels"'),
        ('"notify"', '"notice"'), ("[8888,", '["8888",'), ('"forwardPorts"', '"forwardports"'),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_in_the_dev_container_is_found(right: str, slip: str) -> None:
    text = (CONTAINER / "devcontainer.json").read_text(encoding="utf-8")
    assert right in text
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(text.replace(right, slip)), REFERENCE)


def test_the_dev_container_brings_what_the_commands_need() -> None:
    brought = (CONTAINER / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^FROM python:3\.1[123]-", brought, re.MULTILINE)
    assert all(f" {name}" in brought for name in ("chromium", "make", "nodejs", "npm"))


def test_vs_code_is_told_the_environment_that_make_lab_makes() -> None:
    (lab,) = re.findall(r"^LAB = (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    inside = container()["customizations"]["vscode"]["settings"]
    for found in (settings, inside):
        assert found["python.defaultInterpreterPath"].endswith(f"/{lab}/bin/python")


def codespace(folder: Path, **environment: str) -> str:
    given = {"PATH": os.environ["PATH"], **environment}
    script = CONTAINER / "codespace.sh"
    return subprocess.run([script], cwd=folder, env=given, capture_output=True, text=True, check=True).stdout


def test_a_codespace_offers_its_forwarded_port_as_the_public_address(tmp_path: Path) -> None:
    said = codespace(tmp_path, CODESPACE_NAME="shiny-space", GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN="x.dev")
    given = load({"KIT_MODE": "live"}, tmp_path)
    assert (given.public_url, given.gateway_port) == ("https://shiny-space-8080.x.dev", 8080)
    assert given.gateway_port in container()["forwardPorts"]
    assert given.file.stat().st_mode & 0o777 == 0o600
    assert "Port Visibility" in said
    assert codespace(tmp_path, CODESPACE_NAME="another") == ""
    assert load({"KIT_MODE": "live"}, tmp_path) == given


@pytest.mark.parametrize("there", ["PUBLIC_URL=https://mine.example\n", None])
def test_an_address_of_ones_own_stays_and_elsewhere_nothing_is_written(
    there: str | None, tmp_path: Path
) -> None:
    if there:
        (tmp_path / ".env").write_text(there)
    codespace(tmp_path, **({"CODESPACE_NAME": "shiny-space"} if there else {}))
    assert [path.read_text() for path in tmp_path.iterdir()] == ([there] if there else [])
