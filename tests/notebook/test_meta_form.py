"""The dashboard in the notebook: what the page sends, what it is sent, and what autopilot presses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.core import settings
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.meta_form import MetaForm, MetaPage
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm, UrlsForm


@pytest.fixture(params=["today", "documented"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(settings.load({"KIT_FLOW": str(request.param)}, home=tmp_path))
    yield kit
    kit.close()


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


def send(page: MetaPage, kind: str, **more: Any) -> None:
    """What the browser sends."""
    page._handle_custom_msg({"kind": kind, **more}, [])


async def settled() -> None:
    await tasks.settled()
    await asyncio.sleep(0)  # what was left to the loop


def test_what_the_browser_sends_is_what_autopilot_presses(kit: Kit) -> None:
    async def scene() -> None:
        form = MetaForm(kit)
        before = form.page.page
        for name in ("to-details", "go-apps"):
            send(form.page, "press", name=name, typed={})
        for name in ("next", "create"):
            send(form.page, "press", name=name, typed={"name": "Instagram"})
        await settled()
        assert form.page.page["visit"] >= before["visit"]
        assert kit.world is not None
        assert kit.world.meta.app.client_id == ""

    play(scene)


def test_catching_up_sets_up_the_app(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(2)
        form = MetaForm(kit)
        said = await form.catch_up()
        await settled()
        assert form.status.kind == "ok", said
        assert checks.run(kit, ("redirect-uris",))[0].status == "passed"
        credentials = CredentialsForm(kit)
        assert credentials.client_id.value == ""  # a person copies it
        await credentials.catch_up()
        assert credentials.status.kind == "ok"
        kit.write_provider_file()
        provider = ProviderForm(kit)
        assert provider.client_id.value == settings.SAMPLE_CLIENT_ID
        await provider.catch_up()
        robot = kit.browser()
        robot.finish(robot.start(), allow=True)
        assert kit.logins.verdict(kit.logins.wait(timeout=10)).ok

    play(scene)


def test_what_was_done_for_the_reader_is_not_green_once_they_press_something(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(2)
        form = MetaForm(kit)
        await form.catch_up()
        assert form.status.kind == "ok"
        send(form.page, "press", name="go-apps", typed={})
        assert form.status.kind == ""

    play(scene)


def test_without_a_public_address_there_is_nothing_to_enter(kit: Kit) -> None:
    async def scene() -> None:
        form = MetaForm(kit)
        await form.catch_up()
        assert form.status.kind == "failed"
        assert "start the tunnel in 1.1 first" in form.status.text

    play(scene)


def test_a_secret_comes_as_a_message_and_is_no_state(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(3)
        form = MetaForm(kit)
        sent: list[dict[str, Any]] = []
        monkeypatch.setattr(form.page, "send", lambda content, *_: sent.append(content))
        send(form.page, "show", name="secret")
        send(form.page, "show", name="meta-secret")
        assert [each["value"] for each in sent] == [settings.SAMPLE_CLIENT_SECRET, ""]
        form.page.draw()
        assert settings.SAMPLE_CLIENT_SECRET not in json.dumps(form.page.page)

    play(scene)


def test_nonsense_from_the_page_changes_nothing(kit: Kit) -> None:
    async def scene() -> None:
        form = MetaForm(kit)
        before = form.page.page
        for content in ({}, {"kind": "press"}, {"kind": "enter"}, {"kind": "remove", "field": "redirect"}):
            form.page._handle_custom_msg(content, [])
        await settled()
        assert form.page.page == before

    play(scene)


def test_what_the_reader_says_of_meta_is_believed_but_is_no_proof(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(2)
        form = UrlsForm(kit)
        form.submit_button.click()
        await settled()
        assert form.status.kind == "note"
        assert checks.run(kit, ("redirect-uris",))[0].status == "not-yet"

    play(scene)


def test_another_setup_has_another_dashboard(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(3)
        form = MetaForm(kit)
        assert "products" in json.dumps(form.page.page) or "use-cases" in json.dumps(form.page.page)
        kit.renew()
        await settled()
        assert form.page.dashboard is (kit.world and kit.world.meta)
        assert next(each["name"] for each in form.page.page["menu"]) == "go-apps"
        assert "go-basic" not in json.dumps(form.page.page)

    play(scene)
