"""The tunnel from both its ends: what it said here, and what the world sees at its address."""

from __future__ import annotations

from helpers.core.errors import KitError, TunnelError
from helpers.doctor.measurements import Finding, NotYet, Visit
from helpers.failures import known
from helpers.gateway.app import HELLO
from helpers.tunnel import ngrok_agent
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
    if seen := visit.door():
        return f"{seen.public} is held open by {seen.holder}"
    if (lease := ngrok_agent.leased(kit.folder)) and not ngrok_agent.runs(lease.kernel):
        address = kit.public_url or "A tunnel"
        told = f"{address} was open, but the kernel that held it is gone"
        raise KitError(told, failure=known.TUNNEL_GONE_AFTER_RESTART)
    raise NotYet(visit.tunnel())


def _moved(tunnel: object, public: str) -> Finding | None:
    line = next((line for line in getattr(tunnel, "log", []) if _MOVED in line), None)
    others = "another ngrok agent runs on this computer, such as an open notebook's"
    return Finding(f"{public} is open; {others}", known.INSPECTOR_PORT_TAKEN) if line else None


def public_address(visit: Visit) -> str | Finding:
    door = visit.open_door()
    seen = tunnels.confirm(visit.kit.http, door.public, HELLO, door.nonce, door.gateway)
    told = f"{door.public} leads to {f'the gateway of {door.holder}' if door.holder else 'this gateway'}"
    if seen.interstitial:
        return Finding(
            f"{told}; browsers see ngrok's warning page once, press Visit Site", known.NGROK_WARNING_PAGE
        )
    return told
