"""One setup in one kernel: another choice begins another, and nothing old stays green."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest

from helpers.core import settings
from helpers.core.masking import Secret
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.notebook import cells, guide, idle, progress, ready, tasks, this_setup
from helpers.notebook.board_view import Board
from helpers.notebook.chapter_head import Head
from helpers.notebook.check_views import Check, Doctor
from helpers.notebook.login_form import LoginForm
from helpers.notebook.login_view import Trace
from helpers.notebook.meta_form import MetaForm
from helpers.notebook.project_forms import BackendForm, FrontEndForm, ProviderFileForm
from helpers.notebook.put_back_form import PutBackForm
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm, TunnelForm, UrlsForm
from helpers.notebook.start_form import StartForm
from helpers.notebook.steps import STEPS
from helpers.notebook.this_setup import the
from helpers.strapi import restart

FORMS = (TunnelForm, BackendForm, FrontEndForm, MetaForm, UrlsForm, CredentialsForm, ProviderFileForm,
         ProviderForm, LoginForm)  # fmt: skip
TOKEN = "2canaryTokenForTheTunnel0123456789_X"
CLIENT_SECRET = "cacacacacacacacacacacacacacacaca"
PASSWORD = "canary-Password-1"
LIVE_SECRET = "1234567890abcdef1234567890abcdef"


@pytest.fixture(autouse=True)
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As fresh as a kernel that has just started, and ended like one."""
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    monkeypatch.setattr(this_setup, "_kit", None)
    monkeypatch.setattr(this_setup, "_shown", {})
    monkeypatch.setattr(ready, "_seen", set())
    yield
    if this_setup._kit:
        this_setup._kit.close()


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


def type_secret(field: Any, text: str) -> None:
    field._handle_custom_msg({"kind": "secret", "value": text}, [])


async def press(form: Any) -> None:
    (form.apply_button if hasattr(form, "apply_button") else form.submit_button).click()
    await tasks.settled()


def copy_from_meta(form: CredentialsForm) -> None:
    """In a rehearsal id and secret stand in the dashboard."""
    world = this_setup.this_setup().world
    if world and not form.client_id.value:
        form.client_id.value = world.meta_app.client_id
        type_secret(form.secret, world.meta_app.client_secret.reveal())


async def do(*forms: type) -> None:
    for make in forms:
        form = the(make)
        if make is CredentialsForm:
            copy_from_meta(form)
        await press(form)
        if hasattr(form, "apply_button"):  # the first press has shown what would change
            await press(form)


async def until(condition: Callable[[], bool], patience: float = 20.0) -> None:
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.02)


async def log_in() -> None:
    form = the(LoginForm)
    form.submit_button.click()
    await until(lambda: form.consent.layout.display == "")
    form.allow.click()
    await tasks.settled()


async def measured() -> Board:
    board = the(Board)
    await board.measure()
    return board


def statuses(board: Board) -> list[str]:
    return [result.status for result in board.results]


# The board, and what is red


def test_the_board_goes_from_nothing_to_all_six_and_back_and_nothing_is_ever_red() -> None:
    async def scene() -> None:
        assert statuses(await measured()) == ["not-yet"] * 6
        reached: list[int] = []
        seen: set[str] = set()
        for make in FORMS[:-1]:
            await do(make)
            board = await measured()
            seen |= set(statuses(board)) | {the(make).status.kind}
            reached.append(statuses(board).count("passed"))
        await log_in()
        assert [*reached, statuses(await measured()).count("passed")] == [1, 2, 2, 3, 3, 4, 4, 5, 6]
        assert "failed" not in seen
        await press(the(PutBackForm))
        assert the(PutBackForm).status.kind == "ok"
        assert statuses(await measured()) == ["not-yet"] * 6
        assert all(the(make).status.kind != "ok" for make in FORMS)

    play(scene)


def test_a_row_is_working_while_its_form_is() -> None:
    async def scene() -> None:
        board = await measured()
        form = the(TunnelForm)
        form.submit_button.click()
        assert 'data-status="busy"' in board.table.html
        await tasks.settled()
        await board.measure()
        assert 'data-status="busy"' not in board.table.html

    play(scene)


def test_all_who_show_a_step_share_one_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        asked: list[tuple[str, ...]] = []
        run = checks.run

        def counted(kit: Kit, names: Any) -> Any:
            asked.append(tuple(names))
            return run(kit, names)

        await measured()
        shown = [the(Head, number) for number in range(4)] + [the(Check, "credentials")]
        monkeypatch.setattr(checks, "run", counted)
        this_setup.this_setup().changed()
        await until(lambda: len(asked) == 1 and "0 of 6" in shown[0].line.html)
        assert set(asked[0]) == {step.check for step in STEPS}

    play(scene)


# A green line is about what stands above it


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (TunnelForm, "domain"),
        (TunnelForm, "token"),
        (CredentialsForm, "client_id"),
        (CredentialsForm, "secret"),
        (ProviderForm, "callback"),
        (ProviderForm, "client_id"),
        (ProviderForm, "secret"),
        (ProviderForm, "email"),
        (ProviderForm, "password"),
        (BackendForm, "folder"),
        (FrontEndForm, "folder"),
        (ProviderFileForm, "folder"),
    ],
)
def test_one_changed_character_is_not_green_and_taking_it_back_is(make: type, field: str) -> None:
    async def scene() -> None:
        this_setup.this_setup().rehearse_up_to(3)
        this_setup.this_setup().write_provider_file()
        form = the(make)
        await press(form)
        assert form.status.kind == "ok"
        said, changed = form.status.text, getattr(form, field)
        if isinstance(changed, w.Text):
            before = changed.value
            changed.value += "1"
            assert form.status.kind == "not-yet"
            assert form.submit_button.description in form.status.text
            changed.value = before
            assert (form.status.kind, form.status.text) == ("ok", said)
        else:
            type_secret(changed, changed.secret.reveal()[:-1] + "0")
            assert form.status.kind == "not-yet"

    play(scene)


def test_starting_with_another_token_starts_anew_and_a_refused_one_is_not_kept() -> None:
    async def scene() -> None:
        form, kit = the(TunnelForm), this_setup.this_setup()
        await press(form)
        tunnel, before = kit.public_address.tunnel, kit.settings.ngrok_authtoken
        type_secret(form.token, "revoked_canary_token_12345")
        await press(form)
        assert form.status.kind == "failed"
        assert not kit.public_address.is_open, "what was open was opened with the other token"
        assert kit.settings.ngrok_authtoken == before
        type_secret(form.token, before.reveal())
        await press(form)
        assert form.status.kind == "ok"
        assert kit.public_address.tunnel is not tunnel

    play(scene)


# Another setup in the same kernel


async def type_canaries() -> None:
    for field, text in (
        (the(TunnelForm).token, TOKEN),
        (the(CredentialsForm).secret, CLIENT_SECRET),
        (the(ProviderForm).secret, CLIENT_SECRET),
        (the(ProviderForm).password, PASSWORD),
    ):
        type_secret(field, text)
    the(ProviderForm).email.value = "canary@example.com"
    the(CredentialsForm).client_id.value = "990099009900"
    the(BackendForm).folder.value = "/canary/project"


def held() -> str:
    """Everything that stands in a field or in a fact."""
    kit = this_setup.this_setup()
    values = [vars(kit.settings)] + [
        [
            each.secret.reveal() if hasattr(each, "secret") else getattr(each, "value", "")
            for each in form.fields
        ]
        for form in map(the, FORMS)
    ]
    return str([str(each) for each in values]) + str(
        [value.reveal() for value in vars(kit.settings).values() if isinstance(value, Secret)]
    )


CANARIES = (TOKEN, CLIENT_SECRET, PASSWORD, "canary@example.com", "990099009900", "/canary/project")


async def choose(mode: str, flow: str = "today") -> StartForm:
    form = the(StartForm)
    form.mode.value, form.flow.value = mode, flow
    await press(form)
    await asyncio.sleep(0.05)
    return form


def test_nothing_typed_in_a_rehearsal_stands_anywhere_live_and_all_is_not_yet(tmp_path: Path) -> None:
    async def scene() -> None:
        for make in FORMS:
            the(make)
        await type_canaries()
        assert all(canary in held() for canary in CANARIES)
        form = await choose("live")
        assert form.status.kind == "ok"
        assert [canary for canary in CANARIES if canary in held()] == []
        assert this_setup.this_setup().settings.live
        assert not the(BackendForm).folder.disabled
        assert "passed" not in statuses(await measured())
        assert not the(FrontEndForm).folder.disabled

    play(scene)


def test_nothing_typed_live_stands_anywhere_in_a_rehearsal(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"KIT_MODE=live\nINSTAGRAM_CLIENT_SECRET={LIVE_SECRET}\n")

    async def scene() -> None:
        for make in FORMS:
            the(make)
        await type_canaries()
        await choose("rehearsal")
        assert [canary for canary in (*CANARIES, LIVE_SECRET) if canary in held()] == []
        assert the(CredentialsForm).client_id.value == ""
        assert the(BackendForm).folder.disabled
        await do(*FORMS[:-1])
        await log_in()
        assert statuses(await measured()) == ["passed"] * 6

    play(scene)


def test_switching_the_flow_shows_its_facts_in_the_forms_that_stand_there_at_once() -> None:
    async def scene() -> None:
        await do(*FORMS[:-1])
        await log_in()
        trace = the(Trace)
        trace.draw()
        assert "kit_rehearsal" in trace.table.value
        await choose("rehearsal", "documented")
        assert statuses(await measured()) == ["not-yet"] * 6
        assert [field.value for field in the(UrlsForm).fields] == ["", "", ""]
        assert the(UrlsForm).fields[0].label == "Valid OAuth Redirect URIs"
        assert trace.table.value == "Nobody has opened the login yet."
        assert all(the(make).status.kind == "" for make in FORMS)
        await do(*FORMS[:-1])
        await log_in()
        assert "kit_rehearsal" in trace.table.value, "it listens to what is there now"
        assert statuses(await measured()) == ["passed"] * 6

    play(scene)


def test_switching_ends_a_login_that_is_still_waited_for() -> None:
    async def scene() -> None:
        await do(*FORMS[:-1])
        the(LoginForm).tab_button.click()
        await until(lambda: "href" in the(LoginForm).link.value)
        began = time.monotonic()
        await choose("rehearsal", "documented")
        assert time.monotonic() - began < 15
        assert the(StartForm).status.kind == "ok"
        assert (the(LoginForm).link.value, the(LoginForm).status.kind) == ("", "")

    play(scene)


def test_what_runs_is_ended_with_the_former_setup() -> None:
    async def scene() -> None:
        await do(TunnelForm)
        kit = this_setup.this_setup()
        tunnel, world, gateway = kit.public_address.tunnel, kit.world, kit.gateway
        await choose("live")
        assert tunnel is not None
        assert world is not None
        assert (tunnel.alive, gateway.running, world.folder.exists()) == (False, False, False)

    play(scene)


# Waiting, late, and again


def test_a_login_that_is_waited_for_blocks_neither_the_doctor_nor_another_form() -> None:
    async def scene() -> None:
        await do(*FORMS[:-1])
        the(LoginForm).tab_button.click()
        await until(lambda: "href" in the(LoginForm).link.value)
        doctor = the(Doctor)
        doctor.again.click()
        await until(lambda: doctor.headline.kind not in ("", "busy"))
        the(CredentialsForm).submit_button.click()
        await until(lambda: the(CredentialsForm).status.kind == "ok")
        assert the(LoginForm).status.kind == "busy"
        the(LoginForm).cancel_button.click()
        await tasks.settled()

    play(scene)


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


def test_a_chapter_out_of_order_fails_as_in_life_with_the_true_cause() -> None:
    async def scene() -> None:
        await press(the(UrlsForm))
        assert the(UrlsForm).status.kind == "failed"
        assert "start the tunnel in 1.1 first" in the(UrlsForm).status.text

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


def test_a_cell_that_runs_again_shows_the_same_form_with_what_was_typed() -> None:
    async def scene() -> None:
        cells.tunnel_form()
        form = the(TunnelForm)
        form.domain.value = "half-typed"
        kit = this_setup.this_setup()
        cells.tunnel_form()
        assert the(TunnelForm) is form
        assert form.domain.value == "half-typed"
        assert this_setup.this_setup() is kit

    play(scene)


def test_a_person_has_typed_something_else_and_no_change_takes_it_away() -> None:
    async def scene() -> None:
        form, kit = the(ProviderForm), this_setup.this_setup()
        form.email.value = "me@example.com"
        kit.learn(client_id="4242424242")
        kit.changed()
        await until(lambda: form.client_id.value == "4242424242")
        assert form.email.value == "me@example.com"

    play(scene)


def test_a_secret_is_typed_once_and_stands_where_it_is_needed_again() -> None:
    async def scene() -> None:
        form = the(CredentialsForm)
        form.client_id.value = settings.SAMPLE_CLIENT_ID
        type_secret(form.secret, CLIENT_SECRET)
        the(ProviderForm)
        await press(form)
        await until(lambda: the(ProviderForm).secret.secret == Secret(CLIENT_SECRET))

    play(scene)


# The end of a run


def test_a_run_of_the_whole_leads_back_to_the_top_and_a_single_cell_does_not() -> None:
    async def scene() -> None:
        for number in range(7):
            cells.chapter(number)
        cells.all_ready()
        assert the(ready.Ready).line.back
        the(ready.Ready).line.back = False
        cells.all_ready()
        assert not the(ready.Ready).line.back

    play(scene)


# Nobody looks


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


# Autopilot


def test_what_follows_from_a_failed_step_waits_for_it_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIT_AUTOPILOT", "1")

    async def scene() -> None:
        cells.chapter(0)
        kit = this_setup.this_setup()
        assert kit.world
        monkeypatch.setattr(restart, "_BY_ITSELF", 0.2)
        kit.world.strapi.restart = lambda: None  # type: ignore[method-assign]
        cells.tunnel_form()
        await cells.check("public-address")
        cells.backend_form()
        with pytest.raises(Exception, match="Strapi does not watch"):
            await cells.check("server-url")
        cells.credentials_form()
        await cells.check("credentials")
        assert the(CredentialsForm).status.text == "waits for 1.2 Tell your backend"
        assert the(Check, "credentials").status.kind == "not-yet"
        await cells.doctor()
        del kit.world.strapi.restart  # mended
        cells.chapter(0)
        cells.backend_form()
        assert progress.of(kit).stopped_by == ""

    play(scene)


def test_no_secret_of_a_former_setup_is_left_in_a_widgets_state() -> None:
    async def scene() -> None:
        await type_canaries()
        await choose("live")
        widgets = [each for each in gc.get_objects() if issubclass(type(each), w.Widget)]
        shown = json.dumps(w.Widget.get_manager_state()) + "".join(map(repr, widgets))
        assert [canary for canary in (TOKEN, CLIENT_SECRET, PASSWORD) if canary in shown] == []

    play(scene)
