"""Everything put back by a press, and what is left alone."""

from __future__ import annotations

from pathlib import Path

from helpers.core.masking import Secret
from helpers.kit import Kit
from helpers.notebook.login_form import LoginForm
from helpers.notebook.put_back_form import PutBackForm
from tests.support.forms import (
    allow,
    play,
    press,
    read_all,
)


def test_putting_back_restores_files_and_provider_and_closes_the_door(kit: Kit) -> None:
    async def scene() -> None:
        project = Path(kit.settings.strapi_project)
        before, files = kit.admin().providers(), read_all(project)
        kit.rehearse_up_to(4)
        assert read_all(project) != files
        form = PutBackForm(kit)
        await press(form)
        assert form.status.kind == "ok"
        kit.world.restart_strapi()
        assert kit.admin().providers() == before
        assert read_all(project) == files
        assert not kit.public_address.is_open
        await press(form)
        assert "no provider was changed; no file was changed" in form.status.text

    play(scene)


def test_the_user_that_the_login_made_is_named_and_deleted_on_request(ready: Kit) -> None:
    async def scene() -> None:
        await allow(LoginForm(ready))
        form = PutBackForm(ready)
        form.provider.value = form.files.value = True
        assert ready.admin().users(ready.flow.email_domain)
        form.users.value = True
        await press(form)
        assert "the user of your login, kit_rehearsal, is deleted" in form.status.text
        assert ready.admin().users(ready.flow.email_domain) == []

    play(scene)


def test_the_user_stays_and_is_named_unless_somebody_asks(ready: Kit) -> None:
    async def scene() -> None:
        await allow(LoginForm(ready))
        form = PutBackForm(ready)
        await press(form)
        assert "the user of your login, kit_rehearsal, stays in Strapi" in form.status.text
        assert len(ready.admin().users(ready.flow.email_domain)) == 1

    play(scene)


def test_putting_back_without_a_password_asks_for_it_in_the_form(ready: Kit) -> None:
    async def scene() -> None:
        email, password = ready.settings.strapi_admin_email, ready.settings.strapi_admin_password
        ready.use(strapi_admin_email="", strapi_admin_password=Secret())
        form = PutBackForm(ready)
        form.forget.value = True
        await press(form)
        assert form.status.kind == "failed"
        assert "are not put back" in form.status.text
        assert "typed values are forgotten" not in form.status.text
        assert ready.undo.recorded
        form.email.value = email
        form.password.hold(password)
        await press(form)
        assert form.status.kind == "ok"
        assert ready.undo.recorded == []

    play(scene)


def test_a_file_changed_since_is_left_alone_and_said(ready: Kit) -> None:
    async def scene() -> None:
        overlay = Path(ready.settings.strapi_project) / "config/env/development/server.js"
        overlay.write_text(overlay.read_text() + "// mine\n")
        form = PutBackForm(ready)
        await press(form)
        assert form.status.kind == "failed"
        assert "config/env/development/server.js changed after" in form.status.text
        assert "// mine" in overlay.read_text()
        assert "has its former settings" in form.status.text

    play(scene)


def test_forgetting_removes_what_was_typed(ready: Kit) -> None:
    async def scene() -> None:
        ready.learn(client_id="42")
        form = PutBackForm(ready)
        form.forget.value = True
        await press(form)
        assert "42" not in ready.settings.file.read_text()

    play(scene)
