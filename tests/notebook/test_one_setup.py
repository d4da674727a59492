"""One setup in one kernel: a board that is true, nothing old that stays green, cells that run again."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import pytest

from helpers.core import settings
from helpers.core.masking import Secret
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.notebook import cells, progress, ready, tasks, this_setup
from helpers.notebook.chapter_head import Head
from helpers.notebook.check_views import Check, Doctor
from helpers.notebook.login_form import LoginForm
from helpers.notebook.project_forms import BackendForm, FrontEndForm, ProviderFileForm
from helpers.notebook.put_back_form import PutBackForm
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm, UrlsForm
from helpers.notebook.steps import CHAPTERS, GO_LIVE, STEPS
from helpers.notebook.this_setup import the
from helpers.notebook.tunnel_form import TunnelForm
from helpers.strapi import restart
from tests.support import notebooks
from tests.support.forms import play, type_secret, until
from tests.support.one_setup import (
    CLIENT_SECRET,
    FORMS,
    do,
    log_in,
    measured,
    press,
    statuses,
)

pytestmark = pytest.mark.usefixtures("kernel")


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


def test_a_login_that_is_waited_for_blocks_neither_the_doctor_nor_another_form() -> None:
    async def scene() -> None:
        await do(*FORMS[:-1])
        the(LoginForm).submit_button.click()
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


def test_a_chapter_out_of_order_fails_as_in_life_with_the_true_cause() -> None:
    async def scene() -> None:
        await press(the(UrlsForm))
        assert the(UrlsForm).status.kind == "failed"
        assert "start the tunnel in 1.1 first" in the(UrlsForm).status.text

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


def test_a_run_of_the_whole_leads_back_to_the_top_and_a_single_cell_does_not() -> None:
    async def scene() -> None:
        for number in range(7):
            cells.chapter(number)
        cells.all_ready()
        line = the(ready.Ready, CHAPTERS[0]).line
        assert line.back
        line.back = False
        for alone in (5, None):
            if alone:
                cells.chapter(alone)
            cells.all_ready()
            assert not line.back

    play(scene)


def test_so_does_a_run_of_all_that_goes_live() -> None:
    first = "1 The two addresses"
    assert f'all_ready("{first}")' in notebooks.cells(notebooks.GO_LIVE, "code")[-1]
    assert f"## {first}\n" in notebooks.prose(notebooks.GO_LIVE)

    async def scene() -> None:
        for number, step in enumerate(GO_LIVE, 1):
            await cells.go_live(step)
            if number == 2:  # by hand, and then the last cell
                cells.all_ready(first)
                line = the(ready.Ready, first).line
                assert not line.back
                await cells.go_live(GO_LIVE[0])
                await cells.go_live(GO_LIVE[1])
        cells.all_ready(first)
        assert line.back

    play(scene)


def test_so_does_a_run_of_all_that_practises() -> None:
    first = "Break something"
    assert f'all_ready("{first}")' in notebooks.cells(notebooks.PRACTICE, "code")[-1]
    assert f"## {first}\n" in notebooks.prose(notebooks.PRACTICE)

    async def scene() -> None:
        await cells.doctor()
        cells.what_do_you_see()  # as in a chapter of the first notebook
        cells.all_ready(first)
        line = the(ready.Ready, first).line
        assert not line.back
        cells.practice_form()
        await cells.doctor()
        cells.what_do_you_see()
        cells.all_ready(first)
        assert line.back

    play(scene)


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
