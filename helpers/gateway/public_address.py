"""Gateway and tunnel as one thing that is open or closed, and that one notebook holds at a time.

Each notebook has a kernel of its own, but there is one public address and often one fixed port. So the
notebook that opens the door last gets it: it puts up a sign, and whoever held the door before sees that and
lets go.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx

from helpers.core.errors import KitError, Stopped
from helpers.gateway.app import HELLO, Gateway
from helpers.web.deadline import fetch
from helpers.web.server import PortTaken

_LOOK = 0.3  # seconds between two looks at the sign; no event crosses from kernel to kernel
_HANDOVER = 3.0  # seconds for the former holder to let go of the port
_PATIENCE = 3.0  # seconds for a gateway on this machine to say who it is


class Seen(NamedTuple):
    """An open door: its public origin, what it answers to be recognised, its address on this machine."""

    public: str
    nonce: str
    gateway: str


class Tunnel(Protocol):
    @property
    def alive(self) -> bool: ...
    def start(self, upstream: str, cancelled: threading.Event | None = None) -> str: ...
    def stop(self) -> None: ...


class Door:
    """``sign`` is a file that all notebooks of one setup share; ``lost`` is called when another takes it."""

    def __init__(
        self, gateway: Gateway, new_tunnel: Callable[[], Tunnel], sign: Path, lost: Callable[[], None]
    ) -> None:
        self.gateway, self._new_tunnel, self._sign, self._lost = gateway, new_tunnel, sign, lost
        self.tunnel: Tunnel | None = None
        self.trouble: KitError | None = None  # why the last try to open it failed
        self._lock = threading.RLock()  # two forms may want to open it at once
        self._watching: threading.Event | None = None

    @property
    def is_open(self) -> bool:
        return bool(self.gateway.running and self.tunnel and self.tunnel.alive and self.gateway.public)

    def open(self, cancelled: threading.Event | None = None) -> str:
        """The public origin; a second call returns the open door's.

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
                self._put_up()
                self._listen()
                self.tunnel = tunnel
                self.gateway.public = tunnel.start(self.gateway.url, cancelled)
                self._put_up()
            except BaseException as error:
                if isinstance(error, KitError) and not isinstance(error, Stopped):
                    self.trouble = error
                self.close()
                raise
            self._watch()
            return self.gateway.public

    def close(self) -> None:
        with self._lock:
            if self._watching:
                self._watching.set()
                self._watching = None
            if self.tunnel:
                self.tunnel.stop()
                self.tunnel = None
            self.gateway.stop()
            self.gateway.public = ""
            if self._read().get("nonce") == self.gateway.nonce:
                self._sign.unlink(missing_ok=True)

    def seen(self, http: httpx.Client) -> Seen | None:
        """The open door, be it ours or another notebook's.

        A killed kernel leaves its sign behind, so the gateway it names is asked whether it is still there.
        """
        sign = self._read()
        try:
            found = Seen(*(str(sign[name]) for name in Seen._fields))
            request = http.build_request("GET", found.gateway + HELLO, timeout=_PATIENCE)
            answer = fetch(http, request, seconds=_PATIENCE, most=len(found.nonce))
        except (httpx.HTTPError, httpx.InvalidURL, KeyError):
            return None
        return found if answer.text == found.nonce and answer.whole else None

    def left_behind(self) -> str:
        """The public origin on a sign whose kernel was killed; empty if there is none."""
        return str(self._read().get("public", ""))

    def _listen(self) -> None:
        until = time.monotonic() + _HANDOVER
        while True:
            try:
                self.gateway.start()
                return
            except PortTaken:
                if time.monotonic() > until:
                    raise
                time.sleep(_LOOK / 3)

    def _put_up(self) -> None:
        gateway = self.gateway
        sign = {"public": gateway.public, "nonce": gateway.nonce, "gateway": gateway.url}
        written = self._sign.with_suffix(f".{os.getpid()}")
        written.touch(mode=0o600)
        written.write_text(json.dumps(sign), encoding="utf-8")
        written.replace(self._sign)

    def _read(self) -> dict[str, str]:
        try:
            sign = json.loads(self._sign.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return sign if isinstance(sign, dict) else {}

    def _watch(self) -> None:
        self._watching = ended = threading.Event()

        def look() -> None:
            while not ended.wait(_LOOK):
                if self._read().get("nonce", self.gateway.nonce) != self.gateway.nonce:
                    self.close()
                    self._lost()

        threading.Thread(target=look, name="door-sign", daemon=True).start()
