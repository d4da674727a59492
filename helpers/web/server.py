"""A web application on a free loopback port, in a thread that ends with its owner."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Any

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from helpers.core.errors import KitError, Unreachable
from helpers.failures import known
from helpers.web import same_user


class Request(web.BaseRequest):
    """With room for what one handler leaves to the next."""

    parts: Mapping[str, str] = {}  # of the path, by the names in the route's pattern
    session: Any = None  # what a stand-in keeps for one visitor
    seen: Any = None  # what is witnessed of it, and how that is told
    tell: Callable[[], None] = staticmethod(lambda: None)
    stopping: asyncio.Event  # of the server: what would go on for ever ends here


class Answer(web.Response):
    """Without a word about the software that wrote it."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        for name in (hdrs.SERVER, hdrs.DATE, *([] if self.body else [hdrs.CONTENT_TYPE])):
            self.headers.popall(name, None)


Handler = Callable[[Request], Awaitable[web.StreamResponse]]
Around = Callable[[], AbstractAsyncContextManager[Any]]
Names = Callable[[], Container[str]]

OTHER_NAME = "This server has another name.\n"
IDLE = 15.0  # seconds for a request's head, and between two requests of one connection
_PATIENCE = 5.0  # seconds for a start or a stop; both take milliseconds
_GRACE = 1.0  # seconds for requests under way when the server stops
_QUIET = 0.2  # seconds in which nobody was answered; the next request of a page takes a few ms
_TICK = 0.005  # seconds between two looks at what is under way
_MOST_CONNECTIONS = 1000
_MOST_FIELD = 16 * 1024  # bytes of the request line, and of one header
_MOST_HEADERS = 100
_BACKLOG = 512
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_PORT = re.compile(r"\.?(:[0-9]*)?$")  # what may follow a name in Host

_SILENT = logging.getLogger("helpers.web.server")
_SILENT.setLevel(logging.CRITICAL + 1)  # the logging of this process is its owner's


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
            listener.listen(_BACKLOG)
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


@asynccontextmanager
async def serving(
    listener: socket.socket, app: Handler, *, open_to_all: bool = False
) -> AsyncIterator[Callable[[], Coroutine[Any, Any, None]]]:
    """Serve in the running event loop, whatever host is asked for; yields what lets requests end in peace."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def made(*parts: Any) -> Request:
        request = Request(*parts, loop)  # type: ignore
        request.stopping = stopping
        return request

    latest = 0.0  # when somebody was answered

    async def answered(request: Request) -> web.StreamResponse:
        nonlocal latest
        try:
            return await app(request)
        finally:
            latest = loop.time()

    # Whoever hangs up ends the work that was begun for him.
    connections = web.Server(answered, request_factory=made, handler_cancellation=True)  # type: ignore
    listening = await loop.create_server(
        lambda: _Connection(connections, loop, open_to_all), sock=listener, backlog=_BACKLOG
    )

    async def settled() -> None:
        stopping.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                # A browser that has just been sent elsewhere asks again.
                while loop.time() - latest < _QUIET or any(map(_is_busy, connections.connections)):
                    await asyncio.sleep(_TICK)

    try:
        yield settled
    finally:
        listening.close()
        stopping.set()
        connections.pre_shutdown()  # else each idle connection would be waited for
        await connections.shutdown(_GRACE)


def _is_busy(connection: RequestHandler) -> bool:
    return connection._request_in_progress


class _Connection(RequestHandler):
    """One client, if it may have one."""

    __slots__ = ("_open_to_all",)

    def __init__(self, connections: web.Server, loop: asyncio.AbstractEventLoop, open_to_all: bool) -> None:
        super().__init__(
            connections,
            loop=loop,
            keepalive_timeout=IDLE,
            access_log=None,  # type: ignore[arg-type]  # which means none
            logger=_SILENT,
            lingering_time=_GRACE,
            auto_decompress=False,  # bodies are the business of whoever reads them
            max_line_size=_MOST_FIELD,
            max_field_size=_MOST_FIELD,
            max_headers=_MOST_HEADERS,
        )
        self._open_to_all = open_to_all

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        ends = [transport.get_extra_info(name) for name in ("peername", "sockname")]
        crowded = len(self._manager.connections) > _MOST_CONNECTIONS if self._manager else True
        if crowded or not (self._open_to_all or same_user.is_ours(*ends)):
            transport.abort()  # type: ignore[attr-defined]  # a connection's can

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """In a few words: what it was that could not be read is for nobody's eyes."""
        answer = super().handle_error(request, status, exc, None)
        said = "What you sent is no HTTP that is understood here.\n" if status == 400 else "It failed here.\n"
        shown = Answer(text=said, status=answer.status)
        shown.force_close()
        return shown
