"""Pass a websocket on to an upstream: what one side says, down to its last word, the other side hears.

Frames pass as they are. They are told apart only to hear what a browser says to a dev server, and to end a
conversation with a word that the protocol knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from helpers.gateway.closed import may_say
from helpers.gateway.forward import CROWDED, Upstream
from helpers.gateway.frames import CLOSE, HEARD, Frame, Side
from helpers.gateway.headers import end_to_end, head, request_head
from helpers.gateway.relay import Passed
from helpers.gateway.upstream import Connection, Head, Unreached, send
from helpers.web.answers import text
from helpers.web.serving import Request

_DIALLING = 10.0  # seconds until the upstream must have accepted
_LEAVING = 1.0  # seconds for an upstream to say goodbye too; the gateway's stop must not wait for it
_MOST = 100  # conversations with one upstream; a page has one
_RESTART, _BAD_GATEWAY, _TOO_BIG = 1012, 1014, 1009
_PassOn = Callable[..., Coroutine[Any, Any, None]]  # from one side to the other
# Nothing is packed: what a browser says could not be read on its way.
_NOT_OFFERED = {b"sec-websocket-extensions"}


async def forward(
    upstream: Upstream, request: Request, public: str, *, listens: bool = True
) -> web.StreamResponse:
    """The browser is accepted only when the upstream has accepted; a refusal reaches it as it is.

    Who does not listen passes on whatever the two have agreed to speak.
    """
    if "#" in request.raw_path:
        return text("Ask for a path without a fragment.\n", 400)
    if upstream.conversations >= _MOST:
        return text(CROWDED, 503)
    upstream.conversations += 1
    try:
        return await _forward(upstream, request, public, listens)
    finally:
        upstream.conversations -= 1


async def _forward(upstream: Upstream, request: Request, public: str, listens: bool) -> web.StreamResponse:
    try:
        connection = await upstream.pool.dial()
    except Unreached as error:
        return upstream.own_answer(request, error)
    try:
        async with asyncio.timeout(_DIALLING):
            answer = await _shake_hands(upstream, request, public if listens else None, connection)
        if answer.status != 101:
            return await upstream.answer(request, answer, connection)
        if listens and not any(name.lower() == b"sec-websocket-accept" for name, _ in answer.headers):
            raise Unreached(spoke=True)
        await _accept(request, answer, listens)
        await _converse(request, connection, _pass_on if listens else _pass_all)
    except TimeoutError:
        return upstream.own_answer(request, Unreached(silent=True))
    except Unreached as error:
        return upstream.own_answer(request, error)
    finally:
        connection.close()
    return Passed(keep_alive=False)


async def _shake_hands(
    upstream: Upstream, request: Request, public: str | None, connection: Connection
) -> Head:
    """``public`` is None where nothing is to be changed."""
    told = upstream.headers(request, public or "")
    if public is not None:
        told = [
            (name, _origin(upstream, value, request, public) if name.lower() == b"origin" else value)
            for name, value in told
            if name.lower() not in _NOT_OFFERED
        ]
    told += [(b"connection", b"Upgrade"), (b"upgrade", request.headers["Upgrade"].encode())]
    connection.expect(bodiless=False)
    connection.send(request_head(request, told))
    return await connection.head()


def _origin(upstream: Upstream, origin: bytes, request: Request, public: str) -> bytes:
    """Our own page's origin becomes the dev server's; of any other page's it shall judge itself.

    Browsers let every page open a websocket to everywhere: only this header tells them apart.
    """
    ours = public or f"http://{request.headers.get('Host', '')}"
    return upstream.origin.encode() if origin == ours.encode() else origin


async def _accept(request: Request, answer: Head, listens: bool) -> None:
    dropped = _NOT_OFFERED if listens else ()
    kept = [pair for pair in end_to_end(answer.headers) if pair[0].lower() not in dropped]
    kept += [(b"Connection", b"Upgrade"), (b"Upgrade", request.headers["Upgrade"].encode())]
    await send(request.protocol, head(b"HTTP/1.1 101 Switching Protocols", kept))


async def _converse(request: Request, connection: Connection, pass_on: _PassOn) -> None:
    browser, server = Side(request.protocol, HEARD), Side(connection.protocol)
    request.protocol.set_parser(browser)  # type: ignore[arg-type]  # it needs to be fed, no more
    connection.protocol.set_parser(server, browser)
    gone = asyncio.ensure_future(connection.protocol.closed or asyncio.sleep(0))
    gone.add_done_callback(lambda _: server.feed_eof())
    both = {
        asyncio.create_task(pass_on(browser, server, heard=True)),
        asyncio.create_task(pass_on(server, browser, heard=False)),
    }
    stopping = asyncio.create_task(request.stopping.wait())
    try:
        await asyncio.wait({*both, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.done():
            server.leave(_RESTART, masked=True)
            browser.leave(_RESTART, masked=False)
        # The other side has its last word, too.
        await asyncio.wait(both, timeout=_LEAVING)
    except asyncio.CancelledError:
        server.leave(_BAD_GATEWAY, masked=True)  # the browser is gone
        raise
    finally:
        gone.cancel()
        for task in (*both, stopping):
            task.cancel()
        await asyncio.gather(*both, stopping, return_exceptions=True)


async def _pass_on(source: Side, target: Side, *, heard: bool) -> None:
    message: list[Frame] = []
    size = 0  # kept along: to add up all frames at each would cost the square of how many there are
    async for frame in source.frames():
        if frame.opcode >= CLOSE or not heard:
            await target.write(frame.raw)
            if frame.opcode == CLOSE:
                target.left = True
                return
            continue
        message.append(frame)
        size += len(frame.raw)
        source.too_big = size > source.most  # however small its pieces are
        if source.too_big:
            break
        if frame.last:
            if may_say(b"".join(each.payload for each in message)):
                await target.write(b"".join(each.raw for each in message))
            message, size = [], 0
    code = _TOO_BIG if source.too_big else _BAD_GATEWAY
    target.leave(code, masked=heard)
    if source.too_big:
        source.leave(code, masked=not heard)


async def _pass_all(source: Side, target: Side, *, heard: bool) -> None:
    target.left = True  # what the two say at the end is their business
    async for piece in source.pieces():
        await target.write(piece)
