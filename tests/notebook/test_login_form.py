"""A login, allowed, denied, cancelled, and in a tab of one's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.kit import Kit
from helpers.notebook import board_view, login_view, tasks
from helpers.notebook.login_form import LoginForm
from helpers.notebook.tunnel_form import TunnelForm
from helpers.rehearsal.ngrok.cloud import Cloud
from helpers.rehearsal.ngrok.install import install_agent
from helpers.rehearsal.world import AUTHTOKEN
from tests.support.forms import (
    play,
    until,
)


def test_allowing_ends_in_a_witnessed_login(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        trace = login_view.Trace(ready)
        form.robot_button.click()
        await until(lambda: form.consent.layout.display == "")
        assert "kit_rehearsal" in form.question.value
        form.allow.click()
        await tasks.settled()
        assert form.status.kind == "ok"
        assert "kit_rehearsal is logged in" in form.status.text
        await until(lambda: "Logged in as kit_rehearsal" in trace.table.value)
        shown = board_view.Board(ready)
        await shown.measure()
        assert [result.status for result in shown.results] == ["passed"] * 6

    play(scene)


def test_denying_is_named_with_its_fix(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        form.robot_button.click()
        await until(lambda: form.consent.layout.display == "")
        form.deny.click()
        await tasks.settled()
        assert form.status.kind == "failed"
        assert "[B18]" in form.status.text
        assert form.status.fix

    play(scene)


def test_a_login_waiting_for_consent_can_be_cancelled(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        form.robot_button.click()
        await until(lambda: form.consent.layout.display == "")
        form.cancel_button.click()
        await tasks.settled()
        assert form.status.kind == "note"
        assert "cancelled" in form.status.text
        assert form.consent.layout.display == "none"

    play(scene)


def test_a_second_login_at_once_is_not_started(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        form.robot_button.click()
        await until(lambda: form.consent.layout.display == "")
        form.robot_button.click()
        form.allow.click()
        await tasks.settled()
        assert len(ready.gateway.witness.attempts) == 1
        assert form.status.kind == "ok"

    play(scene)


def test_a_real_tab_shows_its_address_and_can_be_cancelled(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        form.submit_button.click()
        await until(lambda: "href" in form.link.value)
        assert 'href="http://127.0.0.1:' in form.link.value
        form.cancel_button.click()
        await tasks.settled()
        assert "Stopped waiting" in form.status.text

    play(scene)


def test_a_login_in_a_real_tab_is_witnessed(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        assert form.why_robot.layout.display == "none"
        form.submit_button.click()
        await until(lambda: "href" in form.link.value)
        robot = ready.browser()
        consent = await asyncio.to_thread(robot.start)  # as the tab does
        await asyncio.to_thread(robot.finish, consent, allow=True)
        await tasks.settled()
        assert "kit_rehearsal is logged in" in form.status.text

    play(scene)


def test_where_no_tab_can_reach_the_kernel_a_robot_comes_first_and_the_form_says_why(
    ready: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")

    async def scene() -> None:
        form = LoginForm(ready)
        assert form.robot_button.layout.display == "none"
        assert form.why_robot.layout.display == ""
        assert "cannot reach this kernel on JupyterHub" in form.why_robot.value
        form.submit_button.click()
        await until(lambda: form.consent.layout.display == "")
        assert form.link.value == ""
        form.allow.click()
        await tasks.settled()
        assert form.status.kind == "ok"

    play(scene)


def test_catching_up_lets_the_robot_log_in(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        await form.catch_up()
        assert form.status.kind == "ok"
        assert form.link.value == ""

    play(scene)


def test_a_login_after_the_tunnel_was_stopped_opens_it_again(ready: Kit) -> None:
    async def scene() -> None:
        tunnel, form = TunnelForm(ready), LoginForm(ready)
        tunnel.stop_button.click()
        await tasks.settled()
        assert not ready.public_address.is_open
        form.robot_button.click()
        await until(lambda: form.consent.layout.display == "" or form.status.kind == "failed")
        form.allow.click()
        await tasks.settled()
        assert "kit_rehearsal is logged in" in form.status.text

    play(scene)


def test_a_live_link_leads_to_the_domain_that_the_tunnel_got(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud().start()
    told = {"KIT_NGROK_CLOUD": cloud.address, "KIT_NGROK_DOMAIN": "shop.ngrok-free.dev"}
    monkeypatch.setenv("PYNGROK_NGROK_PATH", str(install_agent(tmp_path, **told)))
    given = {"KIT_MODE": "live", "NGROK_AUTHTOKEN": AUTHTOKEN}
    kit = Kit(settings.load(given, home=tmp_path))

    async def scene() -> None:
        form = LoginForm(kit)
        form.submit_button.click()
        await until(lambda: bool(form.link.value))
        form.cancel_button.click()
        await tasks.settled()
        assert (
            'href="https://shop.ngrok-free.dev/api/connect/instagram-business?kit-browser=' in form.link.value
        )

    try:
        play(scene)
    finally:
        kit.close()
        cloud.stop()
