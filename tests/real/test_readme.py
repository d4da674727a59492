"""The README's commands as they are written, in a checkout that has nothing but its files.

Not here: ``make test``, which runs all the others; the hub's (tests/workshop); those of conda and Windows,
which the README calls untried.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.test_packaging import ROOT, files

pytestmark = pytest.mark.real
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
TERMINAL = [line for line in WRITTEN if " -m helpers " in line]
INSTALLED = [line for line in WRITTEN if line.startswith("instagram-login-kit ")]
INSTALL = "pip install '.[lab]'"
# What is reached here: stand-ins, and no host of the internet.
ENDS = {"rehearse": 0, "doctor": 0, "explain": 0, "golive": 1}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("their copy") / "instagram login ä"
    for path in files():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        target.chmod(path.stat().st_mode)
    return folder


@pytest.fixture(scope="module")
def environment(checkout: Path) -> dict[str, str]:
    """A person's own: their browser is a program that ends at once, and root may start JupyterLab."""
    jupyter = checkout.parent / "jupyter"
    jupyter.mkdir()
    (jupyter / "jupyter_server_config.py").write_text("c.ServerApp.allow_root = True\n")
    ours = re.compile(r"(KIT|NGROK|STRAPI|FRONTEND|INSTAGRAM)_|PUBLIC_URL|VIRTUAL_ENV|MAKE|PYTEST|COV_")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    python = f"{sys.base_prefix}/bin:{kept['PATH']}"
    return kept | {
        "PATH": python,
        "JUPYTER_CONFIG_DIR": str(jupyter),
        "BROWSER": "true",
        "HOME": str(checkout.parent),
    }


@contextmanager
def opened(command: str, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address that a command prints when JupyterLab is there; in the end it ends."""
    assert command in WRITTEN
    process = subprocess.Popen(
        shlex.split(command),
        cwd=folder, env=environment, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+/\S+", line):
                yield found[0]
                break
        else:
            pytest.fail(f"{command} ended:\n" + "".join(said))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def lab(checkout: Path, environment: dict[str, str]) -> Iterator[str]:
    with opened("make lab", checkout, environment) as address:
        yield address


def is_open_at_the_first_notebook(address: str) -> None:
    assert "1_set_up.ipynb" in address
    answer = httpx.get(address, follow_redirects=True, timeout=120)  # the first page of a busy machine
    assert answer.status_code == 200, answer.text
    assert "JupyterLab" in answer.text


def test_make_lab_ends_at_an_open_page_of_the_first_notebook(lab: str) -> None:
    is_open_at_the_first_notebook(lab)


@pytest.mark.parametrize("command", TERMINAL, ids=lambda line: re.findall(r"helpers (\w+)", line)[0])
def test_a_terminal_command_works_as_it_is_written(
    command: str, lab: str, checkout: Path, environment: dict[str, str]
) -> None:
    name = re.findall(r"helpers (\w+)", command)[0]
    if name == "login":
        waits_for_a_login(command, checkout, environment)
        return
    done = subprocess.run(
        shlex.split(command), cwd=checkout, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == ENDS[name], done.stdout + done.stderr
    assert done.stdout.strip()
    assert "Traceback" not in done.stdout + done.stderr


def heeds_interrupts() -> None:
    """As in a terminal, wherever the tests were started: a job in the background ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def waits_for_a_login(command: str, checkout: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        shlex.split(command), cwd=checkout, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=heeds_interrupts,
    )  # fmt: skip
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    opened = next((line for line in lines if line.startswith("Open: http")), "")
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=30)
    assert opened
    assert process.returncode == 1
    assert "Traceback" not in rest


@pytest.fixture(scope="module")
def installed(checkout: Path, environment: dict[str, str]) -> dict[str, str]:
    """A person's environment with the kit in it, installed as the README has it."""
    assert f"`{INSTALL}`" in README
    env = checkout.parent / "an env"
    venv.create(env, with_pip=True)
    given = environment | {"PATH": f"{env}/bin:{environment['PATH']}"}
    subprocess.run(shlex.split(INSTALL), cwd=checkout, env=given, check=True, capture_output=True)
    return given


def test_the_installed_commands_work_as_they_are_written_in_a_folder_of_ones_own(
    installed: dict[str, str], tmp_path: Path
) -> None:
    notebooks, lab = INSTALLED
    done = subprocess.run(
        shlex.split(notebooks), cwd=tmp_path, env=installed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "instagram-login" / "1_set_up.ipynb").is_file()
    with opened(lab, tmp_path, installed) as address:
        is_open_at_the_first_notebook(address)
    assert [path.name for path in tmp_path.iterdir()] == ["instagram-login"]
