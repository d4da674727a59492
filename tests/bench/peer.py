"""One server of a measurement: ``upstream`` answers with bodies of any size, ``gateway URL`` is the kit's."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from helpers.gateway.app import Gateway
from helpers.web.server import Server
from helpers.web.serving import Request

_PIECE = b"x" * 65536


async def upstream(request: Request) -> web.StreamResponse:
    while await request.content.readany():
        pass
    number = request.path.rpartition("/")[2]
    size = int(number) if number.isdigit() else 1024
    if size <= len(_PIECE):
        return web.Response(body=_PIECE[:size])
    answer = web.StreamResponse()
    answer.content_length = size
    await answer.prepare(request)
    while size:
        piece = _PIECE[:size]
        size -= len(piece)
        await answer.write(piece)
    return answer


class Bare(asyncio.Protocol):
    """As little of a server as there can be: 1 KB to whatever is asked."""

    _SAID = b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\nContent-Type: text/plain\r\n\r\n" + b"x" * 1024

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(self._SAID)  # type: ignore[attr-defined]


async def bare() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Bare, "127.0.0.1", 0, backlog=1000)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main(which: str, *address: str) -> None:
    if which == "bare":
        asyncio.run(bare())
        return
    # nginx works as another user.
    server = (
        Server(upstream, open_to_all=True) if which == "upstream" else Gateway("instagram-business", *address)
    )
    server.start()
    print(server.url, flush=True)
    for _ in sys.stdin:  # each line asks how many hops are kept; its end is the end
        attempts = server.witness.attempts if isinstance(server, Gateway) else []
        print(sum(map(len, attempts)), flush=True)
    server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
