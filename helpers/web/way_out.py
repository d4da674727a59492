"""A client for this machine and the internet, by whatever proxy the environment names."""

from __future__ import annotations

import os
import re
from typing import NoReturn

import httpx

_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


def client(timeout: httpx.Timeout) -> httpx.Client:
    """A proxy of the environment leads out, never to this machine."""
    here: dict[str, httpx.BaseTransport | None] = dict.fromkeys(_LOOPBACK)
    try:
        return httpx.Client(timeout=timeout, mounts=here)
    except (ImportError, ValueError, httpx.InvalidURL):  # SOCKS, another scheme, no address
        # A proxy is for the way out: what runs on this machine is reached without it.
        loopback = httpx.HTTPTransport(trust_env=False)
        return httpx.Client(
            timeout=timeout, transport=_Shut(), mounts=dict.fromkeys(_LOOPBACK, loopback), trust_env=False
        )


class _Shut(httpx.BaseTransport):
    """In the place of a proxy that cannot be used."""

    def handle_request(self, request: httpx.Request) -> NoReturn:
        # Names alone: a proxy's address may hold a password.
        names = [name for name in sorted(os.environ) if re.fullmatch(r"(?i)(https?|all|no)_proxy", name)]
        raise httpx.ProxyError(
            f"the proxy of {', '.join(names) or 'this system'} cannot be used: "
            "name an http:// or https:// proxy there, or none",
            request=request,
        )
