"""Whoever comes late, or comes back, goes on from what still stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.notebook import cells, tasks
from helpers.notebook.chapter_head import Head
from helpers.notebook.project_forms import BackendForm, FrontEndForm
from helpers.notebook.setup_forms import ProviderForm
from helpers.notebook.steps import STEPS
from helpers.notebook.this_setup import the
from helpers.notebook.tunnel_form import TunnelForm
from tests.support.forms import play, type_secret, until
from tests.support.one_setup import (
    do,
    log_in,
    measured,
    statuses,
)

pytestmark = pytest.mark.usefixtures("kernel")


def test_catching_up_does_the_earlier_chapters_and_says_what_it_did() -> None:
    async def scene() -> None:
        cells.chapter(4)
        head = the(Head, 4)
        await until(lambda: head.button.layout.display == "")
        assert head.button.description == "Catch up to here"
        head.button.click()
        await tasks.settled()
        assert head.status.kind == "ok", head.status.text
        done = [step.heading for step in STEPS[:-1]]
        done.insert(2, "1.3 Tell your front end")
        done.insert(5, "3.0 One file, for today's login")
        assert head.status.text == f"Done for you: {', '.join(done)}."
        assert statuses(await measured()) == ["passed"] * 5 + ["not-yet"]
        assert the(ProviderForm).status.kind == "ok", "through the handlers of the forms themselves"
        await log_in()
        assert statuses(await measured()) == ["passed"] * 6

    play(scene)


def test_catching_up_does_nothing_twice() -> None:
    async def scene() -> None:
        await do(TunnelForm, BackendForm, FrontEndForm)
        head = the(Head, 2)
        head.earlier = lambda: cells._earlier(2)
        head.press()
        await tasks.settled()
        assert head.status.text == "There was nothing to catch up."

    play(scene)


def test_catching_up_ends_at_the_first_step_that_fails_with_its_cause() -> None:
    async def scene() -> None:
        cells.chapter(4)
        type_secret(the(TunnelForm).token, "revoked_canary_token_12345")
        the(Head, 4).press()
        await tasks.settled()
        head = the(Head, 4)
        assert head.status.kind == "failed"
        assert "1.1 Start a tunnel" in head.status.text
        assert "[C03]" in head.status.text
        assert the(BackendForm).status.kind == ""

    play(scene)


def test_catching_up_after_a_restart_copies_the_secret_again(tmp_path: Path) -> None:
    """What the former kernel kept in a file is the ID alone."""
    (tmp_path / ".rehearsal.env").write_text("INSTAGRAM_CLIENT_ID=563883201184965\n")

    async def scene() -> None:
        head = the(Head, 4)
        head.earlier = lambda: cells._earlier(4)
        head.press()
        await tasks.settled()
        assert head.status.kind == "ok", head.status.text
        assert statuses(await measured()) == ["passed"] * 5 + ["not-yet"]

    play(scene)


def test_going_on_live_measures_and_asks_only_for_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KIT_MODE=live\nSTRAPI_URL=http://127.0.0.1:9\nINSTAGRAM_CLIENT_ID=123\n")

    async def scene() -> None:
        cells.chapter(1)
        head = the(Head, 1)
        assert head.button.description == "Go on"
        head.press()
        await tasks.settled()
        assert head.status.kind == "note"
        assert "Paste your ngrok authtoken in 1.1" in head.status.text
        assert the(TunnelForm).status.kind == ""

    play(scene)
