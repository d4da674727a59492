"""Pass one request on to an upstream and its answer back, as they come and byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from helpers.core.masking import Secret
from helpers.core.urls import parsed
from helpers.failures import Failure
from helpers.gateway.headers import Pairs, request_head, secured, signed_by_strapi, told
from helpers.gateway.relay import relay
from helpers.gateway.request_body import Body, Stalled
from helpers.gateway.upstream import Connection, Crowded, Head, Pool, Unreached
from helpers.web.answers import refusal, text
from helpers.web.pages import failure_page
from helpers.web.serving import Request

PATIENCE = 120.0  # seconds between two signs of life of an upstream; dev servers build on the first request
_MOST_BODIES = 50  # longer ones under way to one upstream; the other connections are for everybody else

_ROOM_PATIENCE = 5.0  # seconds for one of them
CROWDED = "Too many requests are open at once. Try again in a moment.\n"


class Upstream:
    """A server behind the gateway; ``async with`` holds the connections to it.

    ``failure`` tells what it means when it does not answer; it is asked only then, because the catalogue of
    failures takes memory and time. With ``own_host`` the upstream sees its own name as
    ``Host``, because dev servers refuse every other; Strapi is to see the public one.
    """

    def __init__(
        self,
        name: str,
        origin: str,
        failure: Callable[[], Failure],
        *,
        own_host: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        self.name, self.origin, self._failure = name, origin, failure
        self.pool = Pool(origin, patience)
        self.own_host = own_host
        self.conversations = 0  # by websocket
        self._netloc = parsed(origin).netloc.encode()

    async def __aenter__(self) -> Upstream:
        await self.pool.__aenter__()
        self._bodies = asyncio.Semaphore(_MOST_BODIES)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.__aexit__()

    async def forward(self, request: Request, public: str) -> web.StreamResponse:
        """``public`` is the origin under which the client sees us, empty if only the client knows."""
        try:
            body = Body(request)
            if not body.complete:
                await body.begin(self._bodies.locked)
            if body.complete:
                return await self._exchange(request, body, public)
            async with _soon(self._bodies):
                return await self._exchange(request, body, public)
        except Stalled:
            answer: web.StreamResponse = text("The body did not arrive in time.\n", 408)
            answer.force_close()  # the rest of it would be taken for a request
            return answer
        except Crowded:
            return text(CROWDED, 503)
        except Unreached as error:
            if seen := request.seen:
                seen.reached = False
            return self.own_answer(request, error)

    async def _exchange(self, request: Request, body: Body, public: str) -> web.StreamResponse:
        head = request_head(request, self.headers(request, public))
        async with self.pool.connection() as connection:
            connection.expect(bodiless=request.method == "HEAD")
            connection.send(head + body.first)
            if body.complete:
                return await self.answer(request, _kept(await connection.head(), public), connection)
            sending = asyncio.create_task(body.pass_on(connection))
            try:
                answer = await _first(connection.head(), sending)
                return await self.answer(request, _kept(answer, public), connection)
            finally:
                if not sending.done():  # some answer before they have it all
                    connection.protocol.force_close()
                    sending.cancel()
                with suppress(Exception, asyncio.CancelledError):
                    await sending

    async def answer(self, request: Request, head: Head, connection: Connection) -> web.StreamResponse:
        if self.own_host and signed_by_strapi(head.headers):
            connection.protocol.force_close()
            return closed()
        if not 200 <= head.status <= 599:
            raise Unreached(spoke=True)
        return await relay(request, head)

    def headers(self, request: Request, public: str) -> Pairs:
        """What the upstream is told; ``public`` as in ``forward``."""
        return told(request, self._netloc if self.own_host else b"", public)

    def own_answer(self, request: Request, error: Unreached) -> web.StreamResponse:
        status, seen = 502, f"{self.name} does not answer at {self.origin}."
        if error.silent:
            status, seen = 504, f"{self.name} at {self.origin} took the request but did not answer in time."
        elif error.spoke:
            seen = (
                f"What listens at {self.origin} hung up or does not speak HTTP. {self.name} should be there."
            )
        failure = self._failure()
        if "text/html" in request.headers.get("Accept", ""):
            return failure_page(status, seen, failure)
        details = {"failure": failure.id, "fix": failure.fix}
        name = "Timeout" if error.silent else "NoAnswer"
        return refusal(status, name, seen, details)

    async def status_of(self, path: str, token: Secret, seconds: float) -> int | None:
        """The status of a GET with this bearer token; None if there is no answer in time."""
        host = self._netloc.decode()
        lines = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token.reveal()}"
        try:
            async with asyncio.timeout(seconds), self.pool.connection() as connection:
                connection.expect(bodiless=False)
                connection.send(lines.encode() + b"\r\n\r\n")
                answer = await connection.head()
                connection.protocol.force_close()
                return answer.status
        except (Unreached, Crowded, TimeoutError, UnicodeError):
            return None


@asynccontextmanager
async def _soon(room: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_ROOM_PATIENCE):
            await room.acquire()
    except TimeoutError:
        raise Crowded from None
    try:
        yield
    finally:
        room.release()


def _kept(head: Head, public: str) -> Head:
    return head._replace(headers=secured(head.headers, public))


async def _first(answer: Coroutine[Any, Any, Head], sending: asyncio.Task[None]) -> Head:
    """The answer, or what went wrong with the body if that comes first."""
    reading = asyncio.create_task(answer)
    try:
        done, _ = await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
        if reading not in done and (error := sending.exception()):
            raise error
        return await reading
    finally:
        reading.cancel()


def closed() -> web.StreamResponse:
    """The refusal of what is nobody's business on the internet."""
    return text(
        "Closed: the admin panel and a dev server's own tools are not reachable from the internet.\n"
        "On the computer where Strapi runs the admin panel is at http://localhost:1337/admin\n",
        404,
    )
