"""Bodies pass as they come, and whoever leaves is missed at once."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.servers import SOON, Client, Request

PLAIN = "/api/articles"  # not witnessed
AUTH = "/api/auth/instagram/callback"  # witnessed
SIZE = 10 * 1024 * 1024


def test_a_part_of_an_answer_arrives_before_the_next_is_made(before):
    go_on = threading.Event()

    async def handler(request: Request) -> None:
        await request.start()
        await request.write(b"first", more=True)
        arrived = await asyncio.to_thread(go_on.wait, SOON)
        await request.write(b"second" if arrived else b"never")

    gateway, _ = before(handler)
    with Client(gateway.url) as client:
        client.write(f"GET {PLAIN} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        with client.begin() as response:
            assert response.read1(100) == b"first"
            go_on.set()
            assert response.read() == b"second"


def test_a_part_of_a_body_arrives_before_the_next_is_sent(before):
    arrived = threading.Event()

    async def handler(request: Request) -> None:
        first = await request.receive()
        arrived.set()
        await request.answer(first["body"] + await request.body())

    gateway, _ = before(handler)
    with Client(gateway.url) as client:
        client.write(f"PUT {PLAIN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nhalf".encode())
        assert arrived.wait(SOON)
        client.write(b"more")

        assert client.read().body == b"halfmore"


@pytest.fixture
def peak() -> Iterator[Callable[[], int]]:
    """The most bytes that Python held at once since the test began."""
    tracemalloc.start()
    begun = tracemalloc.get_traced_memory()[0]
    yield lambda: tracemalloc.get_traced_memory()[1] - begun
    tracemalloc.stop()


def test_a_big_download_is_not_collected(before, peak):
    part = b"x" * 64 * 1024

    async def handler(request: Request) -> None:
        await request.start(headers=[("content-length", str(SIZE))])
        for _ in range(SIZE // len(part)):
            await request.write(part, more=True)
        await request.write()

    gateway, _ = before(handler)
    arrived = 0
    with Client(gateway.url) as client:
        client.write(f"GET {PLAIN} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        with client.begin() as response:
            while data := response.read(64 * 1024):
                arrived += len(data)

    assert arrived == SIZE
    assert peak() < SIZE / 3


def test_a_big_upload_is_not_collected(before, peak):
    part = b"x" * 64 * 1024

    async def handler(request: Request) -> None:
        digest, more = hashlib.sha256(), True
        while more:
            message = await request.receive()
            digest.update(message.get("body", b""))
            more = message.get("more_body", False)
        await request.answer(digest.hexdigest().encode())

    gateway, _ = before(handler)
    with Client(gateway.url) as client:
        client.write(f"POST {PLAIN} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SIZE}\r\n\r\n".encode())
        for _ in range(SIZE // len(part)):
            client.write(part)
        answer = client.read()

    assert peak() < SIZE / 3
    assert answer.body.decode() == hashlib.sha256(b"x" * SIZE).hexdigest()


@pytest.mark.parametrize("target", [PLAIN, AUTH])
@pytest.mark.parametrize("answered", [False, True])
def test_a_client_that_leaves_frees_the_upstream(before, target, answered):
    asked, released = threading.Event(), threading.Event()

    async def handler(request: Request) -> None:
        asked.set()
        if answered:
            await request.start()
            for _ in range(2):
                await request.write(b"beginning", more=True)
        await request.body()
        await request.gone()
        released.set()

    gateway, _ = before(handler)
    with Client(gateway.url) as client:
        client.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert asked.wait(SOON)
        if answered:
            with client.begin() as response:
                assert response.read(9) == b"beginning"

    assert released.wait(SOON)


@pytest.mark.parametrize(
    "length", ["Content-Length: 8\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"]
)
def test_a_body_that_breaks_off_is_not_passed_on_as_a_whole(before, length):
    asked, released = threading.Event(), threading.Event()
    seen: list[dict[str, Any]] = []

    async def handler(request: Request) -> None:
        while not seen or seen[-1].get("more_body"):
            seen.append(await request.receive())
            asked.set()
        released.set()

    gateway, _ = before(handler)
    with Client(gateway.url) as client:
        client.write(f"PUT {PLAIN} HTTP/1.1\r\nHost: localhost\r\n{length}".encode())
        assert asked.wait(SOON)

    assert released.wait(SOON)
    assert seen[-1]["type"] == "http.disconnect"
