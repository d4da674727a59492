"""Requests that two readers may read differently: what passes the gateway, the upstream reads as one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from helpers.gateway.app import Gateway
from tests.conftest import PUBLIC
from tests.support.asgi import AsgiServer
from tests.support.servers import App, Request

HOST = PUBLIC.removeprefix("https://")
HIDDEN = b"GET /admin/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
SIZE = b"%d" % len(HIDDEN)
CHUNKED, LENGTH = b"Transfer-Encoding: chunked", b"Content-Length: "
FRAMINGS = [
    # Two statements about the length
    [LENGTH + SIZE, CHUNKED],
    [CHUNKED, LENGTH + SIZE],
    [LENGTH + b"0", LENGTH + SIZE],
    [LENGTH + SIZE, LENGTH + b"0"],
    [LENGTH + b"0, " + SIZE],
    [LENGTH + SIZE + b", " + SIZE],
    # Lengths that are none
    [LENGTH + b"+" + SIZE],
    [LENGTH + b"-1"],
    [LENGTH + b"0x10"],
    [LENGTH + b"1e1"],
    [LENGTH + b"1_0"],
    [LENGTH + b" "],
    [LENGTH + b"99999999999999999999999999"],
    [b"Content-Length : 0", LENGTH + SIZE],
    [b"Content_Length: 0", LENGTH + SIZE],
    [b"Content-Length\t: 0"],
    # Encodings that are none
    [b"Transfer-Encoding: xchunked"],
    [b"Transfer-Encoding : chunked"],
    [b"Transfer-Encoding:\tchunked", LENGTH + b"0"],
    [b"Transfer-Encoding: chunked, identity"],
    [b"Transfer-Encoding: identity, chunked", LENGTH + b"0"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", LENGTH + b"0"],
    [b"Transfer-Encoding: x", b"Transfer-Encoding: chunked", LENGTH + b"0"],
    [b'Transfer-Encoding: "chunked"', LENGTH + b"0"],
    [b"Transfer-Encoding: chunked;x=1", LENGTH + b"0"],
    [b"transfer-encoding:\x0bchunked", LENGTH + b"0"],
    [b"X: y\nTransfer-Encoding: chunked"],
    [b"X: y\rTransfer-Encoding: chunked"],
    [b"X: y\x00\r\nTransfer-Encoding: chunked"],
    [b"X:\r\n Transfer-Encoding: chunked"],
    # What Connection names
    [b"Connection: content-length", LENGTH + b"0"],
    [b"Connection: transfer-encoding", CHUNKED],
    [b"Connection: host", LENGTH + b"0"],
]
BODIES = [
    HIDDEN,
    b"0\r\n\r\n" + HIDDEN,
    b"0\n\n" + HIDDEN,
    b"0;x\r\n\r\n" + HIDDEN,
    b"0\r\nX: y\r\n\r\n" + HIDDEN,
    b"-1\r\n\r\n" + HIDDEN,
    b"0x0\r\n\r\n" + HIDDEN,
    b"ffffffffffffffff0\r\n\r\n" + HIDDEN,
]


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Gateway, App]]:
    async def reads_all(request: Request) -> None:
        await request.body()
        await request.answer(b"read")

    app = App("strapi", reads_all)
    server = AsgiServer(app).start()
    gateway = Gateway("instagram", server.url, public=PUBLIC).start()
    yield gateway, app
    gateway.stop()
    server.stop()


def say(gateway: Gateway, data: bytes) -> bytes:
    """All that is answered to it, until nothing more comes."""
    parts, heard = urlsplit(gateway.url), b""
    with socket.create_connection((parts.hostname, parts.port), 0.5) as client:
        client.sendall(data)
        try:
            while piece := client.recv(65536):
                heard += piece
                client.settimeout(0.05)  # a second request would be answered at once
        except OSError:
            pass
    return heard


@pytest.mark.parametrize("method", [b"POST", b"GET"])
@pytest.mark.parametrize("framing", FRAMINGS, ids=repr)
def test_nothing_is_hidden_in_a_body(stage, framing, method):
    gateway, app = stage
    for body in BODIES:
        app.requests.clear()
        head = b"\r\n".join([method + b" /api/x HTTP/1.1", b"Host: " + HOST.encode(), *framing])
        say(gateway, head + b"\r\n\r\n" + body)

        assert [request.target for request in app.requests if "hidden" in request.target] == []
        assert len(app.requests) <= 1


@pytest.mark.parametrize(
    "line",
    [
        b"GET /api/x HTTP/1.1\r\nHost: {host}\r\nX: y\r\n\r\n",
        b"GET  /api/x HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /api/x\tHTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /api/x HTTP/1.1 \r\nHost: {host}\r\n\r\n",
        b"GET /api/x y HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET /api/x HTTP/9.9\r\nHost: {host}\r\n\r\n",
        b"GET /api/x HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
        b"GET /api/x HTTP/1.1\r\n Host: {host}\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /api/x\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_no_first_line_breaks_the_door(stage, line):
    gateway, app = stage
    app.requests.clear()
    say(gateway, line.replace(b"{host}", HOST.encode()))

    assert len(app.requests) <= 1
    assert all(request.all("host") == [HOST] for request in app.requests)
    answer = say(gateway, b"GET /api/y HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200") or app.last.target == "/api/y"
