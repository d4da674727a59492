"""The servers of a live setup are typed where it begins, and count at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.kit import Kit
from helpers.notebook.start_form import StartForm
from tests.support.forms import play, press


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    for name in settings.NAMES.values():
        monkeypatch.delenv(name, raising=False)
    kit = Kit(settings.load({}, home=tmp_path))
    yield kit
    kit.close()


def test_the_fields_are_there_for_a_live_setup_only(kit: Kit) -> None:
    async def scene() -> None:
        form = StartForm(kit)
        assert [form.strapi.layout.display, form.front_end.layout.display] == ["none", "none"]
        assert form.strapi.value == ""
        form.mode.value = "live"
        assert [form.strapi.layout.display, form.front_end.layout.display] == ["", ""]

    play(scene)


def test_what_is_typed_is_served_and_kept_for_the_next_kernel(kit: Kit, tmp_path: Path) -> None:
    async def scene() -> None:
        form = StartForm(kit)
        form.mode.value = "live"
        form.strapi.value, form.front_end.value = "http://localhost:1440/", "http://localhost:5173"
        await press(form)
        assert form.status.kind == "ok", form.status.text
        assert kit.strapi.url == kit.settings.strapi_url == "http://localhost:1440"
        assert settings.load({}, home=tmp_path).frontend_url == "http://localhost:5173"
        form.front_end.value = ""
        await press(form)
        assert kit.settings.frontend_url == ""
        assert settings.load({}, home=tmp_path).strapi_url == "http://localhost:1440"

    play(scene)


def test_what_cannot_be_right_is_said_and_nothing_is_kept(kit: Kit, tmp_path: Path) -> None:
    async def scene() -> None:
        form = StartForm(kit)
        form.mode.value = "live"
        form.strapi.value = form.front_end.value = "http://localhost:1337"
        await press(form)
        assert form.status.kind == "failed"
        assert "is Strapi's own" in form.status.text
        form.strapi.value, form.front_end.value = "localhost 1337", "ftp://b"
        await press(form)
        assert "Strapi's address" in form.status.text
        assert "The front end's address" in form.status.text
        assert not kit.settings.live
        assert not settings.load({}, home=tmp_path).live

    play(scene)


def test_an_address_of_the_environment_goes_first_and_that_is_said(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRAPI_URL", "http://localhost:1999")

    async def scene() -> None:
        form = StartForm(kit)
        form.mode.value, form.strapi.value = "live", "http://localhost:1440"
        await press(form)
        assert form.status.kind == "failed"
        assert "STRAPI_URL=http://localhost:1999" in form.status.text

    play(scene)
