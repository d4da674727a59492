"""Loopback belongs to everybody on a machine; the kit's servers answer their own user alone."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE
from urllib.parse import urlsplit

import httpx
import pytest

from helpers.core import settings
from helpers.kit import Kit
from helpers.web import same_user
from helpers.web.answers import text
from tests.support.other_user import GET, needs_root, run_as_other

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can tell")
ROOT = Path(__file__).parents[2]
HUNG_UP = ("ConnectionResetError", "RemoteDisconnected")


@pytest.fixture
def kit(tmp_path):
    kit = Kit(settings.load(home=tmp_path))
    kit.open_address()
    yield kit
    kit.close()


def netloc(url: str) -> str:
    return urlsplit(url).netloc


@linux
def test_the_kernel_can_be_asked_here():
    assert same_user._can_tell()


@linux
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["v4", "v4 in v6"])
def test_our_own_connection_is_ours_until_it_is_closed(family):
    if family == socket.AF_INET6 and not socket.has_ipv6:
        pytest.skip("this machine speaks no IPv6")
    host = "127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.socket(family)
        client.connect((host, listener.getsockname()[1]))
        server, address = listener.accept()
        assert same_user.is_ours(address, server.getsockname())
        client.send(b"said and gone")
        client.close()
        assert not same_user.is_ours(address, server.getsockname())
        server.close()


@linux
def test_a_connection_that_does_not_exist_is_nobodys():
    assert not same_user.is_ours(("127.0.0.1", 1), ("127.0.0.1", 2))


@linux
def test_where_the_kernel_fails_to_answer_nobody_is_let_in(monkeypatch):
    def no_answer(*_):
        raise TimeoutError

    assert same_user._can_tell()
    monkeypatch.setattr(same_user, "_owner", no_answer)
    assert not same_user.is_ours(("127.0.0.1", 1), ("127.0.0.1", 2))


def test_where_it_cannot_be_told_everybody_is_let_in(monkeypatch):
    monkeypatch.setattr(same_user, "_can_tell", lambda: False)
    assert same_user.is_ours(("127.0.0.1", 1), ("127.0.0.1", 2))


@linux
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOBUFS, None])
def test_what_only_fails_now_is_not_remembered_as_a_system_that_cannot_tell(monkeypatch, number):
    def fails(*_):
        raise OSError(number, "")

    same_user._can_tell.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(same_user, "_owner", fails)
        assert not same_user.is_ours(("127.0.0.1", 1), ("127.0.0.1", 2))
    assert same_user._can_tell()


@linux
def test_a_system_without_the_query_is_asked_once(monkeypatch):
    asked = []

    def unsupported(*_):
        asked.append(1)
        raise OSError(errno.EPROTONOSUPPORT, "")

    same_user._can_tell.cache_clear()
    try:
        monkeypatch.setattr(same_user, "_owner", unsupported)
        for _ in range(2):
            assert same_user.is_ours(("127.0.0.1", 1), ("127.0.0.1", 2))
        assert asked == [1]
    finally:
        same_user._can_tell.cache_clear()


# Leaves the server as many file descriptors as it is told in each line, and all again when told nothing.
OVERLOADED = """
import os, resource, sys
from helpers.web.answers import text
from helpers.web.server import Server

async def app(request):
    return text("here")

server = Server(app).start()
all_of_them = resource.getrlimit(resource.RLIMIT_NOFILE)
print(server.port, flush=True)
next_one = os.open(os.devnull, os.O_RDONLY)
os.close(next_one)
for line in sys.stdin:
    few = (next_one + int(line), all_of_them[1]) if line.strip() else all_of_them
    resource.setrlimit(resource.RLIMIT_NOFILE, few)
    print("left", flush=True)
"""


@needs_root
@linux
def test_an_overloaded_server_answers_no_stranger():
    """The question takes file descriptors too: with few left it fails at each of its steps in turn."""
    command = [sys.executable, "-c", OVERLOADED]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, cwd=ROOT) as server:
        address = f"127.0.0.1:{server.stdout.readline().strip()}"

        def leave(descriptors):
            server.stdin.write(f"{descriptors}\n")
            server.stdin.flush()
            server.stdout.readline()

        said = {}
        for descriptors in (1, 2, 3, 4):
            leave(descriptors)
            said[descriptors] = run_as_other(GET, address, "/")
        assert {left: text for left, text in said.items() if text not in HUNG_UP} == {}
        leave("")
        assert httpx.get(f"http://{address}/", trust_env=False).text == "here"
        server.stdin.close()


@needs_root
@linux
def test_every_port_of_a_kit_is_closed_to_other_users(kit):
    kit.world.internet.tab_url(kit.public_url)  # the browser tabs' addresses too
    ports = listening_ports()
    assert len(ports) >= 8, "Strapi, Instagram, gateway, the agent's API and edge, and the tabs"
    answers = {port: run_as_other(GET, f"127.0.0.1:{port}", "/") for port in ports}
    assert {port: said for port, said in answers.items() if said not in HUNG_UP} == {}
    assert httpx.get(f"{kit.gateway.url}/.kit/hello", trust_env=False).text == kit.gateway.nonce


def listening_ports() -> set[int]:
    """Of this process and the processes it has started."""
    ours = {os.getpid(), *children(os.getpid())}
    inodes = set()
    for pid in ours:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                inodes.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
            except OSError:
                continue
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return {
        int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes
    }


def children(pid: int) -> list[int]:
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        path = Path(f"/proc/{pid}/task/{task}/children")
        found += [int(child) for child in path.read_text(encoding="ascii").split()]
    return [each for child in found for each in (child, *children(child))]


@needs_root
@linux
def test_words_said_before_hanging_up_reach_nobody(serve):
    """A socket that is closed at once counts as root's: the kernel has forgotten whose it was."""
    heard = []

    async def app(request):
        heard.append(request.path)
        return text("here")

    server = serve(app)
    code = (
        "for _ in range(20):\n"
        "    with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as said:\n"
        "        said.sendall(b'POST /blind HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n')\n"
    )
    run_as_other(code, str(server.port))
    assert httpx.get(server.url + "/ours", trust_env=False).text == "here"
    assert heard == ["/ours"]


@needs_root
def test_a_gateway_behind_somebody_elses_tunnel_answers_everybody(tmp_path):
    kit = Kit(settings.load({"KIT_MODE": "live", "PUBLIC_URL": "https://shop.example.com"}, home=tmp_path))
    try:
        kit.open_address()
        said = run_as_other(GET, netloc(kit.gateway.url), "/.kit/hello")
        assert said == f"200 {kit.gateway.nonce.encode()}"
    finally:
        kit.close()


@needs_root
def test_nothing_a_kit_writes_can_be_read_by_other_users(kit):
    """The folder of a rehearsal, the kit's own folder, and the file of typed values."""
    kit.learn(client_id="123456789012345")
    for path in (kit.world.folder, kit.settings.state_dir, kit.settings.file):
        assert run_as_other("print(os.access(sys.argv[1], os.R_OK))", str(path)) == "False", path
