"""A web application on a free loopback port, in a thread that ends with its owner."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from helpers.core.errors import KitError, Unreachable
from helpers.failures import known
from helpers.web import same_user

_PATIENCE = 5.0  # seconds for a start or a stop; both take milliseconds


class PortTaken(KitError):
    pass


class _Uvicorn(uvicorn.Server):
    """Tells when it listens, or that it never will, and ends when told: nobody polls."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self._end: Callable[[], object] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    async def main_loop(self) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._end = lambda: loop.call_soon_threadsafe(ended.set)
        if not self.should_exit:
            await ended.wait()

    def end(self) -> None:
        self.should_exit = True
        with suppress(RuntimeError):  # its loop is closed: it has ended
            self._end()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        except SystemExit:
            pass  # uvicorn's answer to an application that fails while it starts
        finally:
            for listener in sockets or []:
                listener.close()
            self.settled.set()


class Server:
    """``start`` twice returns the running one; ``stop`` frees the port.

    Other users of this machine are hung up on, unless the server is to be ``open_to_all``.

    Raises:
        PortTaken: another program has the wanted port.
        Unreachable: the application failed while it started.
    """

    def __init__(self, app: Any, port: int = 0, *, open_to_all: bool = False) -> None:
        self.app, self.open_to_all = app, open_to_all
        self.wanted_port = port
        self.port = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._uvicorn: _Uvicorn | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> Server:
        with self._lock:
            if not self.running:
                self._start()
        return self

    def _start(self) -> None:
        listener = self._listen()
        self._uvicorn = _Uvicorn(_config(self.app, self.open_to_all))
        self._thread = threading.Thread(
            target=self._uvicorn.run, args=([listener],), name=f"serve-{self.port}", daemon=True
        )
        self._thread.start()
        if not self._uvicorn.settled.wait(_PATIENCE) or not self._uvicorn.started:
            self._stop()
            raise Unreachable(f"The kit's own server on port {self.port} did not start")

    def _listen(self) -> socket.socket:
        # The protocol is named because asyncio switches Nagle's algorithm off only where it is;
        # otherwise every answer waits 40 ms for the client's delayed acknowledgement.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # elsewhere this option would let two programs share a port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.wanted_port))
            listener.listen()
        except OSError as error:
            listener.close()
            raise PortTaken(
                f"Port {self.wanted_port} is taken by another program",
                failure=known.PORT_TAKEN,
                evidence=str(error),
                fix=(
                    "If another notebook of the kit has it, press Stop there or shut its kernel down.",
                    "Else end the other program, or lead your tunnel to another port and type that one here.",
                ),
            ) from error
        self.port = listener.getsockname()[1]
        return listener

    def end(self) -> None:
        """Begin to stop and do not wait: several servers end in the time of one."""
        with self._lock:
            if self._uvicorn:
                self._uvicorn.end()

    def stop(self) -> None:
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._uvicorn and self._thread:
            self._uvicorn.end()
            self._thread.join(_PATIENCE)
        self._thread = self._uvicorn = None


class _OurPeersOnly(H11Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer, here = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        if not same_user.is_ours(peer, here):
            transport.abort()


def _config(app: Any, open_to_all: bool) -> uvicorn.Config:
    from helpers.web.websocket_serving import (
        WebsocketProtocol,  # only now: it takes as long as uvicorn itself
    )

    return uvicorn.Config(
        app,
        # Always the same parts, whichever others happen to be installed beside them.
        http=H11Protocol if open_to_all else _OurPeersOnly,
        loop="asyncio",
        ws=WebsocketProtocol,
        log_config=None,  # the logging of this process is its owner's
        log_level="critical",
        access_log=False,
        lifespan="on",
        # Whoever stands in front of us speaks through headers that the application reads itself.
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
