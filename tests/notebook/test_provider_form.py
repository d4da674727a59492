"""Strapi's provider, saved by hand; what Strapi refuses, and a Strapi that is down."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.core import settings
from helpers.kit import Kit
from helpers.notebook import check_views, tasks
from helpers.notebook.login_form import LoginForm
from helpers.notebook.setup_forms import ProviderForm
from helpers.rehearsal.strapi.server import ADMIN_EMAIL
from tests.support.forms import (
    allow,
    play,
    press,
    type_secret,
    until,
)
from tests.support.servers import free_port


def test_what_strapi_refuses_is_not_remembered(ready: Kit) -> None:
    async def scene() -> None:
        form = ProviderForm(ready)
        form.email.value = "me@example.com"
        await press(form)
        assert form.status.kind == "failed"
        assert settings.load({}, ready.settings.home).strapi_admin_email == ""
        form.email.value = ADMIN_EMAIL
        await press(form)
        assert form.status.kind == "ok"
        assert settings.load({}, ready.settings.home).strapi_admin_email == ADMIN_EMAIL

    play(scene)


def test_a_wrong_administrator_does_not_spoil_the_next_kernel(ready: Kit) -> None:
    async def wrong() -> None:
        form = ProviderForm(ready)
        form.email.value = "me@example.com"
        await press(form)

    async def right() -> None:
        form = LoginForm(following)
        await allow(form)
        assert form.status.kind == "ok"

    play(wrong)
    following = Kit(settings.load({}, ready.settings.home))
    following.rehearse_up_to(4)
    try:
        play(right)
    finally:
        following.close()


def test_saving_the_provider_changes_only_that_one(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(3)
        kit.write_provider_file()
        before = kit.admin().providers()
        form = ProviderForm(kit)
        await press(form)
        assert form.status.kind == "ok"
        after = kit.admin().providers()
        assert {name for name in after if after[name] != before[name]} == {"instagram-business"}
        await press(form)
        assert "nothing was written" in form.status.text

    play(scene)


def test_a_wrong_administrator_is_told_what_to_do(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(3)
        form = ProviderForm(kit)
        type_secret(form.password, "not-the-password")
        await press(form)
        assert form.status.kind == "failed"
        assert "does not let admin@example.com in" in form.status.text
        assert form.status.fix
        card = check_views.Check(kit, "server-url")
        asked: list[str] = []
        kit.http.event_hooks = {"request": [lambda request: asked.append(request.url.path)]}
        await card.measure()
        assert card.status.kind == "failed"
        assert "/admin/login" not in asked  # Strapi counts: a wrong password is not tried again

    play(scene)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/connect/instagram/redirect", "must be absolute"),
        ("https://x.example/api/connect/instagram/callback", "This is the address for Meta"),
    ],
)
def test_a_wrong_front_end_address_is_refused(kit: Kit, typed: str, said: str) -> None:
    async def scene() -> None:
        form = ProviderForm(kit)
        form.callback.value = typed
        await press(form)
        assert (form.status.kind, form.callback.value) == ("failed", typed)
        assert said in form.status.text

    play(scene)


def test_a_strapi_that_is_down_is_said_with_its_fix(tmp_path: Path) -> None:
    given = {"KIT_MODE": "live", "STRAPI_URL": f"http://127.0.0.1:{free_port()}"}
    kit = Kit(settings.load(given, home=tmp_path))

    async def scene() -> None:
        card = check_views.Check(kit, "strapi")
        card.again.click()
        await until(lambda: card.status.kind == "failed")
        assert "[C06]" in card.status.text
        assert card.status.fix

    try:
        play(scene)
    finally:
        kit.close()


def test_checking_again_and_again_asks_strapi_for_one_login_at_a_time(ready: Kit) -> None:
    async def scene() -> None:
        cards = [check_views.Check(ready, name) for name in ("provider", "server-url", "provider")]
        before = hits(ready)
        for card in cards:
            await card.measure()
        assert hits(ready) == before + 1
        cards[0].again.click()
        await until(lambda: hits(ready) == before + 2)
        assert all(card.status.kind == "ok" for card in cards)

    play(scene)


def hits(kit: Kit) -> int:
    """How often Strapi was asked to start a login; it keeps count itself, for its limit."""
    assert kit.world is not None
    return sum(
        count for bucket, (count, _) in kit.world.strapi.limit._buckets.items() if "/connect/" in bucket
    )


def test_a_stale_stored_endpoint_is_named_and_repaired(ready: Kit) -> None:
    assert ready.world is not None
    stale = {"authorize_url": "https://api.instagram.com/oauth/authorize"}
    ready.world.strapi.providers[ready.flow.provider] |= stale

    async def scene() -> None:
        ready.changed()
        card = check_views.Check(ready, "provider")
        await card.measure()
        assert "[B01]" in card.status.text
        await press(ProviderForm(ready))
        await card.measure()
        assert card.status.kind == "ok"

    play(scene)


@pytest.mark.parametrize(("old", "said"), [(0, False), (2, True)])
def test_users_of_the_old_provider_are_counted_before_the_switch(ready: Kit, old: int, said: bool) -> None:
    assert ready.world
    for number in range(old):
        ready.world.strapi.users.add("instagram", f"ada{number}", f"ada{number}@strapi.io")

    async def scene() -> None:
        form = ProviderForm(ready)
        form.submit()
        await tasks.settled()
        told = f"{old} user(s) have an address @strapi.io, as the old provider instagram makes up"
        assert (told in form.status.text) == said

    play(scene)
