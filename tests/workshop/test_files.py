"""The workshop's files fit together: values, board, image and guide name the same things."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers import failures
from helpers.notebook import share_progress

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "workshop"
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "zero-to-jupyterhub.yaml").read_text(encoding="utf-8"))
BOARD = ast.parse((FOLDER / "board.py").read_text(encoding="utf-8"))

# Read in the chart's documentation by a person, who may have misread it: this catches typing errors. It is no
# validation by the chart's schema, which no package registry has.
DOCUMENTED: dict[str, set[str]] = {
    "": {"singleuser", "proxy", "hub", "cull"},
    "singleuser": {
        "image",
        "cmd",
        "defaultUrl",
        "storage",
        "extraEnv",
        "memory",
        "startTimeout",
        "extraFiles",
        "networkPolicy",
    },
    "singleuser.image": {"name", "tag", "pullPolicy", "pullSecrets"},
    "singleuser.storage": {"type", "capacity", "homeMountPath", "dynamic", "static", "extraLabels"},
    "singleuser.memory": {"guarantee", "limit"},
    "singleuser.networkPolicy": {"enabled", "ingress", "egress", "egressAllowRules"},
    "singleuser.extraFiles.lab-settings": {"mountPath", "data", "mode"},
    "proxy": {"service"},
    "proxy.service": {"type"},
    "hub": {"config", "loadRoles", "extraFiles", "services", "service", "networkPolicy"},
    "hub.extraFiles.board": {"mountPath", "stringData", "mode"},
    "hub.service": {"type", "ports", "annotations", "extraPorts", "loadBalancerIP"},
    "hub.networkPolicy": {"enabled", "ingress", "egress", "egressAllowRules"},
    "cull": {"timeout"},
}


def at(path: str) -> dict[str, Any]:
    found = VALUES
    for name in filter(None, path.split(".")):
        found = found[name]
    return found


@pytest.mark.parametrize("path", DOCUMENTED)
def test_the_values_parse_and_have_only_keys_that_are_documented(path: str):
    assert set(at(path)) <= DOCUMENTED[path]


def test_nobody_outside_of_the_cluster_can_sign_in_before_the_facilitator():
    """Whoever signs in first under a name chooses its password; the chart's default is a public address."""
    assert at("hub.config.JupyterHub")["authenticator_class"].endswith("FirstUseAuthenticator")
    assert at("proxy.service")["type"] == "ClusterIP"


def test_closing_a_notebook_ends_its_kernel_on_kubernetes_as_on_one_machine():
    overrides = json.loads((FOLDER / "lab-settings" / "overrides.json").read_text(encoding="utf-8"))
    assert at("singleuser.extraFiles.lab-settings")["data"] == overrides


def test_the_image_leaves_out_all_that_git_ignores_and_git_itself():
    """An .env, what the kit keeps and the hub's passwords would else be in everybody's hands."""
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    wanted = {f"**/{line.rstrip('/')}" for line in ignored if line and not line.startswith("#")}
    left_out = set((ROOT / ".binder" / ".dockerignore").read_text(encoding="utf-8").splitlines())
    assert wanted | {".git"} <= left_out


def test_the_values_lead_everybody_to_the_same_board():
    service = at("hub.services.board")
    assert service["command"][-1] == at("hub.extraFiles.board")["mountPath"]
    assert at("singleuser.extraEnv")["KIT_WORKSHOP_BOARD"] == service["url"] + "/services/board/mine"
    port = int(service["url"].rpartition(":")[2])
    rules = at("hub.networkPolicy")["ingress"] + at("singleuser.networkPolicy")["egress"]
    assert [entry["port"] for rule in rules for entry in rule["ports"]] == [port] * 2
    assert [entry["port"] for entry in at("hub.service")["extraPorts"]] == [port]


def test_the_attendees_disk_does_not_hide_the_repository_in_the_image():
    home = at("singleuser.storage")["homeMountPath"]
    assert home.startswith("/home/jovyan/")
    assert at("singleuser.extraEnv")["KIT_HOME"] == home


def test_every_value_of_the_environment_is_text():
    assert [type(value) for value in at("singleuser.extraEnv").values()] == [str] * 3


def test_the_facilitator_may_see_the_board_but_not_the_attendees_servers():
    for scopes in (at("hub.loadRoles.facilitator")["scopes"], scopes_on_one_machine()):
        assert "access:services!service=board" in scopes
        assert not any(scope.startswith("access:servers") for scope in scopes)


def scopes_on_one_machine() -> list[str]:
    text = (FOLDER / "jupyterhub_config.py").read_text(encoding="utf-8")
    (found,) = re.findall(r'"scopes": (\[.*?\])', text)
    return list(ast.literal_eval(found))


def test_the_board_has_the_steps_that_the_kit_sends():
    named = {node.targets[0].id: node.value for node in BOARD.body if isinstance(node, ast.Assign)
             and isinstance(node.targets[0], ast.Name)}  # fmt: skip
    assert tuple(ast.literal_eval(named["STEPS"])) == share_progress.STEPS


def test_the_board_needs_nothing_but_what_a_hubs_container_has():
    imported = {
        node.module.partition(".")[0]
        for node in BOARD.body
        if isinstance(node, ast.ImportFrom) and node.module
    }
    imported |= {alias.name for node in BOARD.body if isinstance(node, ast.Import) for alias in node.names}
    standard = {"__future__", "asyncio", "json", "os", "collections", "html", "typing", "urllib"}
    assert imported - standard == {"jupyterhub", "tornado"}


def test_every_failure_that_the_guide_names_is_in_the_catalogue():
    named = set(re.findall(r"\b[A-E]\d\d\b", (FOLDER / "README.md").read_text(encoding="utf-8")))
    assert {"E02", "C04", "C10", "E03", "E11", "A17"} <= named
    assert named <= set(failures.all_failures())


def test_every_command_that_the_guide_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (FOLDER / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"make -C workshop (\w+)", (FOLDER / "README.md").read_text(encoding="utf-8")))
    assert {"start", "stop", "remove", "load"} == named
    assert named <= targets


def test_make_load_runs_a_program_that_is_there():
    """As make would: with the command's own words, from the folder that it goes to."""
    show = ["make", "--no-print-directory", "-n", "load", "ENV=../here", "JSON=/tmp/x.json"]
    shown = subprocess.run(show, cwd=FOLDER, capture_output=True, text=True, check=True).stdout
    (command,) = re.findall(r"^cd \.\. && here/bin/python (-m \S+) --json /tmp/x\.json$", shown, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, *command.split(), "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--attendees" in done.stdout
