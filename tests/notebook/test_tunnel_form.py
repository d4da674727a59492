"""The public address, opened and closed by hand."""

from __future__ import annotations

import socket
from pathlib import Path

from helpers.core import settings
from helpers.kit import Kit
from helpers.notebook import check_views, tasks
from helpers.notebook.tunnel_form import TunnelForm
from tests.support.forms import (
    play,
    press,
    type_secret,
)
from tests.support.servers import free_port


def test_starting_the_tunnel_shows_the_public_address(kit: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(kit)
        await press(form)
        assert form.status.kind == "ok"
        assert form.status.text.startswith("https://65e60559.ngrok-free.dev forwards to the gateway")
        card = check_views.Check(kit, "public-address")
        await card.measure()
        assert card.result is not None
        assert card.result.status == "passed"

    play(scene)


def test_pressing_start_twice_starts_one_tunnel(kit: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(kit)
        form.submit_button.click()
        form.submit_button.click()
        await tasks.settled()
        tunnel = kit.public_address.tunnel
        await press(form)
        assert kit.public_address.tunnel is tunnel
        assert form.status.kind == "ok"

    play(scene)


def test_a_wrong_token_is_named_and_never_shown(kit: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(kit)
        type_secret(form.token, "revoked_canary_token_12345")
        await press(form)
        assert form.status.kind == "failed"
        assert "[C03]" in form.status.text
        assert form.status.fix
        assert "canary" not in str(form.status.get_state())
        assert form.submit_button.disabled is False

    play(scene)


def test_stopping_the_tunnel_closes_the_door(ready: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(ready)
        form.stop_button.click()
        await tasks.settled()
        assert not ready.public_address.is_open
        assert form.status.kind == "ok"

    play(scene)


def test_in_a_rehearsal_nobody_is_asked_for_a_tunnel_of_their_own(kit: Kit) -> None:
    async def scene() -> None:
        assert seen(TunnelForm(kit)) == ["token", "domain", "remember"]

    play(scene)


def test_a_tunnel_of_ones_own_is_typed_where_ngrok_stands(tmp_path: Path) -> None:
    kit = Kit(settings.load({"KIT_MODE": "live"}, home=tmp_path))

    async def scene() -> None:
        form = TunnelForm(kit)
        assert seen(form) == ["own", "token", "domain", "remember"]
        form.own.value = True
        assert seen(form) == ["own", "address", "port"]
        form.address.value, form.port.value = "http://localhost:1337", "x"
        await press(form)
        assert form.status.kind == "failed"
        assert "Meta refuses localhost" in form.status.text
        assert "port number" in form.status.text
        form.address.value, form.port.value = "https://shop.example/", str(free_port())
        await press(form)
        assert form.status.text.startswith("https://shop.example forwards to the gateway")
        assert kit.addresses_for_meta[0].startswith("https://shop.example/api/connect/")
        assert kit.gateway.url.endswith(f":{form.port.value}")

    async def in_the_next_kernel() -> None:
        form = TunnelForm(later)
        assert (form.own.value, form.address.value) == (True, "https://shop.example")
        form.own.value = False
        await press(form)
        assert "authtoken" in form.status.text
        assert later.public_url == "https://shop.example"  # nothing is given up for what cannot be used
        later.bring_tunnel("", 0)
        assert later.settings.public_url == later.public_url == ""
        assert settings.load({"KIT_MODE": "live"}, home=tmp_path).public_url == ""

    try:
        play(scene)
        later = Kit(settings.load({"KIT_MODE": "live"}, home=tmp_path))
        try:
            play(in_the_next_kernel)
        finally:
            later.close()
    finally:
        kit.close()


def seen(form: TunnelForm) -> list[str]:
    """The names of the fields that are shown."""
    names = ("own", "token", "domain", "remember", "address", "port")
    return [name for name in names if getattr(form, name).layout.display != "none"]


def test_a_tunnel_of_ones_own_leads_to_the_port_that_was_typed(tmp_path: Path) -> None:
    given = {"KIT_MODE": "live", "PUBLIC_URL": "https://shop.example"}
    kit = Kit(settings.load(given, home=tmp_path))

    async def scene() -> None:
        form = TunnelForm(kit)
        form.port.value = "80a"
        await press(form)
        assert (form.status.kind, form.port.value) == ("failed", "80a")
        assert "port number" in form.status.text
        port = free_port()
        form.port.value = str(port)
        await press(form)
        assert form.status.text.startswith("https://shop.example forwards to the gateway")
        assert kit.gateway.url == f"http://127.0.0.1:{port}"
        assert settings.load(given, home=tmp_path).gateway_port == port

    try:
        play(scene)
    finally:
        kit.close()


def test_a_taken_port_is_said_with_its_fix(tmp_path: Path) -> None:
    given = {"KIT_MODE": "live", "PUBLIC_URL": "https://shop.example"}
    kit = Kit(settings.load(given, home=tmp_path))

    async def scene() -> None:
        form = TunnelForm(kit)
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            form.port.value = str(other.getsockname()[1])
            await press(form)
        assert form.status.kind == "failed"
        assert "[E04]" in form.status.text
        assert form.status.fix

    try:
        play(scene)
    finally:
        kit.close()
