"""Servers start once, stop for good, and say so when they cannot."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, suppress

import httpx
import pytest

from helpers.core.errors import Unreachable
from helpers.web.answers import Answer, text
from helpers.web.server import PortTaken, Server


async def app(request):
    return text("here")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(app)
    yield server
    server.stop()


def get(server: Server) -> str:
    return httpx.get(server.url, trust_env=False).text


def threads(server: Server) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"serve-{server.port}"]


def test_a_started_server_answers_on_loopback_only(server):
    server.start()

    assert get(server) == "here"
    assert server.running
    assert server.url == f"http://127.0.0.1:{server.port}"
    with pytest.raises(OSError, match=r"."), socket.create_connection(("127.0.0.2", server.port), 1):
        pass


def test_a_second_start_returns_the_running_server(server):
    port = server.start().port

    assert server.start() is server
    assert server.port == port
    assert len(threads(server)) == 1


def test_starting_from_many_threads_makes_one_server(server):
    starting = [threading.Thread(target=server.start) for _ in range(8)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()

    assert get(server) == "here"
    assert len([thread for thread in threading.enumerate() if thread.name.startswith("serve-")]) == 1


def test_a_stopped_server_leaves_no_thread_and_frees_its_port(server):
    server.start()
    server.stop()

    assert not server.running
    assert threads(server) == []
    again = Server(app, server.port).start()
    assert get(again) == "here"
    again.stop()


def test_stopping_twice_or_before_a_start_does_nothing(server):
    server.stop()
    server.start()
    server.stop()
    server.stop()

    assert not server.running


def test_a_stopped_server_can_start_again(server):
    server.start()
    server.stop()

    assert get(server.start()) == "here"


def test_an_open_connection_does_not_keep_a_server_from_stopping(server):
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET / HTTP/1.1\r\nHalf: of a request")
        server.stop()

        assert not server.running
        assert threads(server) == []


def test_an_idle_connection_is_not_waited_for_at_the_stop(server, monkeypatch):
    """A grace that would outlast the stop shows it: then the thread is still there."""
    monkeypatch.setattr("helpers.web.serving._GRACE", 3600.0)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        before = threads(server)
        server.stop()

        assert [thread for thread in before if thread.is_alive()] == []


def test_what_is_under_way_comes_to_its_end_before_the_stop(server):
    """The answer is on its way when somebody has seen enough and closes."""
    begun, go_on = threading.Event(), threading.Event()

    async def slow(_: object) -> Answer:
        begun.set()
        await asyncio.to_thread(go_on.wait, 10)
        return Answer(text="whole")

    server.app = slow
    server.start()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(get, server)
        assert begun.wait(10)
        settling = pool.submit(server.settle)
        go_on.set()
        settling.result(10)
        server.stop()
        assert answer.result(10) == "whole"


def test_whoever_comes_in_the_moment_of_the_stop_is_hung_up_on():
    """They and the end are seen in one turn of the server's loop, which has been held up until then."""
    held, going_on = threading.Event(), threading.Event()

    async def holds_up(request):
        held.set()
        going_on.wait(10)
        return text("here")

    server = Server(holds_up).start()
    with ThreadPoolExecutor(1) as pool, ExitStack() as clients:
        first = pool.submit(get, server)
        assert held.wait(10)
        late = [
            clients.enter_context(socket.create_connection(("127.0.0.1", server.port), 10)) for _ in range(9)
        ]
        server.end()
        going_on.set()
        server.stop()
        first.exception(10)

        for client in late:
            with suppress(ConnectionError):
                assert client.recv(1) == b""


def test_a_taken_port_is_named_and_nothing_is_left_behind(server):
    server.start()
    other = Server(app, server.port)

    with pytest.raises(PortTaken, match=f"Port {server.port} is taken") as caught:
        other.start()
    assert caught.value.failure == "E04"
    assert caught.value.fix
    assert not other.running
    assert get(server) == "here"


@asynccontextmanager
async def raises_at_start():
    raise RuntimeError("no database")
    yield


def test_an_application_that_fails_at_its_start_is_an_error_and_frees_the_port():
    server = Server(app, around=raises_at_start)

    with pytest.raises(Unreachable, match="did not start"):
        server.start()
    assert not server.running
    assert threads(server) == []
    with socket.create_server(("127.0.0.1", server.port)):
        pass


def test_answers_do_not_wait_for_the_clients_acknowledgement(server):
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        (nodelay,) = _options_of_the_other_end(client)

    assert nodelay


def _options_of_the_other_end(client: socket.socket) -> Iterator[int]:
    """TCP_NODELAY of the server's side of a connection within this process."""
    for descriptor in range(3, 512):
        with suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            with socket.socket(fileno=os.dup(descriptor)) as found:
                if found.getpeername() == client.getsockname():
                    yield found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_logging_of_the_process_is_left_alone(server):
    before = [list(logging.getLogger(name).handlers) for name in (None, "aiohttp", "aiohttp.server")]
    server.start()

    assert before == [list(logging.getLogger(name).handlers) for name in (None, "aiohttp", "aiohttp.server")]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:1", 200),
        ("shop.example", 200),
        ("Shop.Example.:443", 200),
        ("evil.example", 421),
        ("shop.example.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost@evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_a_name_that_is_not_the_servers_is_refused(host, status):
    server = Server(app, names=lambda: {"shop.example"}).start()
    try:
        answer = httpx.get(server.url, headers={"Host": host}, trust_env=False)
    finally:
        server.stop()

    assert answer.status_code == status


def test_a_head_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr("helpers.web.serving.IDLE", 0.3)
    server = Server(app).start()
    try:
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            assert client.recv(100) == b""
    finally:
        server.stop()


@pytest.mark.parametrize("head", [b"X-Long: " + b"x" * 20_000, b"\r\n".join([b"X: 1"] * 200)])
def test_a_head_beyond_all_measure_is_refused(server, head):
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n")

        assert client.recv(100)[9:12] == b"400"


def test_more_connections_than_there_is_room_for_are_hung_up_on(monkeypatch):
    monkeypatch.setattr("helpers.web.serving._MOST_CONNECTIONS", 3)
    server = Server(app).start()
    try:
        held = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(3)]
        with held[0], held[1], held[2], pytest.raises(httpx.TransportError):
            get(server)
        assert get(server) == "here"
    finally:
        server.stop()
