"""What the doctor says of the tunnel and of sites, and how it asks Strapi."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from helpers.core import settings
from helpers.core.errors import KitError
from helpers.core.urls import same_site
from helpers.doctor import checks
from helpers.doctor.checks import FAILED, PASSED
from helpers.kit import Kit
from helpers.tunnel.ngrok_lease import lease
from helpers.web.server import Server
from tests.support.servers import App, Request

Rehearsed = Callable[..., Kit]
PUBLIC = "https://shop.ngrok-free.dev"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://shop.example.com/x", "https://api.example.com", True),
        ("https://one.ngrok-free.dev", "https://two.ngrok-free.dev", False),
        ("http://localhost:3000", "http://localhost:1337", True),
        ("http://localhost:3000", PUBLIC, False),
        ("http://shop.example.com", "https://shop.example.com", False),
        ("http://127.0.0.1:3000", "http://10.0.0.1:3000", False),
    ],
)
def test_a_site_is_scheme_and_registered_name(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same


def test_the_agent_that_has_ended_is_named(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    process = kit.public_address.tunnel._process.proc  # type: ignore[union-attr]
    process.terminate()
    process.wait(10)
    results = checks.run(kit)
    cause, follow = checks.causes(results)[0]
    assert (cause.id, cause.failure) == ("tunnel", "C05")
    assert "public-address" in [each.id for each in follow]


def test_a_sign_of_a_killed_kernel_is_named(tmp_path: Path) -> None:
    kit = Kit(settings.load({"KIT_MODE": "live", "STRAPI_URL": "http://127.0.0.1:9"}, home=tmp_path))
    kit.use(ngrok_domain=PUBLIC.removeprefix("https://"))
    left = {"pid": 0, "kernel": 0, "upstream": "http://127.0.0.1:9"}
    lease(kit.folder).write_text(json.dumps(left))
    found = checks.run(kit, ("tunnel",))[0]
    kit.close()
    assert found.failure == "E09"
    assert PUBLIC in found.evidence


def test_the_last_try_to_open_the_tunnel_is_remembered(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    kit.public_address.close()
    kit.settings = replace(kit.settings, ngrok_authtoken=type(kit.settings.ngrok_authtoken)(""))
    with pytest.raises(KitError):
        kit.open_address()
    assert checks.run(kit, ("tunnel",))[0].status == FAILED


def test_strapi_is_asked_with_the_gateways_headers(rehearsed: Rehearsed) -> None:
    kit, seen = rehearsed(), []

    def note(request: httpx.Request) -> None:
        if request.url.path.startswith("/api/connect/"):
            seen.append(request.headers.get("x-forwarded-proto"))

    kit.changed()
    kit.http.event_hooks["request"].append(note)
    checks.run(kit, ("provider",))[0]
    assert seen == ["https"]


def test_a_tunnel_that_leads_straight_to_a_dev_server_is_named(
    rehearsed: Rehearsed, serve: Callable[[App], Server]
) -> None:
    kit = rehearsed()
    assert kit.world

    async def vite(request: Request) -> None:
        await request.answer(b'Blocked request. This host ("shop.ngrok-free.dev") is not allowed.', 403)

    kit.world.internet.add(kit.world.domain, serve(App("vite", vite)).port)
    assert checks.run(kit, ("public-address",))[0].failure == "D13"


@pytest.mark.parametrize("prefix", ["/strapi", "/cms"])
def test_an_admin_panel_that_answers_the_internet_is_named(
    rehearsed: Rehearsed, serve: Callable[[App], Server], prefix: str
) -> None:
    kit = rehearsed()
    assert kit.world
    assert checks.run(kit, ("public-address",))[0].status == PASSED

    async def leaks(request: Request) -> None:
        if request.path == f"{prefix}/admin/init":
            await request.answer(b'{"data":{"uuid":false,"hasAdmin":true}}')
        else:
            there = httpx.get(kit.gateway.url + request.target, trust_env=False)
            await request.answer(there.content, there.status_code)

    kit.world.internet.add(kit.world.domain, serve(App("leaks", leaks)).port)
    found = checks.run(kit, ("public-address",))[0]
    assert found.status == checks.FAILED
    assert f"{prefix}/admin/init" in found.evidence
