"""The tunnel from both its ends: what it said here, and what the world sees at its address."""

from __future__ import annotations

import json
from functools import partial

import httpx

from helpers.core.errors import KitError, TunnelError
from helpers.doctor.measurements import Finding, Measurements, NotYet
from helpers.failures import known
from helpers.gateway.app import HELLO
from helpers.tunnel import ngrok_lease
from helpers.tunnel import proof as tunnels
from helpers.web.deadline import aside, fetch

_PREFIXES = ("", "/strapi", "/backend", "/cms", "/server")
_PAST_NGROKS_WARNING = {"ngrok-skip-browser-warning": "1"}
_PATIENCE, _MOST = 2.0, 4096  # seconds, bytes
_MOVED = "can't bind default web address"  # the agent's own words, when another one has port 4040


def tunnel(measured: Measurements) -> str | Finding:
    kit, address = measured.kit, measured.kit.public_address
    if address.is_open:
        return _moved(address.tunnel, kit.public_url) or f"{kit.public_url} is open"
    if address.tunnel:
        raise TunnelError("The tunnel was open, but its agent has ended", failure=known.TUNNEL_OFFLINE)
    if address.trouble:
        raise address.trouble
    if seen := measured.address():
        return f"{seen.public} is held open by {seen.holder}"
    if (lease := ngrok_lease.leased(kit.folder)) and not ngrok_lease.runs(lease.kernel):
        told = f"{kit.public_url or 'A tunnel'} was open, but the kernel that held it is gone"
        raise KitError(told, failure=known.TUNNEL_GONE_AFTER_RESTART)
    raise NotYet(measured.tunnel())


def _moved(tunnel: object, public: str) -> Finding | None:
    line = next((line for line in getattr(tunnel, "log", []) if _MOVED in line), None)
    others = "another ngrok agent runs on this computer, such as an open notebook's"
    return Finding(f"{public} is open; {others}", known.INSPECTOR_PORT_TAKEN) if line else None


def public_address(measured: Measurements) -> str | Finding:
    address = measured.open_address()
    seen = tunnels.confirm(measured.kit.http, address.public, HELLO, address.nonce, address.gateway)
    if found := _admin_at(measured, address.public):
        raise KitError(
            f"Strapi's admin panel answers the internet at {address.public}{found}",
            evidence=f"{address.public}{found} tells whether Strapi has an administrator",
            fix=(
                "Find what passes that on to Strapi: a proxy in your front end's settings, or your tunnel.",
                "Take it out, or let it pass on /uploads alone, and restart it.",
            ),
        )
    whose = f"the gateway of {address.holder}" if address.holder else "this gateway"
    told = f"{address.public} leads to {whose}"
    if seen.interstitial:
        return Finding(
            f"{told}; browsers see ngrok's warning page once, press Visit Site",
            known.NGROK_WARNING_PAGE,
        )
    return told


def _admin_at(measured: Measurements, public: str) -> str:
    """Where the address shows Strapi's admin panel, under the names by which front ends pass on to it."""
    paths = [f"{prefix}/admin/init" for prefix in _PREFIXES]
    asked = [aside(partial(_is_admin, measured, public + path)) for path in paths]
    return next((path for path, shows in zip(paths, asked, strict=True) if shows.result()), "")


def _is_admin(measured: Measurements, url: str) -> bool:
    request = measured.kit.http.build_request("GET", url, headers=_PAST_NGROKS_WARNING)
    try:
        found = json.loads(fetch(measured.kit.http, request, seconds=_PATIENCE, most=_MOST).body)
    except (httpx.HTTPError, ValueError):
        return False
    data = found.get("data") if isinstance(found, dict) else None
    return isinstance(data, dict) and "hasAdmin" in data
