"""What visitors are told when Strapi or the front end is down, silent or somebody else."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import IncompleteRead

import pytest

from tests.support.servers import Client, ask, nobody, speaks

PLAIN = "/api/articles"  # not witnessed
AUTH = "/api/auth/instagram/callback"  # witnessed


def resets(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def says_nothing(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@pytest.fixture
def down() -> Iterator[str]:
    with nobody() as address:
        yield address


def test_a_strapi_that_is_down_is_told_to_a_browser_as_a_page(open_gateway, down):
    answer = ask(open_gateway(down).url, PLAIN, headers=[("Accept", "text/html,*/*;q=0.8")])
    page = answer.body.decode()

    assert answer.status == 502
    assert answer.all("content-type") == ["text/html; charset=utf-8"]
    assert "default-src 'none'" in answer.all("content-security-policy")[0]
    assert f"Strapi does not answer at {down}." in page
    assert "<li>Start Strapi and wait until it is ready.</li>" in page
    assert "C06" in page
    assert "{{" not in page


def test_a_strapi_that_is_down_is_told_to_a_program_in_strapis_own_shape(open_gateway, down):
    answer = ask(open_gateway(down).url, PLAIN, headers=[("Accept", "application/json")])
    told = json.loads(answer.body)

    assert answer.status == told["error"]["status"] == 502
    assert told["data"] is None
    assert told["error"]["message"] == f"Strapi does not answer at {down}."
    assert told["error"]["details"]["failure"] == "C06"
    assert "Start Strapi and wait until it is ready." in told["error"]["details"]["fix"]


def test_a_front_end_that_is_down_is_named_as_such(open_gateway, down):
    gateway = open_gateway("http://localhost:1337", down)
    told = json.loads(ask(gateway.url, "/").body)["error"]

    assert told["message"] == f"The front end does not answer at {down}."
    assert "dev server" in " ".join(told["details"]["fix"])
    assert "Strapi" not in " ".join(told["details"]["fix"])


@pytest.mark.parametrize(
    "handle",
    [
        speaks(b"SSH-2.0-OpenSSH_9.6\r\n"),
        speaks(b"\r\n\r\n"),
        speaks(b"HTTP/9 what\r\n\r\n"),
        speaks(b"\x15\x03\x01\x00\x02"),
        speaks(b""),
        resets,
    ],
)
@pytest.mark.parametrize("target", [PLAIN, AUTH])
def test_an_upstream_that_speaks_no_http_is_said_to(open_gateway, behaving, handle, target):
    url = behaving(handle)
    answer = ask(open_gateway(url).url, target)

    assert answer.status == 502
    assert json.loads(answer.body)["error"]["message"].startswith(
        f"What listens at {url} hung up or does not"
    )


def test_an_upstream_that_says_nothing_is_given_up(open_gateway, behaving):
    url = behaving(says_nothing)
    answer = ask(open_gateway(url, patience=0.1).url, PLAIN)

    assert answer.status == 504
    assert json.loads(answer.body)["error"]["message"].endswith(
        "took the request but did not answer in time."
    )


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_seen_to_break_off(open_gateway, behaving, words):
    gateway = open_gateway(behaving(speaks(words)))

    with pytest.raises(IncompleteRead) as caught:
        ask(gateway.url, PLAIN)
    assert caught.value.partial in (b"only this", b"")


def test_an_answer_that_turns_into_nonsense_is_not_passed_on_as_a_whole(open_gateway, behaving):
    words = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\nnonsense"
    answer = ask(open_gateway(behaving(speaks(words))).url, PLAIN)

    assert answer.status == 502


def test_a_body_that_stops_arriving_is_given_up(before, monkeypatch):
    monkeypatch.setattr("helpers.gateway.request_body._STALLED", 0.05)

    async def reads_all(request) -> None:
        await request.body()
        await request.answer(b"")

    gateway, _ = before(reads_all)
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(f"POST {PLAIN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\na".encode())
        assert client.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_more_requests_than_connections_are_not_taken_for_a_strapi_that_is_down(before, monkeypatch):
    monkeypatch.setattr("helpers.gateway.upstream._MOST", 1)
    monkeypatch.setattr("helpers.gateway.upstream._ROOM_PATIENCE", 0.05)
    arrived = threading.Event()
    answer_now = threading.Event()

    async def waits(request) -> None:
        arrived.set()
        await asyncio.to_thread(answer_now.wait, 5)
        await request.answer(b"")

    gateway, _ = before(waits)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask, gateway.url, PLAIN)
        assert arrived.wait(5)
        second = ask(gateway.url, PLAIN)
        answer_now.set()
        assert (second.status, first.result().status) == (503, 200)
    assert b"C06" not in second.body


def test_after_an_upstreams_trouble_its_next_answer_passes(open_gateway, behaving):
    answers = [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain"]
    url = behaving(lambda connection: speaks(answers.pop(0))(connection))
    gateway = open_gateway(url)

    assert [ask(gateway.url, PLAIN).status for _ in range(2)] == [502, 200]


def test_a_request_that_is_not_http_is_refused_and_reaches_nobody(before):
    gateway, strapi = before(None)
    with Client(gateway.url) as client:
        client.write(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")

        assert client.read().status == 400
    assert strapi.requests == []


# Nobody's slowness is anybody else's


def test_many_slow_bodies_take_nothing_from_the_next_person(before):
    async def reads_all(request) -> None:
        await request.answer(await request.body())

    gateway, _ = before(reads_all)
    slow = [Client(gateway.url) for _ in range(220)]
    try:
        for number, client in enumerate(slow):
            size = 1_000_000 if number % 2 else 100
            client.write(
                f"POST {PLAIN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
            )
            client.write(b"x" * (70_000 if number % 2 else 1))
        began = time.monotonic()
        asked = ask(gateway.url, PLAIN)
        said = ask(gateway.url, PLAIN, "POST", [("Content-Length", "5")], b"hello")

        assert (asked.status, said.status, said.body) == (200, 200, b"hello")
        assert time.monotonic() - began < 5
    finally:
        for client in slow:
            client.__exit__()


def test_a_body_that_trickles_for_ever_is_given_up(before, monkeypatch):
    monkeypatch.setattr("helpers.gateway.request_body._WHOLE", 0.5)

    async def reads_all(request) -> None:
        await request.answer(await request.body())

    gateway, _ = before(reads_all)
    with Client(gateway.url) as client:
        client.write(f"POST {PLAIN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n".encode())
        with suppress(OSError):
            for _ in range(40):
                client.write(b"x")
                time.sleep(0.05)
        assert client.read().status == 408


@pytest.mark.parametrize("named", ["content-length", "host", "close, content-length"])
def test_a_header_that_frames_the_request_cannot_be_taken_out_of_it(before, named):
    async def reads_all(request) -> None:
        await request.answer(await request.body())

    gateway, _ = before(reads_all)
    answer = ask(gateway.url, PLAIN, "POST", [("Connection", named), ("Content-Length", "5")], b"hello")

    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize("status", [b"999", b"600", b"199"])
def test_a_status_that_no_browser_knows_is_named(open_gateway, behaving, status):
    words = b"HTTP/1.1 " + status + b" Odd\r\nContent-Length: 0\r\n\r\n"

    assert ask(open_gateway(behaving(speaks(words))).url, PLAIN).status == 502
