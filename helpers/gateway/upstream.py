"""Connections to one server, kept while they are useful: what is sent and read is sent and read as it is.

aiohttp's own client would add headers, keep cookies, follow redirects and send a request twice when a
connection breaks. So this takes its connection alone, with its parser.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import StreamReader, client_exceptions, http_exceptions
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_proto import ResponseHandler

_CONNECTING = 5.0  # seconds; on this machine it takes one or none
_ROOM_PATIENCE = 5.0  # seconds for one of the connections
_MOST = 200
_IDLE = 2.0  # Node hangs up after five idle seconds; a connection must not be reused at that very moment
_MOST_LINE = 64 * 1024  # bytes of one line of an answer's head
_PIECE = 256 * 1024  # bytes that may wait here to be passed on


class Crowded(Exception):
    """No connection became free in time."""


class Unreached(Exception):
    """Nobody listens there, or whoever does hung up, was silent too long, or speaks no HTTP."""

    def __init__(self, *, silent: bool = False, spoke: bool = False) -> None:
        super().__init__()
        self.silent, self.spoke = silent, spoke


class Head(NamedTuple):
    """The beginning of an answer; ``body`` is still to come, and ``sized`` says how it ends."""

    status: int
    reason: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: StreamReader
    chunked: bool


class Connection:
    """One exchange at a time, over a connection that may have had others before."""

    def __init__(self, protocol: ResponseHandler, patience: float) -> None:
        self.protocol, self._patience = protocol, patience
        self.since = 0.0

    @property
    def usable(self) -> bool:
        return self.protocol.is_connected() and not self.protocol.should_close

    def send(self, data: bytes) -> None:
        if self.protocol.transport is None:
            raise Unreached(spoke=True)
        self.protocol.transport.write(data)

    async def drain(self) -> None:
        if self.protocol.writing_paused:
            await self.protocol._drain_helper()

    def expect(self, *, bodiless: bool) -> None:
        """Get ready for an answer; the answer to HEAD has no body, whatever it says."""
        self.protocol.set_response_params(
            skip_payload=bodiless,
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=self._patience,
            read_bufsize=_PIECE,
            max_line_size=_MOST_LINE,
            max_field_size=_MOST_LINE,
        )

    async def head(self) -> Head:
        """The answer's, without the interim ones that come before it."""
        self.protocol.start_timeout()
        while True:
            try:
                message, body = await self.protocol.read()
            except Exception as error:
                raise failure_of(error) or error from error
            if message.code >= 200 or message.code == 101:
                return Head(message.code, message.reason, message.raw_headers, body, message.chunked)

    def close(self) -> None:
        transport = self.protocol.transport
        if transport and transport.get_write_buffer_size():
            self.protocol.abort()  # nobody waits until the other side has read it all
        self.protocol.close()


async def send(protocol: BaseProtocol, data: bytes) -> None:
    """Write to whoever is there, as fast as they read."""
    if protocol.transport is None:
        raise ConnectionResetError
    protocol.transport.write(data)
    if protocol.writing_paused:
        await protocol._drain_helper()


def failure_of(error: BaseException) -> Unreached | None:
    """Every way in which an upstream fails, as one of ours."""
    if isinstance(error, TimeoutError):
        return Unreached(silent=True)
    known = client_exceptions.ClientError, http_exceptions.HttpProcessingError, OSError
    return Unreached(spoke=True) if isinstance(error, known) else None


@dataclass
class Pool:
    """``async with`` an event loop that holds the connections to ``origin``."""

    origin: str
    patience: float

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        self.host, secure = parts.hostname or "", parts.scheme == "https"
        self.port = parts.port or (443 if secure else 80)
        # On this machine nobody stands in between, and a dev server signs its certificate itself.
        self.verify = secure and self.host not in ("localhost", "127.0.0.1", "::1")
        self._ssl: ssl.SSLContext | None = None
        if secure:
            self._ssl = ssl.create_default_context()
            if not self.verify:
                self._ssl.check_hostname, self._ssl.verify_mode = False, ssl.CERT_NONE
        self._idle: deque[Connection] = deque()

    async def __aenter__(self) -> Pool:
        self._room = asyncio.Semaphore(_MOST)
        self._idle.clear()
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._idle:
            self._idle.pop().close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One for a single exchange; it is kept for the next if the exchange came to its end.

        Raises:
            Crowded: all are in use.
            Unreached: nobody listens there.
        """
        if self._room.locked():
            try:
                await asyncio.wait_for(self._room.acquire(), _ROOM_PATIENCE)
            except TimeoutError:
                raise Crowded from None
        else:
            await self._room.acquire()
        try:
            connection = self._kept() or await self.dial()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._keep(connection)
        finally:
            self._room.release()

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()  # the latest: the others may rest until they are too old
            if connection.usable and time.monotonic() - connection.since < _IDLE:
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection) -> None:
        if not connection.usable:
            connection.close()
            return
        connection.since = time.monotonic()
        while self._idle and connection.since - self._idle[0].since > _IDLE:
            self._idle.popleft().close()
        self._idle.append(connection)

    async def dial(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECTING):
                _, protocol = await loop.create_connection(
                    lambda: ResponseHandler(loop), self.host, self.port, ssl=self._ssl
                )
        except OSError as error:  # a time that is up is one, too
            raise Unreached from error
        return Connection(protocol, self.patience)
