"""A client for this machine and the internet, by whatever proxy the environment names."""

from __future__ import annotations

import os
import re
from typing import Any, NoReturn

import httpx

from helpers.core.errors import InputError

_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")
_UNUSABLE = (ImportError, ValueError, httpx.InvalidURL)  # SOCKS, another scheme, no address


def client(timeout: httpx.Timeout) -> httpx.Client:
    """A proxy of the environment leads out, never to this machine."""
    here: dict[str, httpx.BaseTransport | None] = dict.fromkeys(_LOOPBACK)
    try:
        return httpx.Client(timeout=timeout, mounts=here)
    except _UNUSABLE:
        # A proxy is for the way out: what runs on this machine is reached without it.
        loopback = httpx.HTTPTransport(trust_env=False)
        return httpx.Client(
            timeout=timeout, transport=_Shut(), mounts=dict.fromkeys(_LOOPBACK, loopback), trust_env=False
        )


def outward(**how: Any) -> httpx.Client:
    """A client for the internet alone, made ``how`` httpx makes one.

    Raises:
        InputError: the environment's proxy cannot be used.
    """
    try:
        return httpx.Client(**how)
    except _UNUSABLE:
        raise InputError(_said()) from None  # the cause may hold a password


def _said() -> str:
    """Names alone: a proxy's address may hold a password."""
    named = [name for name in sorted(os.environ) if re.fullmatch(r"(?i)(https?|all|no)_proxy", name)]
    names = ", ".join(name for name in named if os.environ[name])
    return (
        f"What {names or 'this system'} says of proxies cannot be used: "
        "name an http:// or https:// proxy there, or none"
    )


class _Shut(httpx.BaseTransport):
    """In the place of a proxy that cannot be used."""

    def handle_request(self, request: httpx.Request) -> NoReturn:
        raise httpx.ProxyError(_said(), request=request)
