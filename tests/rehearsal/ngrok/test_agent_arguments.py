"""The agent's command line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from pyngrok import ngrok

from tests.support.agents import (
    TOKEN,
    Agents,
)


def test_version_check_and_add_authtoken(agents: Agents) -> None:
    config = agents.config()
    assert re.fullmatch(r"3\.\d+\.\d+", ngrok.get_version(config)[0])
    ngrok.set_auth_token(TOKEN, config)
    assert TOKEN in Path(config.config_path).read_text()
    config.auth_token = None
    assert ngrok.get_ngrok_process(config).healthy(), "the token in the file is used"
    said = subprocess.check_output([config.ngrok_path, "config", "check", "--config", config.config_path])
    assert said.startswith(b"Valid configuration file at")


@pytest.mark.parametrize("arguments", [["config", "check", "--config", "/nowhere.yml"], ["sell"]])
def test_a_wrong_command_line_is_an_error(agents: Agents, arguments: list[str]) -> None:
    done = subprocess.run([agents.install(), *arguments], capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"ERROR:")
