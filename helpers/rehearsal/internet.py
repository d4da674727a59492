"""The rehearsal's internet: the real host names, all of them served on this machine, and no other.

Requests keep their ``https`` URLs, so that Secure cookies and https redirect URIs behave as they will in
earnest; only the last step, the dialling, leads to a loopback port instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from helpers.rehearsal.browser_tabs import Tabs
from helpers.rehearsal.ngrok.pages import error_page
from helpers.web.answers import Answer

Port = int | Callable[[], int | None]  # None: whoever serves the host is gone

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# Idle connections end well before the five seconds after which the servers here hang up by themselves.
_LIMITS = httpx.Limits(max_keepalive_connections=20, keepalive_expiry=2)


class Internet:
    """Which port serves which host; ``localhost:3000`` is a host of its own, ``http://name`` its port 80."""

    def __init__(self) -> None:
        self._ports: dict[str, Port] = {}
        # Everything is plain HTTP on this machine, so no certificates are loaded.
        self._pool = httpx.HTTPTransport(verify=False, trust_env=False, limits=_LIMITS)
        self._tabs = Tabs(self._origin_of, _offline_page)

    def add(self, host: str, port: Port) -> None:
        """``port`` may be a function, asked at every request; it answers None when nobody serves."""
        self._ports[host.lower()] = port

    def names(self) -> set[str]:
        """All hosts, without their ports."""
        return {host.partition(":")[0] for host in list(self._ports)}

    def remove(self, host: str) -> None:
        self._ports.pop(host.lower(), None)
        self._tabs.close(host.lower())

    def transport(self) -> httpx.BaseTransport:
        """For any number of clients and threads; they share one pool of connections."""
        return _Transport(self, self._pool)

    def tab_url(self, url: str) -> str:
        """The same address for a real browser, where these names would lead out into the world.

        Raises:
            httpx.ConnectError: the host is not part of the rehearsal.
        """
        parsed = httpx.URL(url)
        host = _netloc(parsed)
        if host in self._ports:
            return self._tabs.url(url, host, list(self._ports))
        if parsed.host in _LOOPBACK:
            return url
        raise _unknown(host)

    def close(self) -> None:
        """End the browser tabs' servers and all idle connections."""
        self._tabs.close()
        self._pool.close()

    def _origin_of(self, host: str) -> str | None:
        number = self._port(host)
        return None if number is None else f"http://127.0.0.1:{number}"

    def _port(self, host: str) -> int | None:
        port = self._ports.get(host)
        return port() if callable(port) else port

    def readdress(self, request: httpx.Request) -> httpx.Request:
        """The request as it is, ``Host`` header included, but dialled on this machine."""
        host = _netloc(request.url)
        if host not in self._ports and request.url.host in _LOOPBACK:
            return request
        plain = f"{request.url.scheme}://{host}"
        number = self._port(plain if plain in self._ports else host)
        if number is None:
            raise _unknown(host)
        return httpx.Request(
            request.method,
            request.url.copy_with(scheme="http", host="127.0.0.1", port=number),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )


class _Transport(httpx.BaseTransport):
    def __init__(self, internet: Internet, pool: httpx.HTTPTransport) -> None:
        self._internet, self._pool = internet, pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._pool.handle_request(self._internet.readdress(request))
        except httpx.ConnectError:
            if page := _offline_page(request.url.host):
                body = bytes(page.body or b"")  # type: ignore[arg-type]  # no payload
                headers = {**page.headers, "content-length": str(len(body))}
                # As a stream, like every answer of a transport: whoever passes it on reads it raw.
                return httpx.Response(page.status, headers=headers, stream=httpx.ByteStream(body))
            raise


def _netloc(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


def _unknown(host: str) -> httpx.ConnectError:
    return httpx.ConnectError(f"there is no {host} in the rehearsal")


def _offline_page(host: str) -> Answer | None:
    """What ngrok's edge says for a name without an agent: https://ngrok.com/docs/errors/err_ngrok_3200"""
    at_ngrok = re.search(r"\.ngrok(-free)?\.(app|dev|io|pizza|pro)$", host)
    return error_page("3200", host) if at_ngrok else None
