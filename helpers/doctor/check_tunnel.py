"""The tunnel from both its ends: what it said here, and what the world sees at its address."""

from __future__ import annotations

from helpers.core.errors import KitError, TunnelError
from helpers.doctor.measurements import TUNNEL, Finding, NotYet, Visit
from helpers.failures import known
from helpers.gateway.app import HELLO
from helpers.tunnel import proof as tunnels

_MOVED = "can't bind default web address"  # the agent's own words, when another one has port 4040


def tunnel(visit: Visit) -> str | Finding:
    kit, door = visit.kit, visit.kit.door
    if door.is_open:
        return _moved(door.tunnel, kit.public_url) or f"{kit.public_url} is open"
    if door.tunnel:
        raise TunnelError("The tunnel was open, but its agent has ended", failure=known.TUNNEL_OFFLINE)
    if door.trouble:
        raise door.trouble
    if visit.door():
        return "Another notebook holds the tunnel open"
    if left := door.left_behind():
        raise KitError(
            f"{left} was open, but the kernel that held it is gone", failure=known.TUNNEL_GONE_AFTER_RESTART
        )
    raise NotYet(TUNNEL)


def _moved(tunnel: object, public: str) -> Finding | None:
    line = next((line for line in getattr(tunnel, "log", []) if _MOVED in line), None)
    others = "another ngrok agent runs on this computer, such as an open notebook's"
    return Finding(f"{public} is open; {others}", known.INSPECTOR_PORT_TAKEN) if line else None


def public_address(visit: Visit) -> str | Finding:
    door = visit.open_door()
    seen = tunnels.confirm(visit.kit.http, door.public, HELLO, door.nonce, door.gateway)
    whose = "this notebook's" if visit.kit.door.is_open else "another notebook's"
    told = f"{door.public} leads to {whose} gateway"
    if seen.interstitial:
        return Finding(
            f"{told}; browsers see ngrok's warning page once, press Visit Site", known.NGROK_WARNING_PAGE
        )
    return told
