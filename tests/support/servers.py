"""Servers and clients that speak HTTP as the tests want it, well or badly."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

SOON = 10.0  # seconds after which a test has failed; nothing here takes that long

Headers = list[tuple[str, str]]
Handler = Callable[["Request"], Awaitable[None]]


class Request:
    """One request as the application got it, and the means to answer it."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.method: str = scope["method"]
        query = scope["query_string"].decode()
        self.target: str = scope["raw_path"].decode() + (f"?{query}" if query else "")
        self.path: str = scope["path"]
        self.headers: Headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        self.receive, self.send = receive, send

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]

    async def body(self) -> bytes:
        parts, more = b"", True
        while more:
            message = await self.receive()
            parts, more = parts + message.get("body", b""), message.get("more_body", False)
        return parts

    async def start(self, status: int = 200, headers: Headers | None = None) -> None:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers or []]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, body: bytes = b"", *, more: bool = False) -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def answer(self, body: bytes = b"", status: int = 200, headers: Headers | None = None) -> None:
        await self.start(status, [("content-length", str(len(body))), *(headers or [])])
        await self.write(body)

    async def gone(self) -> None:
        """Return when whoever asked has hung up."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


class App:
    """An application that keeps what it was asked; without a handler it answers 200 with its name."""

    def __init__(self, name: str, handler: Handler | None = None) -> None:
        self.name, self.handler = name, handler
        self.requests: list[Request] = []

    @property
    def last(self) -> Request:
        return self.requests[-1]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        request = Request(scope, receive, send)
        self.requests.append(request)
        if self.handler:
            await self.handler(request)
        else:
            await request.answer(self.name.encode())


class RawServer:
    """A server that does with each connection what ``handle`` says, whether that is HTTP or not."""

    def __init__(self, handle: Callable[[socket.socket], None]) -> None:
        self._handle = handle
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(SOON)
                self._handle(connection)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def free_port() -> int:
    """Nobody listens there now; who wants that to stay so takes ``nobody``."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers_over_tls(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    """204 to one request of each connection; who does not trust it hangs up."""

    def handle(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    return handle


@contextmanager
def nobody() -> Iterator[str]:
    """An address where nobody listens, and where nobody else will meanwhile."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


class Client:
    """A connection of one's own: what is sent is sent as it is."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), SOON)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(
        self,
        target: str,
        method: str = "GET",
        headers: Headers | None = None,
        body: bytes = b"",
        host: str = "shop.ngrok-free.dev",
    ) -> Answer:
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {host}",
            *(f"{n}: {v}" for n, v in headers or []),
            "",
            "",
        ]
        self.write("\r\n".join(lines).encode("latin-1") + body)
        return self.read(method)

    def begin(self, method: str = "GET") -> HTTPResponse:
        """The status and headers of an answer; its body is still to be read."""
        response = HTTPResponse(self._socket, method=method)
        response.begin()
        return response

    def read(self, method: str = "GET") -> Answer:
        with self.begin(method) as response:
            return Answer(response)

    def read_line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n") and (byte := self._socket.recv(1)):
            line += byte
        return line


class Answer:
    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers: Headers = [(name.lower(), value) for name, value in response.getheaders()]
        self.body = response.read()

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


def ask(
    url: str, target: str, method: str = "GET", headers: Headers | None = None, body: bytes = b""
) -> Answer:
    """One request on a connection of its own."""
    with Client(url) as client:
        return client.ask(target, method, headers, body)


def speaks(words: bytes) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(words)

    return handle
