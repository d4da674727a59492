"""Upstreams of the tests speak another HTTP library than the kit: what one misreads, the other shows."""

from __future__ import annotations

import socket
import threading
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_PATIENCE = 5.0  # seconds for a start or a stop; both take milliseconds


class _Websocket(WebSocketsSansIOProtocol):
    def shutdown(self) -> None:
        """uvicorn's own fails, and the server with it, when a browser has said goodbye just before."""
        if not self.transport.is_closing():
            super().shutdown()


class AsgiServer:
    """An ASGI application on a free loopback port, in a thread."""

    def __init__(self, app: Any, port: int = 0) -> None:
        self.wanted_port, self.port = port, 0
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=H11Protocol,
                loop="asyncio",
                ws=_Websocket,
                log_config=None,
                log_level="critical",
                access_log=False,
                lifespan="off",
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> AsgiServer:
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.wanted_port))
        self._listener.listen(512)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.run, args=([self._listener],), name=f"asgi-{self.port}", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        self._listener.close()
