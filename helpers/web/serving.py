"""Requests of one listening socket, answered in the running event loop: bounded, and silent about itself."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

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

IDLE = 15.0  # seconds for a request's head, and between two requests of one connection
_GRACE = 1.0  # seconds for requests under way when the server stops
_QUIET = 0.2  # seconds in which nobody was answered; the next request of a page takes a few ms
_TICK = 0.005  # seconds between two looks at what is under way
_TURNS = 3  # of the event loop, from a client's acceptance to its connection
_MOST_CONNECTIONS = 1000
_MOST_FIELD = 16 * 1024  # bytes of the request line, and of one header
_MOST_HEADERS = 100
_BACKLOG = 512

_SILENT = logging.getLogger(__name__)
_SILENT.setLevel(logging.CRITICAL + 1)  # the logging of this process is its owner's


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

    answering = _Answering(app)
    # Whoever hangs up ends the work that was begun for him.
    connections = web.Server(answering, request_factory=made, handler_cancellation=True)  # type: ignore
    listening = await loop.create_server(
        lambda: _Connection(connections, loop, open_to_all), sock=listener, backlog=_BACKLOG
    )

    async def settled() -> None:
        stopping.set()
        await answering.come_to_rest(connections)

    try:
        yield settled
    finally:
        stopping.set()
        try:
            await _accepted(listener)
        finally:
            listening.close()
        connections.pre_shutdown()  # else each idle connection would be waited for
        await connections.shutdown(_GRACE)


async def _accepted(listener: socket.socket) -> None:
    """Whoever asyncio has let in is one of the connections, and nobody comes any more.

    If its server closed before that, it would lose them, open.
    """
    with suppress(NotImplementedError):  # Windows accepts in a way of its own
        asyncio.get_running_loop().remove_reader(listener)
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class _Answering:
    """The application, and when it answered somebody last."""

    def __init__(self, app: Handler) -> None:
        self._app, self._latest = app, 0.0

    async def __call__(self, request: Request) -> web.StreamResponse:
        try:
            return await self._app(request)
        finally:
            self._latest = asyncio.get_running_loop().time()

    async def come_to_rest(self, connections: web.Server) -> None:
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                # A browser that has just been sent elsewhere asks again.
                while loop.time() - self._latest < _QUIET or any(map(_is_busy, connections.connections)):
                    await asyncio.sleep(_TICK)


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
