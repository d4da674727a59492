"""One server of a measurement: ``upstream`` answers with bodies of any size, ``gateway URL`` is the kit's."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

from helpers.gateway import Gateway
from helpers.serving import Server

_PIECE = b"x" * 65536


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    size = int(scope["path"].rpartition("/")[2])
    length = [(b"content-length", str(size).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    while size:
        piece = _PIECE[:size]
        size -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": size > 0})


def main(which: str, *address: str) -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    server = Server(upstream) if which == "upstream" else Gateway("instagram-business", *address)
    server.start()
    print(server.url, flush=True)
    ended.wait()
    server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
