"""A person's own browser in the rehearsal: a loopback address for each of its hosts.

A browser that is told ``https://www.instagram.com`` goes there. So each host gets a twin, a reverse proxy
on ``http://127.0.0.1:<port>`` which speaks to it under its true name, and which leads every link and
redirect to the twin of its target. Only whole addresses are led astray: a ``redirect_uri`` inside a
query is what a login is compared by, and stays as it is.
"""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from helpers.web.server import Server

_ORIGIN = r"https?://([\w.-]+(?::\d+)?)(?=[/?#\"'`;\s]|$)"
_ANYWHERE = re.compile(_ORIGIN)
_AT_START = re.compile("^" + _ORIGIN)
_QUOTED = re.compile("(?<=[\"'`])" + _ORIGIN)
_NAMES_ORIGINS = {
    b"location": _AT_START,
    b"access-control-allow-origin": _AT_START,
    b"content-security-policy": _ANYWHERE,
}
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_HOP_BY_HOP = {b"connection", b"content-length", b"keep-alive", b"te", b"transfer-encoding", b"upgrade"}
_OWN = {b"host", b"accept-encoding", b"cookie", b"origin", b"referer"}
_TIMEOUT = {"connect": 5.0, "read": 60.0, "write": 30.0, "pool": 5.0}  # seconds


class Tabs:
    """The twins, by host; they are made together, because a page of one may lead to any other."""

    def __init__(self, transport: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._transport = transport
        self._servers: dict[str, Server] = {}
        self._lock = threading.Lock()

    def url(self, url: str, host: str, hosts: Iterable[str]) -> str:
        with self._lock:
            for each in hosts:
                if each not in self._servers:
                    self._servers[each] = Server(_Twin(each, self).app).start()
            twin = urlsplit(self._servers[host].url)
        return urlsplit(url)._replace(scheme=twin.scheme, netloc=twin.netloc).geturl()

    def close(self, *hosts: str) -> None:
        """End the twins of these hosts, or all of them."""
        with self._lock:
            ended = [self._servers.pop(host, None) for host in hosts or list(self._servers)]
        for server in ended:
            if server:
                server.stop()

    def lead(self, where: re.Pattern[str], text: str) -> str:
        """The text with the addresses of known hosts replaced by those of their twins."""
        servers = self._servers

        def twin(found: re.Match[str]) -> str:
            server = servers.get(found[1].lower())
            return server.url if server else found[0]

        return where.sub(twin, text)

    def true_address(self, text: str) -> str:
        """A twin's address as the servers know it, for ``Origin`` and ``Referer``."""
        for host, server in list(self._servers.items()):
            if re.match(re.escape(server.url) + r"(/|$)", text):
                # Hosts with a port are a developer's own servers, and those speak plain HTTP.
                return ("http" if ":" in host else "https") + "://" + host + text[len(server.url) :]
        return text

    def transport(self) -> httpx.AsyncBaseTransport:
        return self._transport()


class _Twin:
    """One host's reverse proxy. It keeps no cookies, follows no redirects and changes no query."""

    def __init__(self, host: str, tabs: Tabs) -> None:
        self._host, self._tabs = host, tabs
        # A browser has one cookie jar for all ports of 127.0.0.1; only what this host gave it comes back.
        self._cookies: set[bytes] = set()
        self._transport = tabs.transport()
        self.app = Starlette(
            routes=[Route("/{path:path}", self._forward, methods=_METHODS)], lifespan=self._lifespan
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with self._transport:
            yield

    async def _forward(self, request: Request) -> Response:
        path, query = request.scope["raw_path"], request.scope["query_string"]
        outgoing = httpx.Request(
            request.method,
            f"https://{self._host}",
            headers=self._headers(request),
            content=await request.body(),
            # As the browser wrote it: decoding and encoding again would change it.
            extensions={"target": path + (b"?" + query if query else b""), "timeout": _TIMEOUT},
        )
        try:
            answer = await self._transport.handle_async_request(outgoing)
            return await self._answer(answer)
        except httpx.TransportError as error:
            said = f"{self._host} does not answer in the rehearsal ({type(error).__name__}).\n"
            return PlainTextResponse(said, 502)

    def _headers(self, request: Request) -> list[tuple[bytes, bytes]]:
        given = request.scope["headers"]
        headers = [(name, value) for name, value in given if name not in _HOP_BY_HOP | _OWN]
        for name in ("origin", "referer"):
            if name in request.headers:
                headers.append((name.encode(), self._tabs.true_address(request.headers[name]).encode()))
        cookies = b"; ".join(value for name, value in given if name == b"cookie").split(b"; ")
        mine = [cookie for cookie in cookies if cookie.partition(b"=")[0] in self._cookies]
        if mine:
            headers.append((b"cookie", b"; ".join(mine)))
        return [(b"host", self._host.encode()), (b"accept-encoding", b"identity"), *headers]

    async def _answer(self, answer: httpx.Response) -> Response:
        response: Response
        dropped = _HOP_BY_HOP
        if answer.headers.get("content-type", "").startswith("text/html"):
            await answer.aread()
            text = self._tabs.lead(_QUOTED, answer.text)
            response = Response(text.encode(answer.encoding or "utf-8"), answer.status_code)
            dropped = _HOP_BY_HOP | {b"content-encoding"}
        else:
            response = StreamingResponse(_stream(answer), answer.status_code)
        # Raw and one by one: several Set-Cookie headers must stay several.
        response.raw_headers = [
            (name.lower(), self._led(name.lower(), value))
            for name, value in answer.headers.raw
            if name.lower() not in dropped
        ]
        return response

    def _led(self, name: bytes, value: bytes) -> bytes:
        if name == b"set-cookie":
            return self._cookie(value)
        where = _NAMES_ORIGINS.get(name)
        return self._tabs.lead(where, value.decode("latin-1")).encode("latin-1") if where else value

    def _cookie(self, value: bytes) -> bytes:
        """Without what plain HTTP on 127.0.0.1 cannot keep; SameSite=None is nothing without Secure."""
        first, *flags = value.split(b";")
        self._cookies.add(first.partition(b"=")[0].strip())
        kept = [flag for flag in flags if not re.match(rb"\s*(secure|domain|samesite=none)\b", flag, re.I)]
        return b";".join([first, *kept])


async def _stream(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()
