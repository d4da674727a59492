"""The workflow of *In your CI*, every line as written, in a second repository with its own helpers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_ci import PAGE, ROOT, teams_workflows

pytestmark = pytest.mark.real
STEPS, DEPLOYED = (
    [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"] if "run" in step]
    for text in teams_workflows()
)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A checked-out repository, and the environment that the workflow's job has there."""
    folder = tmp_path_factory.mktemp("second")
    (folder / "helpers").mkdir()
    (folder / "conftest.py").write_text("raise RuntimeError('their tests were configured')\n")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--not-an-option-of-ours'\n")
    (folder / "helpers" / "__init__.py").write_text("raise RuntimeError('theirs was imported')\n")
    wheel = "pip wheel --no-deps ."
    assert f"`{wheel}`" in PAGE.read_text(encoding="utf-8")
    command = [sys.executable, "-m", *wheel.split(), "--wheel-dir", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    pythons = folder / "pythons"
    pythons.mkdir()
    (pythons / "python").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    home = {"KIT_HOME": str(folder / ".login-kit"), "INSTAGRAM_LOGIN_KIT": str(next(folder.glob("*.whl")))}
    return folder, {"PATH": f"{pythons}:{os.environ['PATH']}", "HOME": str(folder), "CI": "true"} | home


def run(step: dict[str, Any], runner: tuple[Path, dict[str, str]]) -> subprocess.CompletedProcess[str]:
    folder, environment = runner
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    given = environment | pip | step.get("env", {})
    command = ["bash", "-e", "-c", step["run"]]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_the_step_succeeds_as_it_is_written(
    step: dict[str, Any], runner: tuple[Path, dict[str, str]]
) -> None:
    done = run(step, runner)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize("name", ["Rehearse a login", "Every check", "The notebooks, on autopilot"])
def test_the_step_fails_when_the_login_is_broken(name: str, runner: tuple[Path, dict[str, str]]) -> None:
    """Strapi's administrator has another address than the setup was given: the provider stays off."""
    facts = runner[0] / ".login-kit" / ".rehearsal.env"
    facts.write_text("STRAPI_ADMIN_EMAIL=somebody.else@example.com\n")
    try:
        done = run(next(step for step in STEPS if step["name"] == name), runner)
    finally:
        facts.unlink()
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stderr


def test_the_step_that_looks_at_what_is_deployed_fails_where_nobody_is(
    runner: tuple[Path, dict[str, str]],
) -> None:
    addresses = {"STRAPI_PUBLIC": "https://api.login.invalid", "PAGE_PUBLIC": "https://www.login.invalid"}
    done = [run({**step, "env": addresses}, runner) for step in DEPLOYED]
    assert [each.returncode for each in done] == [0, 1], [each.stderr[-2000:] for each in done]
    assert "Nobody answers as expected at the real address [F01]" in done[-1].stdout
