"""A public address that nobody looks after is closed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from helpers.kit import Kit
from helpers.notebook import guide, idle, this_setup
from helpers.notebook.this_setup import the
from helpers.notebook.tunnel_form import TunnelForm
from tests.support.forms import play, until
from tests.support.one_setup import (
    do,
    measured,
)

pytestmark = pytest.mark.usefixtures("kernel")


@asynccontextmanager
async def open_address(minutes: int) -> AsyncIterator[Kit]:
    kit = this_setup.this_setup()
    kit.use(idle_minutes=minutes)
    await do(TunnelForm)
    yield kit


def test_an_address_that_nobody_looks_after_is_closed_and_the_board_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        async with open_address(30) as kit:
            await measured()
            assert not await idle.look(kit)
            monkeypatch.setattr(guide, "last_sign", time.monotonic() - 30 * 60 - 1)
            assert await idle.look(kit)
            assert not kit.public_address.is_open
            (row, *_) = (await measured()).results
            assert row.status == "not-yet"
            assert "30 minutes in which no browser showed this notebook" in row.evidence
            await until(lambda: the(TunnelForm).status.kind == "not-yet")

    play(scene)


def test_a_page_that_shows_the_notebook_keeps_the_address_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with open_address(30) as kit:
            monkeypatch.setattr(guide, "last_sign", time.monotonic() - 31 * 60)
            (await measured()).table._handle_custom_msg({"kind": "here"}, [])
            assert not await idle.look(kit)
            assert kit.public_address.is_open

    play(scene)


def test_it_is_never_closed_where_the_setting_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with open_address(0) as kit:
            monkeypatch.setattr(guide, "last_sign", time.monotonic() - 86_400)
            assert not await idle.look(kit)

    play(scene)
