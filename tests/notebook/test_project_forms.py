"""Changes to a project, shown and then made."""

from __future__ import annotations

from pathlib import Path

from helpers.doctor import checks
from helpers.kit import Kit
from helpers.notebook import check_views, tasks
from helpers.notebook.project_forms import BackendForm, FrontEndForm, ProviderFileForm
from helpers.notebook.setup_forms import CredentialsForm
from helpers.project.strapi_project import PROVIDER_FILE, Project
from tests.support.forms import (
    play,
    press,
    read_all,
)


def test_a_file_that_cannot_be_written_is_told_beside_the_button(ready: Kit) -> None:
    async def scene() -> None:
        form = CredentialsForm(ready)
        ready.settings.file.mkdir()
        form.client_id.value = "123456789012345"
        form.remember.value = True  # else a rehearsal goes on without
        await press(form)
        assert form.status.kind == "failed"
        assert "cannot be used" in form.status.text

    play(scene)


def test_an_address_of_an_earlier_time_is_named_and_taken_out(kit: Kit) -> None:
    async def scene() -> None:
        project = Path(kit.settings.strapi_project)
        Project(project).address("https://old.ngrok-free.dev").apply(kit.undo.files)
        before = set(read_all(project))
        form = BackendForm(kit)
        assert form.status.kind == "note"
        assert "https://old.ngrok-free.dev of an earlier time" in form.status.text
        form.take_out_button.click()
        await tasks.settled()
        assert "Taken out" in form.status.text
        assert before - set(read_all(project)) == {str(project / "config/env/development/server.js")}
        assert BackendForm(kit).status.kind == ""

    play(scene)


def test_a_change_is_shown_before_it_is_made(kit: Kit) -> None:
    async def scene() -> None:
        kit.open_address()
        project = Path(kit.settings.strapi_project)
        before = read_all(project)
        form = BackendForm(kit)
        await press(form)
        assert "+module.exports = { url: 'https://65e60559.ngrok-free.dev' };" in form.diff.text
        assert '<span class="kit-added">+module.exports' in form.diff.value
        assert (form.submit_button.button_style, form.apply_button.button_style) == ("", "primary")
        assert read_all(project) == before
        form.apply_button.click()
        await tasks.settled()
        assert form.status.kind == "ok"
        assert "Strapi has restarted by itself" in form.status.text
        assert (form.submit_button.button_style, form.apply_button.button_style) == ("primary", "")
        assert set(read_all(project)) - set(before) == {str(project / "config/env/development/server.js")}
        await press(form)
        assert "Nothing to change" in form.status.text
        card = check_views.Check(kit, "server-url")
        await card.measure()
        assert card.status.kind == "ok"

    play(scene)


def test_a_folder_that_is_no_strapi_project_is_said(kit: Kit, tmp_path: Path) -> None:
    async def scene() -> None:
        kit.open_address()
        form = BackendForm(kit)
        form.folder.value = str(tmp_path)
        await press(form)
        assert form.status.kind == "failed"
        assert "package.json" in form.status.text
        assert form.folder.value == str(tmp_path)

    play(scene)


def test_the_provider_file_is_written_where_strapi_looks_for_it_once_it_was_shown(kit: Kit) -> None:
    async def scene() -> None:
        form = ProviderFileForm(kit)
        written = Path(kit.settings.strapi_project) / PROVIDER_FILE
        form.apply_button.click()
        await tasks.settled()
        assert form.status.text == "2 file(s) would change: read what, then press Apply"
        assert not written.exists()
        form.apply_button.click()
        await tasks.settled()
        assert "instagram-business" in written.read_text()

    play(scene)


def test_a_rehearsal_has_a_front_end_of_its_own_and_touches_no_other(kit: Kit) -> None:
    async def scene() -> None:
        form = FrontEndForm(kit)
        assert form.folder.disabled
        assert Path(form.folder.value).is_relative_to(kit.folder)

    play(scene)


def test_a_link_to_another_provider_is_told_with_the_plan(kit: Kit, tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "page/src").mkdir(parents=True)
        (tmp_path / "page/package.json").write_text('{"dependencies": {"vite": "8"}}')
        (tmp_path / "page/src/main.js").write_text(
            "go(import.meta.env.VITE_API + '/api/connect/instagram');\n"
        )
        kit.open_address()
        plan = FrontEndForm(kit).plan(str(tmp_path / "page"))
        assert [change.after for change in plan.changes] == [f"VITE_API={kit.public_url}\n".encode()]
        (told,) = plan.by_hand
        assert "leads to /connect/instagram, and this setup's provider is instagram-business" in str(told)
        assert "In src/main.js line 1 write instagram-business instead of instagram." in told.snippet

    play(scene)


def test_the_front_end_of_a_rehearsal_gets_its_variable_from_the_form_and_loses_it_again(kit: Kit) -> None:
    async def scene() -> None:
        kit.open_address()
        assert checks.run(kit, ("front-end-project",))[0].failure == "D02"
        form = FrontEndForm(kit)
        assert form.folder.disabled
        await press(form)
        form.apply_button.click()
        await tasks.settled()
        assert form.status.kind == "ok"
        assert checks.run(kit, ("front-end-project",))[0].status == "passed"
        kit.undo.files.undo()
        assert checks.run(kit, ("front-end-project",))[0].failure == "D02"

    play(scene)
