"""A public address that the reader brings."""

from __future__ import annotations

from helpers.tunnel.own import BroughtTunnel
from tests.support.tunnels import (
    UPSTREAM,
)


def test_a_brought_tunnel_is_taken_at_its_word() -> None:
    brought = BroughtTunnel("https://mine.example/")
    assert not brought.alive
    assert brought.start(UPSTREAM) == brought.start() == "https://mine.example"
    assert brought.alive
    brought.stop()
    assert not brought.alive
