"""Gateway and tunnel open and close as one thing, and somebody else's open one is recognised."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from helpers.core.errors import TunnelError
from helpers.gateway.app import HELLO, Gateway
from helpers.gateway.public_address import PublicAddress
from helpers.tunnel.own import BroughtTunnel
from helpers.web.server import PortTaken
from tests.support.servers import free_port

PUBLIC = "https://shop.example"
Make = Callable[..., PublicAddress]


class NoTunnel(BroughtTunnel):
    def start(self, upstream: str = "", cancelled: threading.Event | None = None) -> str:
        raise TunnelError("no")


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[PublicAddress] = []

    def address(port: int = 0, tunnel: type[BroughtTunnel] = BroughtTunnel) -> PublicAddress:
        gateway = Gateway("instagram", "http://127.0.0.1:9", port=port)
        made.append(PublicAddress(gateway, lambda: tunnel(PUBLIC)))
        return made[-1]

    yield address
    for each in made:
        each.close()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def test_opening_twice_returns_the_open_door(make: Make) -> None:
    address = make()
    assert address.open() == PUBLIC
    tunnel, url = address.tunnel, address.gateway.url
    assert address.open() == PUBLIC
    assert (address.tunnel, address.gateway.url) == (tunnel, url)


def test_two_that_open_at_once_get_one_door(make: Make) -> None:
    address = make()
    threads = [threading.Thread(target=address.open) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert address.is_open


def test_a_port_that_somebody_else_has_is_said_and_nothing_is_left(make: Make, http: httpx.Client) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = make(other.getsockname()[1])
        with pytest.raises(PortTaken) as taken:
            address.open()
    assert taken.value.failure == "E04"
    assert not address.is_open
    assert address.seen(http) is None


def test_a_tunnel_that_fails_leaves_no_gateway_behind(make: Make, http: httpx.Client) -> None:
    address = make(tunnel=NoTunnel)
    with pytest.raises(TunnelError):
        address.open()
    assert not address.gateway.running
    assert address.seen(http) is None


# Beside another process

# Another gateway of the kit in a process that looks like a kernel.
OTHER = """
import sys
from helpers.gateway.app import Gateway
gateway = Gateway("instagram", "http://127.0.0.1:9", port=int(sys.argv[1])).start()
print(gateway.nonce, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def notebook() -> Iterator[tuple[int, int, str]]:
    """Its port, its process, and what its gateway answers to be recognised."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(port), "ipykernel_launcher"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=os.getcwd(),
    ) as process:  # fmt: skip
        assert process.stdout
        yield port, process.pid, process.stdout.readline().strip()
        process.kill()


def test_an_open_one_of_a_running_notebook_is_recognised_with_its_holder(
    make: Make, http: httpx.Client, notebook: tuple[int, int, str]
) -> None:
    port, pid, nonce = notebook
    seen = make().seen(http, (PUBLIC, f"http://127.0.0.1:{port}"))
    assert seen == (PUBLIC, nonce, f"http://127.0.0.1:{port}", f"your notebook, process {pid}")


def test_a_port_that_a_running_notebook_has_is_no_failure_and_its_holder_is_named(
    make: Make, notebook: tuple[int, int, str]
) -> None:
    port, pid, _ = notebook
    with pytest.raises(PortTaken, match=f"Port {port} is held by your notebook, process {pid}") as taken:
        make(port).open()
    assert taken.value.failure is None
    assert any("press Stop there" in step for step in taken.value.fix)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 404 Not Found\r\ncontent-length: 1\r\n\r\nx", b"\0\1"])
def test_who_does_not_answer_as_a_gateway_is_none(make: Make, http: httpx.Client, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            sock, _ = server.accept()
            with sock:
                sock.recv(4096)
                sock.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert make().seen(http, (PUBLIC, f"http://127.0.0.1:{server.getsockname()[1]}")) is None
        thread.join(5)


def test_nobody_there_is_none(make: Make, http: httpx.Client) -> None:
    assert make().seen(http, (PUBLIC, f"http://127.0.0.1:{free_port()}")) is None
    assert make().seen(http) is None


def test_ours_answers_what_is_seen_of_it(make: Make, http: httpx.Client) -> None:
    address = make()
    address.open()
    seen = address.seen(http)
    assert seen
    assert (seen.public, seen.holder) == (PUBLIC, "")
    assert http.get(seen.gateway + HELLO).text == seen.nonce


def test_why_it_was_closed_is_kept_until_it_is_opened_again(make: Make) -> None:
    address = make()
    address.open()
    address.close("nobody looked")
    assert (address.is_open, address.closed_for) == (False, "nobody looked")
    address.open()
    assert address.closed_for == ""
