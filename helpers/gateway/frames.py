"""The frames of a websocket, told apart and passed on as they are: https://www.rfc-editor.org/rfc/rfc6455#section-5.2"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from aiohttp.base_protocol import BaseProtocol

from helpers.gateway.upstream import send

LARGEST = 2**24  # bytes of one message
HEARD = 2**22  # bytes of one that a browser sends; what it says to a dev server is some hundred
CLOSE = 8


@dataclass(frozen=True)
class Frame:
    opcode: int
    last: bool
    raw: bytes
    start: int  # of the payload
    mask: bytes

    @property
    def payload(self) -> bytes:
        data = self.raw[self.start :]
        if not self.mask or not data:
            return data
        key = (self.mask * (len(data) // 4 + 1))[: len(data)]
        return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")


class Side:
    """One end of a conversation: what it says, frame by frame, and how to answer it."""

    def __init__(self, protocol: BaseProtocol, most: int = LARGEST) -> None:
        self._protocol, self.most = protocol, min(most, LARGEST)
        self._said, self._news = bytearray(), asyncio.Event()
        self._over = self._paused = False
        self.too_big = False
        self.left = False  # it has been told goodbye

    # What aiohttp's protocols call.

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._said += data
        self._news.set()
        if len(self._said) > 2 * self.most and self._protocol.transport and not self._paused:
            self._protocol.transport.pause_reading()
            self._paused = True
        return False, b""

    def feed_eof(self) -> None:
        self._over = True
        self._news.set()

    def is_eof(self) -> bool:
        return self._over

    def set_exception(self, *_: object) -> None:
        self.feed_eof()

    async def frames(self) -> AsyncIterator[Frame]:
        while True:
            for frame in self._whole():
                yield frame
            if self._over or self.too_big:
                return
            self._news.clear()
            await self._news.wait()

    async def pieces(self) -> AsyncIterator[bytes]:
        """What it says, whether that is frames or not."""
        while True:
            if self._said:
                yield self._take(len(self._said))
            elif self._over:
                return
            else:
                self._news.clear()
                await self._news.wait()

    def _take(self, size: int) -> bytes:
        taken = bytes(self._said[:size])
        del self._said[:size]
        if self._paused and len(self._said) < self.most and self._protocol.transport:
            self._protocol.transport.resume_reading()
            self._paused = False
        return taken

    def _whole(self) -> Iterator[Frame]:
        while len(self._said) >= 2:
            first, second = self._said[0], self._said[1]
            start, size = 2, second & 0x7F
            if size >= 126:
                width = 2 if size == 126 else 8
                if len(self._said) < 2 + width:
                    return
                size = int.from_bytes(self._said[2 : 2 + width], "big")
                start += width
            masked = bool(second & 0x80)
            start += 4 * masked
            if size > self.most:
                self.too_big = True
                return
            if len(self._said) < start + size:
                return
            raw = self._take(start + size)
            mask = raw[start - 4 : start] if masked else b""
            yield Frame(first & 0x0F, bool(first & 0x80), raw, start, mask)

    async def write(self, data: bytes) -> None:
        await send(self._protocol, data)

    def leave(self, code: int, *, masked: bool) -> None:
        """Say goodbye in the place of the other, who has gone without a word."""
        if self.left or self._protocol.transport is None:
            return
        self.left = True
        said = code.to_bytes(2, "big")
        if masked:
            key = os.urandom(4)
            said = key + bytes(each ^ key[place % 4] for place, each in enumerate(said))
        self._protocol.transport.write(bytes([0x80 | CLOSE, 2 | (0x80 if masked else 0)]) + said)
