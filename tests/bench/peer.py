"""One server of a measurement: ``upstream`` answers with bodies of any size, ``gateway URL`` is the kit's."""

from __future__ import annotations

import sys
from typing import Any

from helpers.gateway.app import Gateway
from helpers.web.server import Server

_PIECE = b"x" * 65536


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    number = scope["path"].rpartition("/")[2]
    size = int(number) if number.isdigit() else 1024
    length = [(b"content-length", str(size).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    while size:
        piece = _PIECE[:size]
        size -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": size > 0})


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
