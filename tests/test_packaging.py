"""What people install and run is what the project says: dependencies, environments, commands, files."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CORE = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
EXTRAS = {
    extra: [Requirement(line) for line in lines]
    for extra, lines in PROJECT["project"]["optional-dependencies"].items()
}
ENVIRONMENTS = ["environment.yml", ".binder/environment.yml"]
# Where the name to import is not the name to install.
INSTALLED_AS = {"dotenv": "python-dotenv", "yaml": "pyyaml"}
DOCUMENTS = [ROOT / name for name in ("CONTRIBUTING.md", "README.md") if (ROOT / name).exists()]


def versions(requirements: list[Requirement]) -> dict[str, SpecifierSet]:
    return {canonicalize_name(each.name): each.specifier for each in requirements}


def ignored() -> list[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that git would take, but for environments: their names are anybody's choice."""
    for path in folder.iterdir():
        if (path / "pyvenv.cfg").exists() or (path / "conda-meta").exists():
            continue
        name = path.name + ("/" if path.is_dir() else "")
        if path.name == ".git" or any(fnmatch(name, pattern) for pattern in ignored()):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


# Dependencies


@pytest.mark.parametrize("requirement", [*CORE, *chain(*EXTRAS.values())], ids=lambda each: each.name)
def test_every_dependency_has_a_lower_and_an_upper_limit(requirement: Requirement):
    assert sorted(each.operator for each in requirement.specifier) == ["<", ">="]


def imported() -> dict[str, str]:
    """The top-level modules that the package imports from elsewhere, each with one file that does."""
    found: dict[str, str] = {}
    for path in (ROOT / "helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found |= {name.partition(".")[0]: path.name for name in names}
    return {name: file for name, file in found.items() if name not in {"helpers", *sys.stdlib_module_names}}


def test_every_import_is_a_declared_dependency():
    needed = {canonicalize_name(INSTALLED_AS.get(name, name)): file for name, file in imported().items()}
    assert {"httpx", "python-dotenv", "aiohttp"} <= needed.keys()
    assert {name: file for name, file in needed.items() if name not in versions(CORE)} == {}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of what git would take, and the wheel that this sdist makes."""
    made = tmp_path_factory.mktemp("built")
    source = made / "source"
    for path in files():
        target = source / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for folder, kind in ((source, "sdist"), (made / "unpacked", "wheel")):
        build = f"import sys; from hatchling.build import build_{kind}; build_{kind}(sys.argv[1])"
        subprocess.run([sys.executable, "-c", build, made], cwd=folder, check=True, capture_output=True)
        if kind == "sdist":
            # Not tarfile: its filter, without which newer Pythons warn, came with 3.11.4 only.
            subprocess.run(["tar", "-xzf", next(made.glob("*.tar.gz"))], cwd=made, check=True)
            next(made.glob("strapi_*[0-9]")).rename(made / "unpacked")
    return made


def test_the_sdist_has_every_file_of_the_repository(built: Path):
    unpacked = built / "unpacked"
    inside = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert inside == {str(path.relative_to(ROOT)) for path in files()} | {"PKG-INFO"}


def test_the_wheel_of_the_sdist_has_every_file_of_the_package_and_the_notebooks(built: Path):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as opened:
        inside = {name for name in opened.namelist() if ".dist-info/" not in name}
    notebooks = {f"helpers/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    package = {str(path.relative_to(ROOT)) for path in files(ROOT / "helpers")}
    assert notebooks
    assert inside == package | notebooks | {"instagram_login_kit.py"}
    assert "helpers/failures/strapi.toml" in inside


def test_the_licence_is_named_as_new_build_tools_want_it():
    """The older form is a table; hatchling writes this one into the package's metadata from 1.27 on."""
    assert PROJECT["project"]["license"] == "MIT"
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    (hatchling,) = map(Requirement, PROJECT["build-system"]["requires"])
    assert not hatchling.specifier.contains("1.26")


# Conda and Binder


def environment(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_conda_forge_has_only_python_and_pip_to_give(name: str):
    """All else comes by pip from pyproject.toml: there is no second list that could be wrong."""
    found = environment(name)
    assert set(found) == {"name", "channels", "dependencies"}
    assert found["channels"] == ["conda-forge"]
    python, pip, *rest = found["dependencies"]
    assert re.fullmatch(r"python=3\.\d+", python)
    assert python.removeprefix("python=") in SpecifierSet(PROJECT["project"]["requires-python"])
    assert pip == "pip"
    assert rest == ([{"pip": ["-e .[lab]"]}] if name == "environment.yml" else [])


def test_binder_installs_the_repository_when_it_is_there():
    script = ROOT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    first, *rest = script.read_text(encoding="utf-8").splitlines()
    assert first.startswith("#!")
    assert "python -m pip install -e '.[lab]'" in rest


# Commands


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))


def test_the_commands_of_the_contract_are_there():
    assert {"lab", "test", "test-real", "bench"} <= targets()


def test_what_make_takes_for_a_command_is_one():
    (phony,) = re.findall(r"^\.PHONY: (.+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(phony.split()) == targets()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_a_document_names_exists(document: Path):
    named = re.findall(r"(?:`|^)make (?!-C)([\w-]+)", document.read_text(encoding="utf-8"), re.MULTILINE)
    assert named
    assert set(named) <= targets()


@pytest.mark.parametrize("holds", ["pyvenv.cfg", "conda-meta"])
def test_an_environment_in_the_checkout_is_left_alone_whatever_it_is_called(holds: str, tmp_path: Path):
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    tools, theirs = tmp_path / "ours", tmp_path / "py311" / "lib" / "theirs.py"
    for folder in (tools / "bin", theirs.parent, theirs.parents[1] / holds):
        folder.mkdir(parents=True)
    for name in ("python", "ruff", "codespell"):
        (tools / "bin" / name).symlink_to(Path(sys.executable).parent / name)
    (tools / "bin" / "mypy").symlink_to(shutil.which("true") or "")  # it looks at the package alone
    (tools / "ready").touch()
    theirs.write_text("import os\n\nxs = [ 'rec" + "ieve' ]\n")  # misspelt, badly laid out, and unused
    lint = ["make", "-C", str(tmp_path), "lint", "TEST=ours", f"PYTHON={sys.executable}"]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert theirs not in set(files(tmp_path))
    theirs.rename(tmp_path / "ours.py")
    assert subprocess.run(lint, capture_output=True, check=False).returncode != 0
    assert tmp_path / "ours.py" in set(files(tmp_path))


def test_the_readmes_terminal_commands_are_those_that_work_after_make_lab(capsys: pytest.CaptureFixture[str]):
    readme, makefile = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "Makefile"))
    (lab,) = re.findall(r"^LAB = (\S+)$", makefile, re.MULTILINE)
    named = re.findall(r"^(\S+) -m helpers (\w+)", readme, re.MULTILINE)
    assert {python for python, _ in named} == {f"{lab}/bin/python"}
    installed = re.findall(r"^instagram-login-kit (\w+)", readme, re.MULTILINE)
    with pytest.raises(SystemExit):
        main(["--help"])
    (known,) = re.findall(r"\b(\w+(?:\|\w+)+)\s+\.\.\.", capsys.readouterr().out)
    assert {command for _, command in named} | set(installed) == set(known.split("|"))


# Files

# Put together here, so that this file does not hold them itself.
MACHINES = [
    *("/" + folder for folder in ("work/", "root/", "home/", "Users/", "tmp/lab", "opt/wheels", "opt/pypi")),
    *(".".join(name) for name in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))),
    *(".".join(name) for name in (("npmjs", "com"), ("yarnpkg", "com"), ("deb", "debian", "org"))),
    "extra-" + "index-url",
    "arti" + "factory",
]  # fmt: skip


def test_no_file_names_a_machine_or_where_it_gets_its_packages():
    # Whose home it is in every image of Jupyter's.
    read = {path: path.read_bytes().decode(errors="replace").replace("/home/jovyan", "") for path in files()}
    assert {ROOT / "pyproject.toml", ROOT / ".ci" / "run", Path(__file__).resolve()} <= read.keys()
    named = [(str(path.relative_to(ROOT)), text) for path in read for text in MACHINES if text in read[path]]
    assert named == []


@pytest.mark.parametrize("name", [".env", ".rehearsal.env", ".kit/", ".venv/", ".venv-test/", ".real/"])
def test_git_takes_nothing_that_people_type_or_that_commands_set_up(name: str):
    assert any(fnmatch(name, pattern) for pattern in ignored())
    assert not any(pattern.startswith("!") for pattern in ignored())
