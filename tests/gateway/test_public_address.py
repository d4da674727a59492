"""One door for all notebooks of a setup: whoever opens it last has it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from helpers.core.errors import TunnelError
from helpers.gateway.app import HELLO, Gateway
from helpers.gateway.public_address import Door
from helpers.tunnel.own import BroughtTunnel
from helpers.web.server import PortTaken

PUBLIC = "https://shop.example"
OpenDoor = Callable[..., Door]


class NoTunnel(BroughtTunnel):
    def start(self, upstream: str = "", cancelled: threading.Event | None = None) -> str:
        raise TunnelError("no")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[OpenDoor]:
    """Doors of several notebooks that share one sign; ``lost`` is set when one is taken away."""
    made: list[Door] = []

    def door(
        port: int = 0, tunnel: type[BroughtTunnel] = BroughtTunnel, lost: Callable[[], None] = list
    ) -> Door:
        gateway = Gateway("instagram", "http://127.0.0.1:9", port=port)
        made.append(Door(gateway, lambda: tunnel(PUBLIC), tmp_path / "door.json", lost))
        return made[-1]

    yield door
    for each in made:
        each.close()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_opening_twice_returns_the_open_door(make: OpenDoor) -> None:
    door = make()
    assert door.open() == PUBLIC
    tunnel, url = door.tunnel, door.gateway.url
    assert door.open() == PUBLIC
    assert (door.tunnel, door.gateway.url) == (tunnel, url)


def test_two_that_open_at_once_get_one_door(make: OpenDoor) -> None:
    door = make()
    threads = [threading.Thread(target=door.open) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert door.is_open


def test_the_newest_notebook_takes_the_door_over_on_the_same_port(make: OpenDoor, http: httpx.Client) -> None:
    port, lost = free_port(), threading.Event()
    first, second = make(port, lost=lost.set), make(port)
    first.open()
    assert second.open() == PUBLIC
    assert lost.wait(5)
    assert (first.is_open, second.is_open) == (False, True)
    assert http.get(f"http://127.0.0.1:{port}{HELLO}").text == second.gateway.nonce
    seen = first.seen(http)
    assert seen
    assert seen[:2] == (PUBLIC, second.gateway.nonce)


def test_a_port_that_somebody_else_has_is_said_and_nothing_is_left(
    make: OpenDoor, http: httpx.Client
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        door = make(other.getsockname()[1])
        with pytest.raises(PortTaken) as taken:
            door.open()
    assert taken.value.failure == "E04"
    assert not door.is_open
    assert door.seen(http) is None


def test_a_tunnel_that_fails_leaves_no_gateway_behind(make: OpenDoor, tmp_path: Path) -> None:
    door = make(tunnel=NoTunnel)
    with pytest.raises(TunnelError):
        door.open()
    assert not door.gateway.running
    assert not (tmp_path / "door.json").exists()


def test_a_dead_notebooks_sign_is_not_believed(make: OpenDoor, http: httpx.Client) -> None:
    door, other = make(), make()
    door.open()
    seen = other.seen(http)
    assert seen == (PUBLIC, door.gateway.nonce, door.gateway.url)
    door.gateway.stop()  # as when its kernel is killed: nobody takes the sign down
    assert other.seen(http) is None


@pytest.mark.parametrize("sign", ["", "{", "[]", '{"gateway": "nowhere", "nonce": "x", "public": "y"}'])
def test_a_damaged_sign_is_no_door(make: OpenDoor, http: httpx.Client, tmp_path: Path, sign: str) -> None:
    (tmp_path / "door.json").write_text(sign)
    door = make()
    assert door.seen(http) is None
    assert door.open() == PUBLIC


def test_the_sign_is_for_this_user_only_and_comes_down(make: OpenDoor, tmp_path: Path) -> None:
    door = make()
    door.open()
    assert (tmp_path / "door.json").stat().st_mode & 0o777 == 0o600
    door.close()
    assert list(tmp_path.iterdir()) == []
