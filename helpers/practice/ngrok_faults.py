"""Faults of the tunnel: the account, the agent, the way to ngrok's servers and through them."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import replace

from helpers.core.errors import KitError
from helpers.core.masking import Secret
from helpers.failures import known
from helpers.kit import Kit
from helpers.practice.fault import Fault, Play, agent, all_of, answering, world

_BROUGHT = "shop.example"


def _token(text: str) -> Play:
    """Another authtoken; the stand-in tells by its beginning what is wrong with it."""
    return all_of(lambda kit: _learn(kit, ngrok_authtoken=Secret(text)), agent())


def _learn(kit: Kit, **facts: Secret | str) -> None:
    kit.settings = replace(kit.settings, **facts)  # type: ignore[arg-type]


def _foreign_domain(kit: Kit) -> None:
    domain = "foreign-name.ngrok-free.dev"
    # Nobody serves it, but Strapi itself asks nobody whose name it is called by.
    world(kit).internet.add(domain, lambda: None)
    _learn(kit, ngrok_domain=domain)


def _agent_dies(kit: Kit) -> None:
    if kit.public_address.tunnel:
        kit.public_address.tunnel.stop()


def _domain_in_use(kit: Kit) -> None:
    """A colleague's agent, which lives as long as this process, holds the account's domain."""
    kit.public_address.close()
    world(kit).ngrok.held.add(world(kit).domain)
    with suppress(KitError):
        kit.open_address()


def _inspector_taken(kit: Kit) -> None:
    """Held by us if we can get it; another agent that has it may end just before ours looks."""
    held = False
    for _ in range(10):
        kit.public_address.close()
        with suppress(OSError):
            world(kit).ending.enter_context(socket.create_server(("127.0.0.1", 4040)))
            held = True
        agent()(kit)
        if held or any("alternatives" in line for line in getattr(kit.public_address.tunnel, "log", [])):
            return


def _own_tunnel(said: str, status: int) -> Play:
    """The reader brings a tunnel, and somebody else answers at its address."""

    def play(kit: Kit) -> None:
        kit.public_address.close()
        world(kit).internet.add(_BROUGHT, world(kit).serve(answering(said, status)).port)
        kit.learn(public_url=f"https://{_BROUGHT}")
        with suppress(KitError):
            kit.open_address()

    return play


def _of_another_processor(kit: Kit) -> None:
    """The agent is a program that this computer cannot run."""
    kit.public_address.close()
    path = world(kit).ngrok_path
    if path:
        path.unlink()
        path.write_bytes(b"\x7fELF of another processor")
        path.chmod(0o700)
    with suppress(KitError):
        kit.open_address()


FAULTS = {
    known.AUTHTOKEN_MISSING: Fault(agent("4018")),
    known.AUTHTOKEN_MALFORMED: Fault(_token("tooShort"), practice=True),
    known.AUTHTOKEN_REVOKED: Fault(_token("revoked_2rehearsalOnlyNotARealAuthtoken"), practice=True),
    known.TOO_MANY_AGENTS: Fault(agent(KIT_NGROK_SESSIONS="0")),
    known.TUNNEL_OFFLINE: Fault(_agent_dies, practice=True),
    known.STRAPI_DOES_NOT_ANSWER: Fault(lambda kit: world(kit).strapi_server.stop()),
    known.NGROK_WARNING_PAGE: Fault(agent("interstitial")),
    known.WARNING_PAGE_INSTEAD_OF_DATA: Fault(agent("interstitial"), engine="token", flow="documented"),
    known.ONLY_PROGRAMS_PASS: Fault(agent("programs-only")),
    known.DOMAIN_IN_USE: Fault(_domain_in_use),
    known.DOMAIN_OF_ANOTHER_ACCOUNT: Fault(
        all_of(_foreign_domain, agent()),
        practice=True,
    ),
    known.AGENT_TOO_OLD: Fault(_token("old_2rehearsalOnlyNotARealAuthtoken")),
    known.INSPECTOR_PORT_TAKEN: Fault(_inspector_taken),
    known.NGROK_BEHIND_PROXY: Fault(agent("9009")),
    known.FIREWALL_BEFORE_NGROK: Fault(agent("tls")),
    known.NETWORK_REFUSED_BY_NGROK: Fault(agent("9040")),
    known.NGROK_PLAN_LIMIT: Fault(agent("quota")),
    known.OTHER_TUNNEL_OFFLINE: Fault(_own_tunnel("error code: 1033", 530)),
    known.OTHER_TUNNEL_ASKS_FIRST: Fault(_own_tunnel("loca.lt<br>Tunnel Password:", 511)),
    known.PLATFORM_HAS_NO_APP: Fault(_own_tunnel("<title>No such app</title>", 404)),
    known.AGENT_CANNOT_RUN_HERE: Fault(_of_another_processor),
    known.AGENT_DOES_NOT_START: Fault(agent(KIT_NGROK_VERSION="3.5.0")),
}
