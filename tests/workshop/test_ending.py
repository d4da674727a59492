"""A workshop's end: what a hub has started ends with it, or after it when it has crashed."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.other_user import needs_root, run_as_other

pytest.importorskip("jupyterhub", reason="needs the extra workshop (make test-workshop)")
from tests.support.workshops import HUB, Workshop, a_workshop

pytestmark = pytest.mark.workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with a_workshop(tmp_path) as workshop:
        yield workshop


def open_kernel(workshop: Workshop) -> None:
    """One that its owner leaves open."""

    async def start() -> None:
        async with workshop.server(workshop.names[1]) as server:
            made = await server.hub.post(f"{server.api}/kernels", json={"name": "python3"})
            made.raise_for_status()

    asyncio.run(start())


def marked(workshop: Workshop) -> dict[int, str]:
    """Everything that runs because of this workshop: process and command line."""
    mark, found = f"WORKSHOP_STATE={workshop.state}".encode(), {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def crash(workshop: Workshop) -> None:
    pid = int((workshop.state / "hub.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    while pid in marked(workshop):
        time.sleep(0.05)


def test_stopping_ends_every_process(workshop):
    open_kernel(workshop)
    assert "ipykernel" in " ".join(marked(workshop).values())
    done = workshop.run("stop")
    assert (done.returncode, done.stderr) == (0, "")
    assert marked(workshop) == {}
    assert workshop.run("stop").stdout == "No hub is running.\n"


def test_stopping_after_a_crash_ends_what_the_hub_has_left(workshop):
    open_kernel(workshop)
    crash(workshop)
    left = " ".join(marked(workshop).values())
    assert all(part in left for part in ("configurable-http-proxy", "board.py", "singleuser", "ipykernel"))
    done = workshop.run("stop")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Stopped.")
    assert marked(workshop) == {}


def test_removing_after_a_crash_deletes_the_accounts(workshop):
    open_kernel(workshop)
    names = set(workshop.names)
    crash(workshop)
    done = workshop.run("remove")
    assert (done.returncode, done.stderr) == (0, "")
    assert not names & {user.pw_name for user in pwd.getpwall()}


def test_a_start_after_a_crash_leads_attendees_back_to_their_kernels(workshop):
    """Their kernels know the addresses of hub and board from before."""
    if os.geteuid() != 0:
        pytest.skip("only attendees with accounts of their own outlive a start")
    open_kernel(workshop)
    kept = (workshop.state / "ports").read_text()
    kernels = {pid for pid, command in marked(workshop).items() if "ipykernel" in command}
    crash(workshop)
    done = workshop.run("start")
    assert done.returncode == 0, done.stderr
    assert (workshop.state / "ports").read_text() == kept
    assert kernels <= marked(workshop).keys()
    headers = {"authorization": f"token {workshop.token}"}
    route = f"{workshop.url}/user/{workshop.names[1]}/api/kernels"
    assert len(httpx.get(route, headers=headers, trust_env=False).raise_for_status().json()) == 1


@needs_root
def test_no_attendee_can_take_the_place_of_a_hub_that_has_crashed(workshop):
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) < 1024:
        pytest.skip("this machine lets every user listen below port 1024; the start says so")
    open_kernel(workshop)
    crash(workshop)
    listen = "try: print(socket.create_server(('127.0.0.1', int(sys.argv[1]))))\n"
    listen += "except OSError as error: print(type(error).__name__)"
    for port in (workshop.state / "ports").read_text().split():
        assert run_as_other(listen, port, user=workshop.names[1]) == "PermissionError"


@needs_root
def test_somebody_elses_hub_is_not_denied_but_named(workshop):
    """Asked with the attendees' own Python, as they would."""
    for folder in (workshop.state.parent, *workshop.state.parent.parents):
        if folder.name.startswith("pytest"):  # pytest's own folders are closed
            folder.chmod(0o755)
    workshop.state.parent.chmod(0o755)
    command = [sys.executable, str(HUB), "stop", "--state", str(workshop.state)]
    nobody = pwd.getpwnam("nobody").pw_uid
    done = subprocess.run(command, user=nobody, capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode == 1
    assert done.stderr == "This workshop was started by root: run the command as root.\n"


@contextmanager
def zombie(user: str) -> Iterator[None]:
    """A process of somebody that has ended, which its parent does not collect."""
    them = pwd.getpwnam(user)
    child = subprocess.Popen(["true"], user=them.pw_uid)
    while "\nState:\tZ" not in Path(f"/proc/{child.pid}/status").read_text():
        time.sleep(0.01)
    try:
        yield
    finally:
        child.wait()


@needs_root
def test_stopping_waits_for_no_zombie(workshop):
    """One that it waited for would be named as what does not end."""
    with zombie(workshop.names[1]):
        done = workshop.run("stop")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Stopped.")


def test_the_address_for_the_room_is_one_that_people_can_type(workshop):
    workshop.run("stop")
    done = workshop.run("start", "--address", "0.0.0.0")  # noqa: S104 - what is tested
    assert f"The hub is at http://{socket.gethostname()}:{workshop.port}/\n" in done.stdout
    assert not re.search(r"0\.0\.0\.0", done.stdout)
