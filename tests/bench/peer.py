"""One server of a measurement: ``upstream`` answers with bodies of any size, ``gateway URL`` is the kit's."""

from __future__ import annotations

import sys

from aiohttp import web

from helpers.gateway.app import Gateway
from helpers.web.server import Request, Server

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


def main(which: str, *address: str) -> None:
    server = Server(upstream) if which == "upstream" else Gateway("instagram-business", *address)
    server.start()
    print(server.url, flush=True)
    for _ in sys.stdin:  # each line asks how many hops are kept; its end is the end
        attempts = server.witness.attempts if isinstance(server, Gateway) else []
        print(sum(map(len, attempts)), flush=True)
    server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
