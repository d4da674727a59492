"""Faults in and before the front end, and around the notebooks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

from helpers.core.errors import KitError
from helpers.core.flows import DOCUMENTED
from helpers.core.masking import Secret
from helpers.failures import known
from helpers.kit import Kit
from helpers.practice.fault import (
    Fault,
    Play,
    all_of,
    answering,
    configured,
    elsewhere,
    environment,
    saved,
    world,
)
from helpers.rehearsal.front_end import VARIABLE, write_project
from helpers.tunnel.ngrok_lease import lease

_FOR_ALL_SITES = configured(same_site="none", secure=True, proxy=True)


def _project(
    address: Callable[[str], str],
    *,
    variable: str = VARIABLE,
    link: str = "/api",
    scripts: str = "^5.0.1",
    provider: str = "",
) -> Play:
    """Strapi's login example with one thing wrong; ``address`` is made of the public one."""

    def play(kit: Kit) -> None:
        folder = world(kit).front_end
        write_project(folder, provider or kit.flow.provider, variable=variable, path=link, scripts=scripts)
        (folder / ".env").write_text(f"{variable}={address(kit.public_url)}\n", encoding="utf-8")

    return play


def _node(version: str) -> Play:
    """Another Node comes first on the path."""

    def play(kit: Kit) -> None:
        folder = world(kit).folder / "node"
        folder.mkdir()
        (folder / "node").write_text(f"#!/bin/sh\necho v{version}\n", encoding="utf-8")
        (folder / "node").chmod(0o700)
        environment(PATH=f"{folder}{os.pathsep}{os.environ.get('PATH', '')}")(kit)

    return play


def _same(public: str) -> str:
    return public


def _old(public: str) -> str:
    return "https://1b2c3d4e.ngrok-free.dev"


def _invalid_host(kit: Kit) -> None:
    server = world(kit).serve(answering("Invalid Host header", 403))
    kit.public_address.close()
    kit.gateway.use_frontend(server.url)
    kit.open_address()


def _without_its_last_part(kit: Kit) -> None:
    saved(callback=f"{kit.public_url}/connect/{kit.flow.provider}")(kit)


def _no_download(kit: Kit) -> None:
    """A machine without an agent, behind a proxy that lets nothing through."""
    kit.public_address.close()
    (world(kit).folder / "ngrok").unlink()
    world(kit).ngrok_path = None
    environment(PATH=str(world(kit).folder / "empty"), https_proxy="http://127.0.0.1:9")(kit)
    with suppress(KitError):
        kit.open_address()


def _another_program(kit: Kit) -> None:
    server = world(kit).strapi_server
    server.stop()
    world(kit).serve(answering("<title>Another demo</title>"), server.port)


def _dead_kernel(kit: Kit) -> None:
    kit.public_address.close()
    left = {"pid": 0, "kernel": 0, "upstream": "http://127.0.0.1:9"}
    lease(world(kit).folder).write_text(json.dumps(left), encoding="utf-8")


def _saved_secret(kit: Kit) -> None:
    """What JupyterLab saves of a Password widget, beside the reader's notebooks, with a secret of its own."""
    secret, name = Secret(f"2practiceRoomOnly_{token_hex(12)}"), f"practice-room-{token_hex(4)}.ipynb"
    told = (
        "The practice room made this notebook, and removes it with *Mend it*. If it is still here, delete it."
    )
    state = {"state": {"1": {"state": {"value": secret.reveal()}}}}
    notebook = {
        "cells": [{"cell_type": "markdown", "id": "told", "metadata": {}, "source": told}],
        "metadata": {"widgets": {"application/vnd.jupyter.widget-state+json": state}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = Path(kit.settings.home) / "notebooks" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("x", encoding="utf-8") as file:  # never over a file of the reader's
        world(kit).ending.callback(path.unlink, missing_ok=True)
        json.dump(notebook, file)
    kit.settings = replace(kit.settings, ngrok_authtoken=secret)


FAULTS = {
    known.LOGIN_LINK_NOT_FOUND: Fault(_project(_same, link="")),
    known.LOGIN_LINK_UNDEFINED: Fault(_project(_same, variable="BACKEND_URL")),
    known.LOGIN_LINK_OF_EARLIER_TUNNEL: Fault(_project(_old), practice=True),
    known.LOGIN_LINK_TO_ANOTHER_PROVIDER: Fault(_project(_same, provider=DOCUMENTED.provider)),
    known.LOGIN_LINK_DOUBLE_SLASH: Fault(_project(lambda public: f"{public}/")),
    known.EXAMPLE_ON_NEW_NODE: Fault(all_of(_node("22.13.0"), _project(_same, scripts="3.4.1"))),
    known.FRONT_END_VARIABLE_UNSEEN: Fault(_project(_same, variable="VITE_BACKEND_URL")),
    known.CORS_WILDCARD_WITH_COOKIES: Fault(
        all_of(elsewhere, _FOR_ALL_SITES, configured(wildcard=True)), beside=known.COOKIE_NOT_SENT
    ),
    known.COOKIE_NOT_SENT: Fault(all_of(elsewhere, _FOR_ALL_SITES)),
    known.REDIRECT_ROUTE_MISSING: Fault(_without_its_last_part, practice=True),
    known.MIXED_CONTENT: Fault(_project(lambda public: "http://localhost:1337")),
    known.DEV_SERVER_REFUSES_HOST: Fault(_invalid_host),
    known.AGENT_DOWNLOAD_FAILED: Fault(_no_download),
    known.PORT_TAKEN: Fault(_another_program),
    known.SECRET_SAVED_IN_NOTEBOOK: Fault(_saved_secret),
    known.TUNNEL_GONE_AFTER_RESTART: Fault(_dead_kernel),
    known.NODE_DOES_NOT_FIT: Fault(all_of(_node("16.20.2"), lambda kit: world(kit).strapi_server.stop())),
}
