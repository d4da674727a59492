"""A person's own browser in the rehearsal: a loopback address for each of its hosts.

A browser that is told ``https://www.instagram.com`` goes there. So each host gets a twin, a reverse proxy
on ``http://127.0.0.1:<port>`` which speaks to it under its true name, and which leads every link and
redirect to the twin of its target. Only whole addresses are led astray: a ``redirect_uri`` inside a
query is what a login is compared by, and stays as it is.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from aiohttp import web

from helpers.gateway.headers import Pairs, end_to_end, request_head
from helpers.gateway.relay import relay
from helpers.gateway.upstream import Crowded, Head, Pool, Unreached
from helpers.web.answers import Answer, text
from helpers.web.server import Server
from helpers.web.serving import Request

_ORIGIN = r"https?://([\w.-]+(?::\d+)?)(?=[/?#\"'`;\s]|$)"
_ANYWHERE = re.compile(_ORIGIN)
_AT_START = re.compile("^" + _ORIGIN)
_QUOTED = re.compile("(?<=[\"'`])" + _ORIGIN)
_NAMES_ORIGINS = {
    b"location": _AT_START,
    b"access-control-allow-origin": _AT_START,
    b"content-security-policy": _ANYWHERE,
}
_OWN = {b"host", b"accept-encoding", b"content-length", b"cookie", b"origin", b"referer"}
_PATIENCE = 60.0  # seconds between two pieces of an answer


class Tabs:
    """The twins, by host; they are made together, because a page of one may lead to any other.

    ``origin_of`` says where a host is served, if anywhere; ``said_for`` what is said where it is not.
    """

    def __init__(
        self, origin_of: Callable[[str], str | None], said_for: Callable[[str], Answer | None]
    ) -> None:
        self.origin_of, self.said_for = origin_of, said_for
        self._servers: dict[str, Server] = {}
        self._lock = threading.Lock()

    def url(self, url: str, host: str, hosts: Iterable[str]) -> str:
        with self._lock:
            for each in hosts:
                if each not in self._servers:
                    self._servers[each] = Server(_Twin(each, self)).start()
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


class _Twin:
    """One host's reverse proxy. It keeps no cookies, follows no redirects and changes no query."""

    def __init__(self, host: str, tabs: Tabs) -> None:
        self._host, self._tabs = host, tabs
        # A browser has one cookie jar for all ports of 127.0.0.1; only what this host gave it comes back.
        self._cookies: set[bytes] = set()

    async def __call__(self, request: Request) -> web.StreamResponse:
        origin = self._tabs.origin_of(self._host)
        body = await request.read()
        asked = request_head(request, self._headers(request, len(body))) + body
        try:
            if origin is None:
                raise Unreached
            async with Pool(origin, _PATIENCE) as pool, pool.connection() as connection:
                connection.expect(bodiless=request.method == "HEAD")
                connection.send(asked)
                return await self._answer(request, await connection.head())
        except (Unreached, Crowded):
            if said := self._tabs.said_for(self._host):
                return said
            return text(f"{self._host} does not answer in the rehearsal.\n", 502)

    def _headers(self, request: Request, size: int) -> Pairs:
        given = end_to_end(request.raw_headers)
        headers = [(name, value) for name, value in given if name.lower() not in _OWN]
        for name in ("Origin", "Referer"):
            if name in request.headers:
                headers.append((name.encode(), self._tabs.true_address(request.headers[name]).encode()))
        cookies = b"; ".join(value for name, value in given if name.lower() == b"cookie").split(b"; ")
        mine = [cookie for cookie in cookies if cookie.partition(b"=")[0] in self._cookies]
        if mine:
            headers.append((b"Cookie", b"; ".join(mine)))
        if size:
            headers.append((b"Content-Length", b"%d" % size))
        return [(b"Host", self._host.encode()), (b"Accept-Encoding", b"identity"), *headers]

    async def _answer(self, request: Request, head: Head) -> web.StreamResponse:
        # Raw and one by one: several Set-Cookie headers must stay several.
        led = [(name, self._led(name.lower(), value)) for name, value in end_to_end(head.headers)]
        kind = b"".join(value for name, value in led if name.lower() == b"content-type")
        if not kind.startswith(b"text/html"):
            return await relay(request, head._replace(headers=tuple(led)))
        found = (await head.body.read()).decode("utf-8", "replace")
        page = Answer(body=self._tabs.lead(_QUOTED, found).encode(), status=head.status)
        for name, value in led:
            if name.lower() != b"content-length":
                page.headers.add(name.decode(), value.decode("utf-8", "surrogateescape"))
        return page

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
