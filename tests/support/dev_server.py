"""A dev server that takes websockets, and a browser to open them, as the tests want them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Response
from websockets.sync.client import ClientConnection, connect

from tests.conftest import PUBLIC
from tests.support.servers import SOON, App

HOST = PUBLIC.removeprefix("https://")
Talk = Callable[["Conversation"], Awaitable[None]]


class Conversation:
    """One websocket as the dev server got it, and the means to answer it."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.receive, self.send = scope, receive, send
        self.last_word: dict[str, Any] = {}
        self.ended = threading.Event()

    def told(self, name: str) -> list[str]:
        return [value.decode("latin-1") for each, value in self.scope["headers"] if each.decode() == name]

    async def accept(self) -> None:
        assert (await self.receive())["type"] == "websocket.connect"
        cookies = [(b"set-cookie", b"a=1; path=/"), (b"set-cookie", b"b=2")]
        protocol = next(iter(self.scope["subprotocols"]), None)
        await self.send({"type": "websocket.accept", "subprotocol": protocol, "headers": cookies})

    async def say(self, message: str | bytes) -> None:
        kind = "text" if isinstance(message, str) else "bytes"
        await self.send({"type": "websocket.send", kind: message})

    async def leave(self, code: int, reason: str) -> None:
        await self.send({"type": "websocket.close", "code": code, "reason": reason})


async def echo(conversation: Conversation) -> None:
    await conversation.accept()
    while (message := await conversation.receive())["type"] == "websocket.receive":
        await conversation.send({**message, "type": "websocket.send"})
    conversation.last_word = message
    conversation.ended.set()


class DevServer(App):
    """Does with every websocket what ``talk`` says, and keeps them all."""

    def __init__(self, talk: Talk = echo) -> None:
        super().__init__("front end")
        self.talk = talk
        self.conversations: list[Conversation] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            self.conversations.append(Conversation(scope, receive, send))
            await self.talk(self.conversations[-1])
        else:
            await super().__call__(scope, receive, send)

    @property
    def latest(self) -> Conversation:
        return self.conversations[-1]


def dial(url: str, target: str = "/", **options: Any) -> ClientConnection:
    """A browser's websocket, opened by a page of the public address if ``origin`` says no other."""
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname, parts.port), SOON)
    given = {"origin": PUBLIC, "open_timeout": SOON, "max_size": None} | options
    return connect(f"ws://{HOST}{target}", sock=sock, proxy=None, **given)


def refused(url: str, target: str = "/") -> Response:
    with pytest.raises(InvalidStatus) as caught, dial(url, target):
        pass
    return caught.value.response


def last_heard(browser: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        browser.recv(SOON)
    assert caught.value.rcvd
    return caught.value.rcvd.code, caught.value.rcvd.reason
