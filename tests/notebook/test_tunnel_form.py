"""The public address, opened and closed by hand."""

from __future__ import annotations

import socket
from pathlib import Path

from helpers.core import settings
from helpers.kit import Kit
from helpers.notebook import check_views, tasks
from helpers.notebook.setup_forms import TunnelForm
from tests.support.forms import (
    free_port,
    play,
    press,
    type_secret,
)


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
