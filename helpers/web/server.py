"""A web application on a free loopback port, in a thread that ends with its owner."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
from collections.abc import Callable, Container
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Any

from aiohttp import web

from helpers.core.errors import KitError, Unreachable
from helpers.failures import known
from helpers.web.serving import Answer, Handler, Request, serving

Around = Callable[[], AbstractAsyncContextManager[Any]]
Names = Callable[[], Container[str]]

OTHER_NAME = "This server has another name.\n"
_PATIENCE = 5.0  # seconds for a start or a stop; both take milliseconds
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_PORT = re.compile(r"\.?(:[0-9]*)?$")  # what may follow a name in Host


class PortTaken(KitError):
    pass


class Server:
    """``start`` twice returns the running one; ``stop`` frees the port.

    A page of anybody's may point its own name to this machine. So a request for another host than loopback
    and the server's own ``names``, in lower case, is refused. ``around`` is entered in the server's event
    loop before the first request and left after the last. Other users of this machine are hung up on, unless
    the server is to be ``open_to_all``.

    Raises:
        PortTaken: another program has the wanted port.
        Unreachable: the application failed while it started.
    """

    def __init__(
        self,
        app: Handler,
        port: int = 0,
        *,
        open_to_all: bool = False,
        names: Names = tuple,
        around: Around = nullcontext,
    ) -> None:
        self.app, self.open_to_all, self._around = app, open_to_all, around
        self._names = names
        self.wanted_port = port
        self.port = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._settled = threading.Event()
        self._started = False
        self._end: Callable[[], object] = lambda: None
        self._settle: Callable[[], object] = lambda: None

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
        self._settled.clear()
        self._started = False
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name=f"serve-{self.port}", daemon=True
        )
        self._thread.start()
        if not self._settled.wait(_PATIENCE) or not self._started:
            self._stop()
            raise Unreachable(f"The kit's own server on port {self.port} did not start")

    def _run(self, listener: socket.socket) -> None:
        with listener, suppress(Exception):  # whoever starts it is told that it did not
            asyncio.run(self._serve(listener))
        self._settled.set()

    async def _serve(self, listener: socket.socket) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        self._end = lambda: loop.call_soon_threadsafe(ended.set)
        async with self._around(), serving(listener, self._answer, open_to_all=self.open_to_all) as settled:
            self._settle = lambda: asyncio.run_coroutine_threadsafe(settled(), loop).result(_PATIENCE)
            self._started = True
            self._settled.set()
            await ended.wait()

    async def _answer(self, request: Request) -> web.StreamResponse:
        host = _PORT.sub("", request.headers.get("Host", "")).lower()
        if host not in _LOOPBACK and host not in self._names():
            return Answer(text=OTHER_NAME, status=421)
        return await self.app(request)

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
        with suppress(RuntimeError):  # its loop is closed: it has ended
            self._end()

    def settle(self) -> None:
        """Let what is under way come to its end, for as long as a stop would: the port is still ours."""
        if self.running:
            with suppress(RuntimeError, TimeoutError):  # it ends already
                self._settle()

    def stop(self) -> None:
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._thread:
            self.end()
            self._thread.join(_PATIENCE)
        self._thread = None
