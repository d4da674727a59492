"""Which websockets the gateway lets nobody open, and what it says of a front end that takes none."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from helpers.gateway import websocket
from helpers.gateway.app import HELLO
from helpers.gateway.frames import HEARD, Frame
from tests.support.dev_server import Conversation, DevServer, dial, last_heard, refused
from tests.support.servers import SOON, Answer, ask, nobody, speaks

STRAPI = "http://localhost:1337"  # never asked
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
HANDSHAKE = [*UPGRADE, ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]


def knock(url: str, target: str = "/") -> Answer:
    """A handshake by hand: what answers it is neither judged nor followed."""
    return ask(url, target, headers=HANDSHAKE)


# What is refused, and by whom


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api", 501),
        ("/api/articles", 501),
        ("/_health", 501),
        (HELLO, 501),
        ("/admin", 404),
        ("/Admin/login", 404),
        ("/x/%2e%2e/admin", 404),
        ("/content-manager", 404),
        ("//admin", 404),
    ],
)
def test_strapis_side_and_what_is_closed_take_none(open_gateway, serve, target, status):
    strapi, dev = DevServer(), DevServer()
    gateway = open_gateway(serve(strapi).url, serve(dev).url)

    assert refused(gateway.url, target).status_code == status
    assert strapi.conversations + dev.conversations == []


def test_the_kits_own_page_takes_none(open_gateway):
    answer = refused(open_gateway(STRAPI).url)

    assert (answer.status_code, answer.body) == (501, b"Only the front end takes websockets.\n")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", [("Sec-WebSocket-Key", "eA=="), ("Sec-WebSocket-Version", "13")]),
        ("GET", [("Sec-WebSocket-Version", "8")]),
        ("POST", [("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="), ("Sec-WebSocket-Version", "13")]),
    ],
)
def test_an_upgrade_that_is_no_handshake_reaches_nobody(open_gateway, serve, method, headers):
    dev = DevServer()
    gateway = open_gateway(STRAPI, serve(dev).url)

    assert 400 <= ask(gateway.url, "/", method, UPGRADE + headers).status < 500
    assert dev.conversations + dev.requests == []


def test_a_refusal_by_the_dev_server_passes_as_it_is(open_gateway, serve):
    async def refuses(conversation: Conversation) -> None:
        headers = [(b"x-why", b"token"), (b"x-why", b"origin"), (b"content-type", b"text/x")]
        await conversation.send({"type": "websocket.http.response.start", "status": 403, "headers": headers})
        await conversation.send({"type": "websocket.http.response.body", "body": b"Not you."})

    answer = refused(open_gateway(STRAPI, serve(DevServer(refuses)).url).url)

    assert (answer.status_code, answer.body) == (403, b"Not you.")
    assert answer.headers.get_all("x-why") == ["token", "origin"]
    assert answer.headers.get_all("content-type") == ["text/x"]
    assert answer.headers.get_all("content-length") == ["8"]


def test_a_redirect_is_left_to_the_browser(open_gateway, serve, behaving):
    elsewhere = DevServer()
    location = serve(elsewhere).url.replace("http", "ws").encode()
    redirect = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    gateway = open_gateway(STRAPI, behaving(speaks(redirect)))
    answer = knock(gateway.url)

    assert (answer.status, answer.all("location")) == (307, [location.decode()])
    assert elsewhere.conversations == []


def test_a_front_end_that_is_down_is_named_as_such(open_gateway):
    with nobody() as down:
        answer = refused(open_gateway(STRAPI, down).url)
    told = json.loads(answer.body)["error"]

    assert answer.status_code == 502
    assert told["message"] == f"The front end does not answer at {down}."
    assert told["details"]["failure"] == "C06"


@pytest.mark.parametrize(
    "words", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/9 what\r\n\r\n", b"HTTP/1.1 101 \r\n\r\n"]
)
def test_a_front_end_that_speaks_no_websocket_is_said_to(open_gateway, behaving, words):
    answer = refused(open_gateway(STRAPI, behaving(speaks(words))).url)

    assert answer.status_code == 502
    assert "hung up or does not speak HTTP" in json.loads(answer.body)["error"]["message"]


def test_a_front_end_that_says_nothing_is_given_up(open_gateway, behaving, monkeypatch):
    def says_nothing(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    monkeypatch.setattr("helpers.gateway.websocket._DIALLING", 0.1)
    answer = refused(open_gateway(STRAPI, behaving(says_nothing)).url)

    assert answer.status_code == 504
    assert json.loads(answer.body)["error"]["message"].endswith("did not answer in time.")


def test_a_target_with_a_fragment_is_no_path(open_gateway, serve):
    dev = DevServer()

    assert knock(open_gateway(STRAPI, serve(dev).url).url, "/x#y").status == 400
    assert dev.conversations == []


def test_a_dev_server_that_vanishes_is_told_to_the_browser(open_gateway, behaving):
    with dial(open_gateway(STRAPI, behaving(accepts_and_vanishes)).url) as browser:
        assert last_heard(browser) == (1014, "")  # bad gateway


def accepts_and_vanishes(connection: socket.socket) -> None:
    key = re.search(rb"(?i)sec-websocket-key: (\S+)", connection.recv(65536))
    assert key
    accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    connection.sendall(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


# How much


def test_a_message_in_endless_pieces_is_too_big(open_gateway, serve, monkeypatch):
    monkeypatch.setattr("helpers.gateway.frames.LARGEST", 1000)
    dev = DevServer()

    def pieces() -> Iterator[str]:
        yield from ["x" * 100] * 10
        dev.latest.ended.wait(SOON)  # what nobody reads any more would take back the last word

    with dial(open_gateway(STRAPI, serve(dev).url).url) as browser:
        with suppress(ConnectionClosed):
            browser.send(pieces())
        assert last_heard(browser)[0] == 1009
    assert dev.latest.ended.wait(SOON)


class Measured(bytes):
    """Bytes that count how often somebody asks for their length."""

    asked = 0

    def __len__(self) -> int:
        Measured.asked += 1
        return super().__len__()


class Talker:
    """A side that says one message in very many pieces."""

    most, too_big, left = HEARD, False, False
    said: list[bytes]

    def __init__(self, pieces: int) -> None:
        self._pieces, self.said = pieces, []

    async def frames(self) -> AsyncIterator[Frame]:
        for number in range(self._pieces):
            yield Frame(number == 0, number == self._pieces - 1, Measured(b"head"), 4, b"")

    async def write(self, data: bytes) -> None:
        self.said.append(data)

    def leave(self, code: int, *, masked: bool) -> None:
        pass


def test_each_piece_of_a_message_is_measured_once_however_many_there_are():
    pieces, told = 1000, Talker(0)
    Measured.asked = 0
    asyncio.run(websocket._pass_on(Talker(pieces), told, heard=True))
    assert told.said == [b"head" * pieces]
    assert Measured.asked <= 2 * pieces


def test_more_conversations_than_there_is_room_for_are_refused(open_gateway, serve, monkeypatch):
    monkeypatch.setattr("helpers.gateway.websocket._MOST", 1)
    gateway = open_gateway(STRAPI, serve(DevServer()).url)
    with dial(gateway.url):
        assert refused(gateway.url).status_code == 503
