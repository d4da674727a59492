"""The one client that looks at a deployed setup: at two hosts, a few requests, no redirects, no cookies."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx

from helpers.core.errors import InputError
from helpers.web import way_out

MOST_REQUESTS = 40  # a run
PATIENCE = 4.0  # seconds for one answer
_PORTS = {"http": 80, "https": 443}

Resolved = dict[tuple[str, int], str]


def client(
    hosts: Iterable[str],
    *,
    resolve: Mapping[tuple[str, int], str] | None = None,
    cacert: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """A client that reaches ``hosts`` and nobody else, ``MOST_REQUESTS`` times at most.

    Args:
        resolve: which address serves a host and port, as curl's ``--resolve`` says it.
        cacert: the only certificate authority to trust, as curl's ``--cacert``.
        transport: how requests travel instead, as in a rehearsal.

    Raises:
        InputError: ``cacert`` is no certificate, or the environment's proxy cannot be used.
    """
    return way_out.outward(
        **dialling(resolve or {}, cacert),
        transport=transport,
        timeout=PATIENCE,
        headers={"User-Agent": "instagram-login-kit golive"},
        event_hooks={"request": [_bounded(frozenset(hosts))]},
    )


def dialling(resolve: Mapping[tuple[str, int], str], cacert: Path | None) -> dict[str, Any]:
    """What makes any client of httpx go to these addresses and trust these authorities.

    Raises:
        InputError: ``cacert`` is no certificate.
    """
    trusted = _trusted(cacert)
    mounts = {
        f"all://{host}": _Resolving(httpx.HTTPTransport(verify=trusted), resolve) for host, _ in resolve
    }
    return {"verify": trusted, "mounts": mounts}


def resolved(given: Iterable[str]) -> Resolved:
    """What ``HOST:PORT:ADDRESS`` says, as curl takes it.

    Raises:
        InputError: one of them has another form.
    """
    found: Resolved = {}
    for each in given:
        host, _, rest = each.partition(":")
        port, _, address = rest.partition(":")
        try:
            number = str(ipaddress.ip_address(address.strip("[]")))
            found[host.lower(), int(port)] = number
        except ValueError:
            raise InputError(
                f"--resolve takes HOST:PORT:ADDRESS, such as www.example.com:443:203.0.113.7, not {each}"
            ) from None
    return found


def _trusted(cacert: Path | None) -> ssl.SSLContext:
    if cacert is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=str(cacert))
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"--cacert: {cacert} is no file of certificates (PEM): {error}") from None


def _bounded(hosts: frozenset[str]) -> Callable[[httpx.Request], None]:
    lock, asked = threading.Lock(), 0

    def hook(request: httpx.Request) -> None:
        nonlocal asked
        if request.url.host not in hosts:
            raise httpx.UnsupportedProtocol(
                f"{request.url.host} is not one of the two hosts", request=request
            )
        with lock:
            asked += 1
            if asked > MOST_REQUESTS:
                raise httpx.UnsupportedProtocol(f"{MOST_REQUESTS} requests are enough", request=request)

    return hook


class _Resolving(httpx.BaseTransport):
    """Dials another address; name, Host header and certificate stay those of the URL."""

    def __init__(self, inner: httpx.HTTPTransport, resolve: Mapping[tuple[str, int], str]) -> None:
        self._inner, self._resolve = inner, resolve

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        address = self._resolve.get((url.host, url.port or _PORTS[url.scheme]))
        if address:
            extensions = {**request.extensions, "sni_hostname": url.host}
            request = httpx.Request(
                request.method,
                url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions=extensions,
            )
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()
