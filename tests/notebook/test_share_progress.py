"""What an attendee's kit tells the facilitator's board: nothing until asked to, then only states of steps."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable

import pytest
from IPython.utils.capture import capture_output

from helpers.core import settings
from helpers.core.errors import Unreachable
from helpers.core.settings import Settings
from helpers.doctor import checks
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, Result
from helpers.kit import Kit
from helpers.notebook import board_view as boards
from helpers.notebook import cells, check_views, share_progress, steps, this_setup
from helpers.notebook.share_progress import ShareForm, Sharing
from helpers.web.server import Server
from tests.support.servers import App, Request

TOKEN = "token-of-this-server"
RESULTS = [
    Result("credentials", PASSED, "Client ID 42 and a secret of 32 hex characters"),
    Result("provider", FAILED, "Strapi sends client id 42", "B04", ("Type it again.",)),
    Result("login", NOT_YET, "waits for a login"),
    Result("credentials", SKIPPED, "which this setup has no need of"),
    Result("some-later-check", PASSED, "which the board does not know"),
]


class Board:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, bytes]] = []
        self.status = 204
        self.app = App("board", self._answer)

    async def _answer(self, request: Request) -> None:
        (authorization,) = request.all("authorization")
        self.told.append((request.method, authorization, await request.body()))
        await request.answer(status=self.status)

    @property
    def states(self) -> list[dict[str, str]]:
        return [json.loads(body) for method, _, body in self.told if method == "PUT"]


@pytest.fixture
def board(serve: Callable[[App], Server], monkeypatch: pytest.MonkeyPatch) -> Board:
    board = Board()
    monkeypatch.setenv("KIT_WORKSHOP_BOARD", serve(board.app).url + "/services/board/mine")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    return board


@pytest.fixture
def given() -> Settings:
    return settings.load()


def sharing(given: Settings) -> Sharing:
    return Sharing(given, os.environ)


def test_without_a_hubs_board_nothing_is_offered(given, monkeypatch):
    assert not Sharing(given, {}).offered
    assert not Sharing(given, {"KIT_WORKSHOP_BOARD": "http://127.0.0.1:9/"}).offered, "there is no token"
    assert not Sharing(given, {"JUPYTERHUB_API_TOKEN": TOKEN}).offered
    assert not (given.home / ".kit").exists(), "a laptop's kit does not even look"


def test_sharing_is_off_until_it_is_switched_on(board, given):
    assert sharing(given).offered
    assert not sharing(given).on
    asyncio.run(share_progress.tell_board(given, RESULTS))
    assert board.told == []


def test_only_names_and_states_of_measured_steps_are_sent(board, given):
    sharing(given).switch(True)
    asyncio.run(share_progress.tell_board(given, RESULTS))
    assert board.states == [{}, {"credentials": "passed", "provider": "failed"}]
    assert {authorization for _, authorization, _ in board.told} == {f"token {TOKEN}"}


def test_what_only_waits_is_not_sent_at_all(board, given):
    sharing(given).switch(True)
    sharing(given).report([RESULTS[2]])
    assert board.states == [{}]


def test_all_notebooks_of_a_person_know_the_choice_and_nobody_else_can_read_it(board, given):
    sharing(given).switch(True)
    assert sharing(settings.load()).on
    (mark,) = given.state_dir.iterdir()
    assert mark.stat().st_mode & 0o777 == 0o600
    sharing(given).switch(False)
    assert not sharing(settings.load()).on
    assert board.told[-1][0] == "DELETE"


def test_a_board_that_refuses_switches_nothing_on_and_the_token_is_in_no_error(board, given):
    board.status = 403
    with pytest.raises(Unreachable, match="does not answer") as caught:
        sharing(given).switch(True)
    assert caught.value.evidence == "HTTPStatusError 403"
    assert not sharing(given).on
    assert caught.value.__cause__ is None


def test_a_board_that_is_gone_disturbs_no_check_and_can_be_switched_off(board, given, monkeypatch):
    sharing(given).switch(True)
    monkeypatch.setenv("KIT_WORKSHOP_BOARD", "http://127.0.0.1:9/")
    asyncio.run(share_progress.tell_board(given, RESULTS))
    with pytest.raises(Unreachable):
        sharing(given).switch(False)
    assert not sharing(given).on


def test_the_steps_are_those_of_the_board_in_the_notebook():
    assert tuple(step.check for step in steps.STEPS) == share_progress.STEPS
    assert set(share_progress.STEPS) <= set(checks.CHECKS)


@pytest.fixture
def kit():
    kit = Kit(settings.load())
    yield kit
    kit.close()


def test_the_switch_is_shown_on_a_hub_with_a_board_only(kit, monkeypatch):
    monkeypatch.delenv("KIT_WORKSHOP_BOARD", raising=False)
    assert not Sharing(kit.settings).offered
    monkeypatch.setattr(this_setup, "_kit", kit)
    with capture_output() as shown:
        cells.share()
    assert shown.outputs == []


def test_switching_on_shows_the_steps_and_switching_off_forgets_them(board, kit):
    async def person() -> None:
        kit.rehearse_up_to(3)
        card = boards.Board(kit)
        await card.measure()
        form = ShareForm(kit)
        assert not form.switch.value
        form.switch.value = True
        while len(board.told) < 2:
            await asyncio.sleep(0.01)
        await asyncio.gather(*check_views.tasks.running())
        assert repr(form.status) == "ok: Shown on the board."
        form.switch.value = False
        await asyncio.gather(*check_views.tasks.running())
        assert repr(form.status).startswith("ok: Not shown")

    asyncio.run(person())
    passed = ("public-address", "server-url", "redirect-uris", "credentials")
    assert board.states == [{}, dict.fromkeys(passed, "passed")]
    assert board.told[-1][0] == "DELETE"


def test_a_single_steps_check_is_sent_too(board, kit):
    sharing(kit.settings).switch(True)

    async def person() -> None:
        kit.rehearse_up_to(3)
        await check_views.Check(kit, "credentials").measure()

    asyncio.run(person())
    assert board.states == [{}, {"credentials": "passed"}]
