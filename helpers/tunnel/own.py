"""A public address that the reader brings."""

from __future__ import annotations

import threading


class BroughtTunnel:
    """A tunnel that somebody else runs: whether it leads here, only ``proof.confirm`` can tell."""

    def __init__(self, public_url: str) -> None:
        self.url = public_url.rstrip("/")
        self.alive = False

    def start(self, upstream: str = "", cancelled: threading.Event | None = None) -> str:
        self.alive = True
        return self.url

    def stop(self) -> None:
        self.alive = False
