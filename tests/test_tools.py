"""What make calls: environments, the lock, and one sentence for a Python that is too old."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = ROOT / "requirements.lock"


def tool(name: str) -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(ROOT / "tools"))


# The environment


def test_a_python_that_is_too_old_can_read_the_file_and_says_one_sentence() -> None:
    environment = tool("environment")
    ast.parse((ROOT / "tools" / "environment.py").read_text(encoding="utf-8"), feature_version=(3, 4))
    assert environment.too_old("/opt/python3", (3, 10, 13)) == (
        "/opt/python3 is Python 3.10; the kit needs 3.11 or later: install one, and name it, "
        "as in make lab PYTHON=python3.12"
    )


def test_nothing_is_made_with_a_python_that_is_too_old(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = tool("environment")
    monkeypatch.setattr(environment, "OLDEST", (99, 1))
    with pytest.raises(SystemExit, match=r"the kit needs 99\.1 or later"):
        environment.main(str(tmp_path / "env"), "lab")
    assert list(tmp_path.iterdir()) == []


class Ran:
    """What would be started; an environment that is made can be asked for its version."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, environment: ModuleType) -> None:
        self.commands: list[str] = []
        monkeypatch.setattr(environment.subprocess, "check_call", self)
        monkeypatch.setattr(environment.subprocess, "call", self)

    def __call__(self, command: list[str]) -> int:
        self.commands.append(" ".join(command[1:]))
        if "venv" in command:
            (Path(command[-1]) / "bin").mkdir(parents=True, exist_ok=True)
        return 0


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.chdir(ROOT)
    return tool("environment")


def a_python(folder: Path, version: str, *, pip: bool = True) -> None:
    (folder / "bin").mkdir(parents=True)
    no_pip = "" if pip else 'case "$2" in *"import pip"*) exit 1;; esac\n'
    (folder / "bin" / "python").write_text(f"#!/bin/sh\n{no_pip}echo {version}\n")
    (folder / "bin" / "python").chmod(0o755)
    (folder / "ready").touch()


@pytest.mark.parametrize(
    ("there", "options", "made"),
    [
        ("", (), True),
        ("3 10", (), True),
        ("broken", (), True),
        ("3 99", ("--exactly",), True),
        ("3 99", (), False),
        (" ".join(map(str, sys.version_info[:2])), ("--exactly",), False),
    ],
)
def test_an_environment_is_made_anew_only_when_it_is_not_the_python_that_was_asked_for(
    there: str, options: tuple[str, ...], made: bool,
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    if there:
        a_python(tmp_path / "env", there)
    ran = Ran(monkeypatch, environment)
    environment.main(str(tmp_path / "env"), "test", *options)
    assert any(command.startswith("-m venv --clear") for command in ran.commands) is made
    assert bool(ran.commands) is made


def test_it_is_brought_up_to_date_when_the_project_is_newer(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_python(tmp_path / "env", " ".join(map(str, sys.version_info[:2])))
    os.utime(tmp_path / "env" / "ready", (1, 1))
    ran = Ran(monkeypatch, environment)
    environment.main(str(tmp_path / "env"), "test")
    assert [command.split("-check ")[1] for command in ran.commands] == ["-e .[test]"]


def test_one_that_was_left_without_pip_is_made_anew(
    environment: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_python(tmp_path / "env", " ".join(map(str, sys.version_info[:2])), pip=False)
    (tmp_path / "env" / "ready").unlink()
    ran = Ran(monkeypatch, environment)
    environment.main(str(tmp_path / "env"), "test")
    assert "env has no pip: it is made anew." in capsys.readouterr().out
    assert ran.commands[0].startswith("-m venv --clear")


def test_a_lock_is_taken_only_when_it_is_of_these_dependencies(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = Ran(monkeypatch, environment)
    for name, text in (("right", environment.mark()), ("older", "# of the dependencies 0"), ("missing", "")):
        if text:
            (tmp_path / name).write_text(f"{text}\n")
        monkeypatch.setattr(environment, "LOCK", str(tmp_path / name))
        environment.install("python", "lab")
    assert ["--require-hashes" in command for command in ran.commands] == [True, False, False, False]


def test_a_pip_that_installs_for_the_user_elsewhere_installs_into_the_environment_here(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the real pip, which says so before it looks for anything."""
    monkeypatch.setattr(environment, "LOCK", str(tmp_path / "missing"))
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_DRY_RUN", "1")
    called = environment.subprocess.check_call
    said: list[str] = []

    def call(command: list[str]) -> None:
        nothing = [*command[: command.index("-e")], "not-a-package-of-anybody"]
        said.append(subprocess.run(nothing, capture_output=True, text=True, check=False).stderr)

    monkeypatch.setattr(environment.subprocess, "check_call", call)
    environment.install(sys.executable, "test")
    assert called is not call
    assert "--user" not in said[0]
    assert "No matching distribution found" in said[0]


def test_what_the_lock_names_but_cannot_be_had_is_said(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran(monkeypatch, environment)
    monkeypatch.setattr(environment, "fits", lambda: True)
    monkeypatch.setattr(environment.subprocess, "call", lambda command: 1)
    environment.install("python", "lab")
    assert "cannot be had here: the newest that pyproject.toml allows is taken." in capsys.readouterr().out
    assert ran.commands[-1].endswith("-e .[lab]")


def test_the_oldest_versions_are_those_that_the_project_declares(environment: ModuleType) -> None:
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]
    floors = environment.floors()
    assert len(floors) == len(declared) + len(PROJECT["optional-dependencies"]["test"])
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", each) for each in floors)
    for floor, line in zip(floors, declared, strict=False):
        name, version = floor.split("==")
        assert Requirement(line).name == name
        assert Requirement(line).specifier.contains(version)


def test_make_takes_the_python_of_an_environment_unless_one_is_named(tmp_path: Path) -> None:
    show = ["make", "--no-print-directory", "-n", "lint"]
    # A make around the tests hands its own variables down, as make test-pythons does.
    handed_down = {"PYTHON", "TEST", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS"}
    without = {name: value for name, value in os.environ.items() if name not in handed_down}
    for named, exactly in (([], False), (["PYTHON=python3"], True)):
        done = subprocess.run(
            [*show, *named], cwd=ROOT, env=without, capture_output=True, text=True, check=True
        )
        assert ("--exactly" in done.stdout) is exactly


def test_a_python_is_called_also_where_its_path_has_spaces(tmp_path: Path) -> None:
    python = tmp_path / "my pythons" / "python3"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho called with $1\n")
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "--no-print-directory", ".venv/ready", f"PYTHON={python}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "called with tools/environment.py\n"


# The lock


def test_the_lock_is_not_older_than_the_project(environment: ModuleType) -> None:
    assert environment.fits(), "pyproject.toml has changed since: run `make lock`"
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), line


def test_the_lock_has_hashes_for_everything_and_no_address() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert re.search(r"https?:|file:|index|find-links", text) is None
    packages = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(packages) > 50
    assert [each for each in packages if "--hash=sha256:" not in each] == []


# Several Pythons


def test_the_pythons_that_are_tried_are_those_that_the_project_names() -> None:
    pythons = tool("pythons")
    assert pythons.named() == ["3.11", "3.12", "3.13"]
    here = "{}.{}".format(*sys.version_info)
    assert pythons.find("3.2") is None
    found = pythons.find(here)
    assert found is None or tool("environment").version_of(found) == sys.version_info[:2]


def test_a_python_that_is_not_here_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    pythons = tool("pythons")
    monkeypatch.setattr(pythons, "find", lambda version: None)
    with pytest.raises(SystemExit) as ended:
        pythons.main()
    assert ended.value.code is True
