"""Every exercise: nothing names it before somebody asks, and the forms repair it until a login works."""

from __future__ import annotations

import asyncio
import re

import pytest

from helpers import failures
from helpers.doctor import checks, diagnosis
from helpers.kit import Kit
from helpers.notebook import tasks
from helpers.notebook.check_views import Doctor
from helpers.notebook.form import Form
from helpers.notebook.meta_form import MetaForm
from helpers.notebook.practice_room import PracticeForm
from helpers.notebook.project_forms import BackendForm, FrontEndForm, ProjectForm, ProviderFileForm
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm
from helpers.notebook.tunnel_form import TunnelForm
from helpers.practice.room import _exercises
from helpers.rehearsal.strapi.parts import RateLimit
from helpers.rehearsal.world import AUTHTOKEN


async def settled() -> None:
    await tasks.settled()
    await asyncio.sleep(0)


@pytest.mark.parametrize("id_", sorted(_exercises()))
def test_an_exercise_is_unnamed_and_repaired_through_the_forms(kit: Kit, id_: str) -> None:
    async def scene() -> None:
        room = PracticeForm(kit)
        room.number.value = str(_exercises().index(id_))
        room.submit_button.click()
        await settled()
        told = [room.status.text]
        doctor = Doctor(kit)
        await doctor.measure()
        told += [doctor.headline.text, doctor.cards.value, *diagnosis.as_lines(doctor.results)]
        room.login_button.click()
        await settled()
        assert room.status.kind in ("failed", "note"), "an exercise that stops no login"
        told += [room.status.text, room.status.evidence, room.seen.value]
        assert re.search(rf"\b{id_}\b|{re.escape(failures.get(id_).title)}", "\n".join(told)) is None
        assert room.status.fix == []

        await repair(kit)
        assert kit.world
        kit.world.strapi.limit = RateLimit()  # a person takes longer than Strapi's minute
        room.login_button.click()
        await settled()
        found = [(cause.id, cause.evidence) for cause, _ in checks.causes(checks.run(kit))]
        assert (room.status.kind, f"[{id_}]" in room.status.text) == ("ok", True), (room.status.text, found)
        assert not room.practice.broken
        assert [cause.failure for cause, _ in checks.causes(checks.run(kit))] == []

    asyncio.run(scene())


async def repair(kit: Kit) -> None:
    """What a careful person does who goes through chapters 1 to 3 once more."""
    assert kit.world
    tunnel = TunnelForm(kit)
    tunnel.token.hold(type(tunnel.token.secret)(AUTHTOKEN))
    tunnel.domain.value = ""
    await pressed(tunnel)
    for project in (BackendForm(kit), FrontEndForm(kit)):
        await applied(project)
    await MetaForm(kit).catch_up()
    credentials = CredentialsForm(kit)
    credentials.client_id.value = kit.world.meta.app.client_id
    credentials.secret.hold(kit.world.meta.app.client_secret)
    await pressed(credentials)
    await applied(ProviderFileForm(kit))
    provider = ProviderForm(kit)
    provider.callback.value = kit.urls.frontend_redirect
    await pressed(provider)


async def applied(form: ProjectForm) -> None:
    await pressed(form)
    form.apply_button.click()
    await settled()


async def pressed(form: Form) -> None:
    form.submit_button.click()
    await settled()
    assert form.status.kind == "ok", form.status.text
