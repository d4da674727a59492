"""Pass a websocket on to an upstream: what one side says, down to its last word, the other side hears."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import httpx
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.frames import Close, CloseCode
from websockets.http11 import Response as Refused
from websockets.typing import Subprotocol

from helpers.gateway.closed import may_say
from helpers.gateway.forward import Upstream, closed, end_to_end, raw_target, signed_by_strapi

LARGEST = 2**24  # bytes of one message; uvicorn's own limit for what a browser sends
_DIALLING = 10.0  # seconds until the upstream must have accepted
_LEAVING = 1.0  # seconds for an upstream to say goodbye too; the gateway's stop must not wait for it
# What a close frame may not carry, because it tells of a connection that ended without one.
_UNSENDABLE = {CloseCode.NO_STATUS_RCVD, CloseCode.ABNORMAL_CLOSURE, CloseCode.TLS_HANDSHAKE}
# Each neighbour has its own handshake, and says for itself who it is and where it comes from.
_HANDSHAKE = {b"host", b"origin", b"sec-websocket-key", b"sec-websocket-version",
              b"sec-websocket-extensions", b"sec-websocket-protocol"}  # fmt: skip

_SILENT = logging.getLogger("helpers.gateway.websocket")
_SILENT.setLevel(logging.CRITICAL)  # whoever debugs another program must not find cookies in its log


class _Dial(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        """Followed, a redirect would let the upstream name any address for us to dial."""
        return exc


async def forward(upstream: Upstream, scope: Scope, receive: Receive, send: Send, public: str) -> None:
    """The browser is accepted only when the upstream has accepted; a refusal reaches it as it is."""
    await receive()  # websocket.connect
    try:
        server = await _dial(upstream, scope, public)
    except InvalidStatus as refused:
        answer = _as_it_is(refused.response)
    except InvalidURI:
        answer = Response("Ask for a path without a fragment.\n", 400)
    except TimeoutError as error:
        answer = upstream.own_answer(scope, httpx.ReadTimeout(str(error)))
    except (WebSocketException, EOFError) as error:
        answer = upstream.own_answer(scope, httpx.RemoteProtocolError(str(error)))
    except OSError as error:
        answer = upstream.own_answer(scope, error)
    else:
        async with server:
            await _converse(server, receive, send)
        return
    await answer(scope, receive, send)


async def _dial(upstream: Upstream, scope: Scope, public: str) -> ClientConnection:
    web = {**scope, "scheme": scope["scheme"].replace("ws", "http")}
    headers = upstream.headers(web, Headers(scope=scope), public)
    passed = [(name.decode(), value.decode("latin-1")) for name, value in headers if name not in _HANDSHAKE]
    secure = upstream.origin.startswith("https:")
    return await _Dial(
        "ws" + upstream.origin.removeprefix("http") + raw_target(scope).decode(),
        additional_headers=passed + _origin(upstream, web, public),
        subprotocols=[Subprotocol(each) for each in scope["subprotocols"]] or None,
        user_agent_header=None,
        compression=None,  # it never leaves this machine
        proxy=None,
        ssl=httpx.create_ssl_context(verify=upstream.verify, trust_env=False) if secure else None,
        open_timeout=_DIALLING,
        close_timeout=_LEAVING,
        max_size=LARGEST,
        logger=_SILENT,
    )


def _origin(upstream: Upstream, scope: Scope, public: str) -> list[tuple[str, str]]:
    """Our own page's origin becomes the dev server's; of any other page's it shall judge itself.

    Browsers let every page open a websocket to everywhere: only this header tells them apart.
    """
    headers = Headers(scope=scope)
    ours = public or f"{scope['scheme']}://{headers.get('host', '')}"
    return [("Origin", upstream.origin if origin == ours else origin) for origin in headers.getlist("origin")]


def _as_it_is(refused: Refused) -> Response:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in refused.headers.raw_items()]
    if signed_by_strapi(raw):
        return closed()
    answer = Response(bytes(refused.body), refused.status_code)
    own = [pair for pair in answer.raw_headers if pair[0] == b"content-length"]
    answer.raw_headers = own + [pair for pair in end_to_end(raw) if pair[0] != b"content-length"]
    return answer


async def _converse(server: ClientConnection, receive: Receive, send: Send) -> None:
    given = server.response.headers.get_all("set-cookie") if server.response else []
    cookies = [(b"set-cookie", each.encode("latin-1")) for each in given]
    await send({"type": "websocket.accept", "subprotocol": server.subprotocol, "headers": cookies})
    async with asyncio.TaskGroup() as both:
        both.create_task(_to_server(server, receive))
        both.create_task(_to_browser(server, send))


async def _to_server(server: ClientConnection, receive: Receive) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        said = message["bytes"] if text is None else text
        try:
            if may_say(said):
                await server.send(said)
        except ConnectionClosed:
            return  # the other direction brings the browser its last word
    last = _sendable(Close(message.get("code", CloseCode.NO_STATUS_RCVD), message.get("reason") or ""))
    await server.close(last.code, last.reason)


async def _to_browser(server: ClientConnection, send: Send) -> None:
    with suppress(OSError):  # the browser is gone; the other direction tells the upstream
        try:
            while True:
                data = await server.recv()
                await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})
        except ConnectionClosed as closed:
            last = _sendable(closed.rcvd or closed.sent or Close(CloseCode.ABNORMAL_CLOSURE, ""))
            await send({"type": "websocket.close", "code": last.code, "reason": last.reason})


def _sendable(last: Close) -> Close:
    if last.code not in _UNSENDABLE:
        return last
    ended = last.code == CloseCode.NO_STATUS_RCVD
    return Close(CloseCode.NORMAL_CLOSURE if ended else CloseCode.BAD_GATEWAY, last.reason)
