"""Gateway and tunnel as one thing that is open or closed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx

from helpers.core.errors import KitError, Stopped
from helpers.gateway.app import HELLO, Gateway
from helpers.web import port_holder
from helpers.web.deadline import fetch
from helpers.web.server import PortTaken

_PATIENCE = 3.0  # seconds for a gateway on this machine to say who it is
_MOST = 100  # bytes of such an answer


class Seen(NamedTuple):
    """An open address: its origin, what it answers to be recognised, its gateway, and whose that is."""

    public: str
    nonce: str
    gateway: str
    holder: str


class Tunnel(Protocol):
    @property
    def alive(self) -> bool: ...
    def start(self, upstream: str, cancelled: threading.Event | None = None) -> str: ...
    def stop(self) -> None: ...


class PublicAddress:
    """``trouble`` is why the last try to open it failed, ``closed_for`` why nobody but us has closed it."""

    def __init__(self, gateway: Gateway, new_tunnel: Callable[[], Tunnel]) -> None:
        self.gateway, self._new_tunnel = gateway, new_tunnel
        self.tunnel: Tunnel | None = None
        self.trouble: KitError | None = None
        self.closed_for = ""
        self._lock = threading.RLock()  # two forms may want to open it at once

    @property
    def is_open(self) -> bool:
        return bool(self.gateway.running and self.tunnel and self.tunnel.alive and self.gateway.public)

    def open(self, cancelled: threading.Event | None = None) -> str:
        """The public origin; a second call returns the open one.

        Raises:
            KitError: the tunnel or the gateway's port cannot be had; then nothing is left running.
        """
        with self._lock:
            if self.is_open:
                return self.gateway.public
            self.close()
            self.trouble = None
            try:
                tunnel = self._new_tunnel()
                self._listen()
                self.tunnel = tunnel
                self.gateway.public = tunnel.start(self.gateway.url, cancelled)
            except BaseException as error:
                if isinstance(error, KitError) and not isinstance(error, Stopped):
                    self.trouble = error
                self.close()
                raise
            return self.gateway.public

    def close(self, why: str = "") -> None:
        with self._lock:
            if self.tunnel:
                self.gateway.settle()  # a login is told before its last answer has crossed the tunnel
                self.tunnel.stop()
                self.tunnel = None
            self.gateway.stop()
            self.gateway.public = ""
            self.closed_for = why

    def seen(self, http: httpx.Client, elsewhere: tuple[str, str] | None = None) -> Seen | None:
        """The open address: ours, its tunnel dead or alive, or that of the gateway ``elsewhere``.

        ``elsewhere`` is a public origin and the address on this machine to which its tunnel leads.
        """
        if self.gateway.running and self.gateway.public:
            return Seen(self.gateway.public, self.gateway.nonce, self.gateway.url, "")
        if elsewhere is None:
            return None
        public, gateway = elsewhere
        try:
            request = http.build_request("GET", gateway + HELLO, timeout=_PATIENCE)
            answer = fetch(http, request, seconds=_PATIENCE, most=_MOST)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        held = port_holder.holder(urlsplit(gateway).port or 0)
        if answer.status != 200 or not answer.whole or held is None:
            return None
        return Seen(public, answer.text, gateway, port_holder.told(held))

    def _listen(self) -> None:
        try:
            self.gateway.start()
        except PortTaken as error:
            held = port_holder.holder(self.gateway.wanted_port)
            if held is None or "notebook" not in (whose := port_holder.told(held)):
                raise
            # Nothing is broken: the reader has two of them.
            raise PortTaken(
                f"Port {self.gateway.wanted_port} is held by {whose}",
                fix=("Log in there, or press Stop there (step 1.1) and try again.",),
            ) from error
