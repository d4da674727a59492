"""The server's side of a websocket; a file of its own, because nobody imports it before a server starts."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class WebsocketProtocol(WebSocketsSansIOProtocol):
    def shutdown(self) -> None:
        """uvicorn's own fails, and the server with it, when a browser has said goodbye just before."""
        if not self.transport.is_closing():
            super().shutdown()
