"""An upstream's answer on its way to the client, as it comes and byte for byte."""

from __future__ import annotations

from aiohttp import StreamReader, web

from helpers.gateway.capture import Exchange
from helpers.gateway.headers import chunk, end_to_end, head
from helpers.gateway.upstream import Head, send
from helpers.web.serving import Request

_BODILESS = {204, 304}


class Passed(web.StreamResponse):
    """What is written already."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        if not keep_alive:
            self.force_close()

    async def prepare(self, request: web.BaseRequest) -> None:
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        return None

    @property
    def keep_alive(self) -> bool:
        return super().keep_alive is not False


async def relay(request: Request, head: Head) -> Passed:
    """Write an upstream's answer to the client as it comes."""
    answer = _Answer(request, head)
    await answer.write(request.seen)
    return Passed(keep_alive=answer.keep_alive)


class _Answer:
    """The upstream's answer on its way to the client."""

    def __init__(self, request: Request, head: Head) -> None:
        self._request, self._head = request, head
        headers = end_to_end(head.headers)
        bodiless = request.method == "HEAD" or head.status in _BODILESS
        sized = any(name.lower() == b"content-length" for name, _ in headers)
        old = request.version < (1, 1)
        self._chunked = not (bodiless or old) and (head.chunked or not sized)
        self.keep_alive = request.keep_alive and (bodiless or self._chunked or (sized and not head.chunked))
        if self._chunked or head.chunked:
            headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
        if self._chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        if not self.keep_alive:
            headers.append((b"connection", b"close"))
        elif old:
            headers.append((b"connection", b"keep-alive"))
        self._headers = headers

    async def write(self, seen: Exchange | None) -> None:
        body = self._head.body
        status = f"HTTP/1.1 {self._head.status} {self._head.reason}".encode("utf-8", "surrogateescape")
        ready, held = head(status, self._headers), b""
        if seen:
            seen.answering(self._head.status, self._head.headers)
        while not body.at_eof() and (piece := await self._next(body)):
            if seen:  # the last byte leaves when its hop is told
                seen.answered(piece)
                piece, held = held + piece[:-1], piece[-1:]
            ready += self._framed(piece)
            if not body.at_eof():
                await self._send(ready)
                ready = b""
        if seen:
            self._request.tell()
        ready += self._framed(held)
        await self._send(ready + b"0\r\n\r\n" if self._chunked else ready)

    def _framed(self, piece: bytes) -> bytes:
        return chunk(piece) if self._chunked else piece

    async def _next(self, body: StreamReader) -> bytes:
        try:
            return await body.readany()
        except Exception:
            # Half an answer must not look like a whole one.
            if self._request.transport:
                self._request.transport.abort()
            raise ConnectionResetError from None

    async def _send(self, data: bytes) -> None:
        await send(self._request.protocol, data)
