"""A request's body on its way to an upstream, and the time it may take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from helpers.gateway.capture import Exchange
from helpers.gateway.headers import chunk
from helpers.gateway.upstream import Connection
from helpers.web.serving import Request

_STALLED = 30.0  # seconds between two pieces of a request's body
_WHOLE = 60.0  # seconds for a whole body, and one more for each
_SLOWEST = 64 * 1024  # bytes of it
_AT_ONCE = 64 * 1024  # bytes of a body that are read before the upstream hears of it
_PROMPT = 0.2  # seconds for it


class Stalled(Exception):
    """Whoever asked has announced a body and sends nothing, or next to nothing."""


class Body:
    """A request's body: what little there is, at once; what is more, as it arrives."""

    def __init__(self, request: Request) -> None:
        self._content, self._chunked = request.content, "Transfer-Encoding" in request.headers
        self._seen: Exchange | None = request.seen
        self._continue = request.headers.get("Expect", "").lower() == "100-continue" and request.transport
        self.complete = self._content.at_eof() and not self._chunked
        self.first = b""
        self._began = self._heard = time.monotonic()
        self._size = 0

    async def begin(self, crowded: Callable[[], bool]) -> None:
        """Read what comes promptly, or all that is little while the upstream is ``crowded`` with bodies.

        So whoever sends slowly takes no place from those who do not.
        """
        if self._continue:
            self._continue.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        pieces = bytearray()
        while len(pieces) < _AT_ONCE and not self.complete:
            prompt = not crowded()
            left = self._began + _PROMPT - time.monotonic()
            if prompt and left <= 0:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(left if prompt else _PROMPT):
                    pieces += await self._next()
            self.complete = self._content.at_eof()
        self.first = self._framed(bytes(pieces))
        if self.complete and self._chunked:
            self.first += b"0\r\n\r\n"

    async def pass_on(self, connection: Connection) -> None:
        while piece := await self._next():
            connection.send(self._framed(piece))
            await connection.drain()
        if self._chunked:
            connection.send(b"0\r\n\r\n")

    def _framed(self, piece: bytes) -> bytes:
        return chunk(piece) if self._chunked else piece

    async def _next(self) -> bytes:
        last = min(self._heard + _STALLED, self._began + _WHOLE + self._size / _SLOWEST)
        try:
            async with asyncio.timeout(last - time.monotonic()):
                piece = await self._content.readany()
        except TimeoutError:
            raise Stalled from None
        self._heard, self._size = time.monotonic(), self._size + len(piece)
        if self._seen:
            self._seen.asked(piece)
        return piece
