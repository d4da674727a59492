"""Run ``make test`` on every Python that the project names, one after the other: ``make test-pythons``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from environment import PROJECT, version_of

NEWER = ["3.14", "3.15"]  # tried where they can be had


def named() -> list[str]:
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', Path(PROJECT).read_text("utf-8"))


def find(version: str) -> str | None:
    wanted = tuple(map(int, version.split(".")))
    return next((each for each in _candidates(version) if version_of(each) == wanted), None)


def _candidates(version: str) -> Iterator[str]:
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    if shutil.which("pyenv"):
        root = Path(_said("pyenv", "root"))
        yield from map(str, sorted(root.glob(f"versions/{version}.*/bin/python"), reverse=True))
    if shutil.which("uv"):
        yield _said("uv", "python", "find", "--no-python-downloads", version)


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def main() -> None:
    wanted = named()
    ended = {version: _test(version, find(version)) for version in [*wanted, *NEWER]}
    print("\n".join(f"Python {version}: {how}" for version, how in ended.items()))
    sys.exit(any(ended[version] != "passed" for version in wanted) or "failed" in ended.values())


def _test(version: str, python: str | None) -> str:
    if not python:
        return "not here, so not tried"
    make = ["make", "test", f"PYTHON={python}", f"TEST=.venv-test-{version}"]
    return "failed" if subprocess.run(make, check=False).returncode else "passed"


if __name__ == "__main__":
    main()
