"""The kit installed from its wheel, in a project that has a ``helpers`` of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the kit's wheel; the other packages are those of this one."""
    folder = tmp_path_factory.mktemp("installed")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, folder], cwd=ROOT, check=True, capture_output=True)
    venv.create(folder / "env", with_pip=True)
    python, wheel = folder / "env" / "bin" / "python", next(folder.glob("*.whl"))
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel]
    subprocess.run(install, check=True, capture_output=True)
    # Of a folder that a .pth names no further .pth is read: this checkout does not come along.
    (site_packages(folder / "env") / "others.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "env"


def site_packages(env: Path) -> Path:
    return next((env / "lib").glob("python3.*")) / "site-packages"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's repository: with helpers and an .env of its own, which are none of the kit's business."""
    folder = tmp_path / "their project ä"
    (folder / "helpers").mkdir(parents=True)
    (folder / "helpers" / "__init__.py").write_text("raise RuntimeError('theirs was imported')\n")
    (folder / ".env").write_text(
        "KIT_MODE=live\nSTRAPI_URL=http://127.0.0.1:1\nNGROK_DOMAIN=theirs.ngrok.app\n"
    )
    return folder


@pytest.fixture
def run(installed: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("KIT_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [installed / "bin" / "instagram-login-kit", *arguments],
            cwd=project, env=os.environ | environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("path", ["", "."])
def test_a_rehearsal_succeeds_beside_another_helpers_even_on_the_path(path: str, run: Run) -> None:
    done = run("rehearse", "--json", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["user"]["username"] == "kit_rehearsal"


def test_facts_are_kept_in_the_users_folder_which_is_said_once(
    run: Run, installed: Path, project: Path, tmp_path: Path
) -> None:
    files = sorted(site_packages(installed).rglob("*"))
    kept = tmp_path / "state" / "instagram-login-kit"
    first, second = (run("doctor", "--json", KIT_MODE="live", PUBLIC_URL="https://a.example") for _ in "12")
    assert json.loads(first.stdout)["mode"] == json.loads(second.stdout)["mode"] == "live"
    assert str(kept) in first.stderr
    assert second.stderr == ""
    assert kept.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in kept.iterdir()] == [".kit"]
    assert sorted(path for path in site_packages(installed).rglob("*") if path.suffix != ".pyc") == [
        path for path in files if path.suffix != ".pyc"
    ]
    assert {path.name for path in project.iterdir()} == {"helpers", ".env"}


@pytest.mark.parametrize("home", ["file", None])
def test_a_user_without_a_home_is_told_how_to_choose_a_folder(
    home: str | None, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    if home is None:  # as in a container that runs as a user whom it does not know
        monkeypatch.delenv("HOME")
        monkeypatch.setenv("PYTHONPATH", str(nobody_is_known(tmp_path)))
    given = {"XDG_STATE_HOME": str(tmp_path / home) if home else ""}
    done = run("doctor", **given)
    assert done.returncode == 2
    assert "with --home or KIT_HOME" in done.stderr
    assert "Traceback" not in done.stderr
    assert run("doctor", "--home", tmp_path, **given).returncode == 0


@pytest.mark.parametrize(
    ("folder", "told"), [("~nobody-here/x", "there is no such home folder"), ("", "type a folder")]
)
@pytest.mark.parametrize("words", [("doctor", "--home"), ("notebooks",), ("lab",)])
def test_a_folder_that_can_be_none_is_told(words: tuple[str, ...], folder: str, told: str, run: Run) -> None:
    done = run(*words, folder)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def nobody_is_known(folder: Path) -> Path:
    """Python starts there in a system that has no entry for this user."""
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import pwd\ndef nobody(uid): raise KeyError(uid)\npwd.getpwuid = nobody\n"
    )
    return site


def test_the_env_file_of_the_working_folder_is_not_read(run: Run) -> None:
    assert json.loads(run("doctor", "--json").stdout)["mode"] == "rehearsal"


@pytest.mark.parametrize("by", ["option", "variable"])
def test_another_home_is_chosen_by_option_or_variable(by: str, run: Run, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / ".env").write_text("KIT_MODE=live\nPUBLIC_URL=https://a.example\n")
    option = ("--home", home) if by == "option" else ()
    given = {} if by == "option" else {"KIT_HOME": str(home)}
    done = run("doctor", "--json", *option, **given)
    assert json.loads(done.stdout)["mode"] == "live"
    assert not (tmp_path / "state").exists()


def test_the_notebooks_come_along_and_what_is_there_stays(run: Run, project: Path) -> None:
    names = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert run("notebooks", "instagram-login").returncode == 0
    assert {path.name for path in (project / "instagram-login").iterdir()} == names
    changed = project / "instagram-login" / min(names)
    changed.write_text("mine")
    done = run("notebooks", "instagram-login")
    assert "left as they are" in done.stdout
    assert changed.read_text() == "mine"


def test_notebooks_of_another_version_are_told_and_those_that_were_run_are_not(
    run: Run, project: Path
) -> None:
    run("notebooks", "nb")
    first, second, *_ = sorted((project / "nb").iterdir())
    ran = json.loads(first.read_text(encoding="utf-8"))
    for cell in ran["cells"]:
        cell |= {"source": "".join(cell["source"]), "metadata": {"run": 1}, "outputs": []}
    first.write_text(json.dumps(ran), encoding="utf-8")
    assert run("notebooks", "nb").stderr == ""
    second.write_text(second.read_text(encoding="utf-8").replace("helpers", "helped"), encoding="utf-8")
    told = run("notebooks", "nb").stderr
    assert told.startswith(f"Changed, or of another version of the kit: {second.name}. ")
    assert f"move them out of {project / 'nb'} " in told


@pytest.mark.parametrize(("folder", "path"), [(".", ""), ("instagram-login", ".")])
def test_notebooks_are_not_put_where_a_kernel_would_import_another_helpers(
    folder: str, path: str, run: Run, project: Path
) -> None:
    done = run("notebooks", folder, PYTHONPATH=path and str(project))
    assert done.returncode == 2
    assert f"{project / 'helpers'} would be imported in place of this kit's own" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(project.rglob("*.ipynb")) == []


def test_a_helpers_installed_over_the_kits_own_gets_a_sentence(project: Path, tmp_path: Path) -> None:
    code = (ROOT / "instagram_login_kit.py").read_text(encoding="utf-8")
    (tmp_path / "instagram_login_kit.py").write_text(code)
    command = [sys.executable, "instagram_login_kit.py", "doctor"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Another package named helpers was installed over this kit's own: ")


def test_a_folder_that_cannot_be_written_gets_a_sentence(run: Run, project: Path) -> None:
    (project / "file").touch()
    done = run("notebooks", project / "file" / "notebooks")
    assert done.returncode == 2
    assert "cannot be written: Not a directory." in done.stderr


def test_lab_opens_the_first_notebook_of_the_kits_home(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("jupyterlab")
    done = run("lab", "--", "--version")
    assert done.returncode == 0, done.stderr
    first = min(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert (tmp_path / "state" / "instagram-login-kit" / "notebooks" / first).is_file()


@pytest.mark.skipif(bool(importlib.util.find_spec("jupyterlab")), reason="asks for what is missing")
def test_without_jupyterlab_the_command_that_installs_it_is_told_and_nothing_is_made(
    run: Run, installed: Path, tmp_path: Path
) -> None:
    done = run("lab")
    assert done.returncode == 2
    assert f"Install it there: {installed / 'bin' / 'python'} -m pip install jupyterlab" in done.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["explain", "ERR_NGROK_108"],
        ["--help"],
        ["explain", "--help"],
        ["explain", ""],
        ["explain", "--unknown"],
    ],
)
def test_whoever_reads_only_the_beginning_gets_no_traceback(installed: Path, command: list[str]) -> None:
    program = installed / "bin" / "instagram-login-kit"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for stream, other in (("stdout", "stderr"), ("stderr", "stdout")):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as nobody:
            streams: dict[str, Any] = {stream: nobody, other: subprocess.PIPE}
            done = subprocess.run([program, *command], env=buffered, check=False, **streams)
        assert "Error" not in str(getattr(done, other))
        assert done.returncode in (0, 1, 2)  # and not 120, which is Python's own word for it
