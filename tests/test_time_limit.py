"""No test hangs for ever: after a time it is ended, named, and the others go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
HANGS = """
import threading

def test_that_hangs():
    threading.Event().wait()

def test_that_comes_after():
    pass
"""


def test_every_test_has_a_time_limit(request: pytest.FixtureRequest) -> None:
    assert 0 < float(request.config.getini("timeout")) <= 300


@pytest.mark.parametrize("how", [(), ("-n", "1")], ids=["alone", "in parallel"])
def test_a_test_that_hangs_is_ended_and_named(how: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "test_hangs.py").write_text(HANGS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        PROJECT,
        f"--rootdir={tmp_path}",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, "-o", "timeout=1", *how, tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "test_that_hangs" in done.stdout
    assert "Timeout (>1.0s)" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
