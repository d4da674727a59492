"""Another choice begins another setup in the same kernel, and nothing of the former one stays."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from pathlib import Path

import ipywidgets as w
import pytest

from helpers.core.masking import Secret
from helpers.notebook import this_setup
from helpers.notebook.login_form import LoginForm
from helpers.notebook.login_view import Trace
from helpers.notebook.project_forms import BackendForm, FrontEndForm
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm, UrlsForm
from helpers.notebook.start_form import StartForm
from helpers.notebook.this_setup import the
from helpers.notebook.tunnel_form import TunnelForm
from tests.support.forms import play, type_secret, until
from tests.support.one_setup import (
    CLIENT_SECRET,
    FORMS,
    PASSWORD,
    TOKEN,
    do,
    log_in,
    measured,
    press,
    statuses,
)

pytestmark = pytest.mark.usefixtures("kernel")


LIVE_SECRET = "1234567890abcdef1234567890abcdef"


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
        the(LoginForm).submit_button.click()
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


def test_no_secret_of_a_former_setup_is_left_in_a_widgets_state() -> None:
    async def scene() -> None:
        await type_canaries()
        await choose("live")
        widgets = [each for each in gc.get_objects() if issubclass(type(each), w.Widget)]
        shown = json.dumps(w.Widget.get_manager_state()) + "".join(map(repr, widgets))
        assert [canary for canary in (TOKEN, CLIENT_SECRET, PASSWORD) if canary in shown] == []

    play(scene)
