"""What all forms have in common when a person types and presses, without autopilot, in a rehearsal."""

from __future__ import annotations

import ipywidgets as w

from helpers.core import settings
from helpers.core.masking import Secret
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.notebook import board_view, check_views
from helpers.notebook.failure_forms import failure_pages
from helpers.notebook.project_forms import by_hand
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm, UrlsForm
from helpers.notebook.start_form import StartForm
from helpers.notebook.tunnel_form import TunnelForm
from helpers.notebook.widgets import NO_WIDGETS, CopyField, SecretField
from tests.support.forms import (
    play,
    press,
    until,
)


def test_a_mode_whose_facts_cannot_be_used_leaves_everything_running(kit: Kit) -> None:
    (kit.settings.home / ".env").write_text("STRAPI_URL=localhost\n")

    async def scene() -> None:
        form = StartForm(kit)
        form.mode.value = "live"
        await press(form)
        assert form.status.kind == "failed"
        assert "STRAPI_URL" in form.status.text
        assert settings.load({}, kit.settings.home).mode == "rehearsal"
        assert checks.run(kit, ("strapi",))[0].status == "passed"

    play(scene)


def test_switching_the_flow_changes_every_address(kit: Kit) -> None:
    async def scene() -> None:
        form = StartForm(kit)
        form.flow.value = "documented"
        await press(form)
        assert form.status.kind == "ok"
        kit.open_address()
        assert kit.urls.callback == "https://65e60559.ngrok.io/api/connect/instagram/callback"
        assert kit.urls.frontend_redirect == "http://localhost:3000/connect/instagram/redirect"
        assert settings.load({}, home=kit.settings.home).flow == "documented"
        labels = [field.label for field in UrlsForm(kit).fields]
        assert labels == ["Valid OAuth Redirect URIs", "Deauthorize", "Data Deletion Requests"]

    play(scene)


def test_the_documented_login_live_is_no_good_news(kit: Kit) -> None:
    async def scene() -> None:
        form = StartForm(kit)
        form.mode.value, form.flow.value = "live", "documented"
        await press(form)
        assert form.status.kind == "note"
        assert "cannot succeed live" in form.status.text
        assert "Open notebook" not in form.status.text

    play(scene)


def test_a_failed_check_does_not_say_that_all_is_well(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(3)
        kit.write_provider_file()
        card = check_views.Check(kit, "provider")
        await card.measure()
        assert card.status.kind == "not-yet"
        assert checks.TITLES["provider"] not in card.status.text
        card.again.click()  # whoever asks wants to know
        await until(lambda: card.status.kind == "failed")
        assert checks.TITLES["provider"] not in card.status.text
        kit.save_provider()
        kit.changed()
        await card.measure()
        assert card.status.text.startswith(checks.TITLES["provider"])

    play(scene)


def test_a_bug_is_shown_beside_the_button_without_a_traceback(kit: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(kit)
        kit.open_address = lambda *_: 1 / 0  # type: ignore[assignment,method-assign,return-value]
        await press(form)
        assert form.status.kind == "failed"
        assert "ZeroDivisionError" in form.status.text
        assert "Traceback" not in str(form.status.get_state())

    play(scene)


def test_every_form_has_a_label_on_every_field(kit: Kit) -> None:
    async def scene() -> None:
        for form in (
            StartForm,
            TunnelForm,
            CredentialsForm,
            ProviderForm,
        ):
            for field in form(kit).children:
                if isinstance(field, w.Text | w.RadioButtons | w.Checkbox):
                    assert field.description
                elif isinstance(field, SecretField | CopyField):
                    assert field.label

    play(scene)


def test_a_program_without_widgets_shows_a_sentence_instead(kit: Kit) -> None:
    async def scene() -> None:
        shown = [
            StartForm(kit),
            board_view.Board(kit),
            by_hand(kit),
            failure_pages(),
        ]
        bundles = [widget._repr_mimebundle_() for widget in shown]
        assert {bundle["text/plain"] for bundle in bundles} == {NO_WIDGETS}
        assert all("application/vnd.jupyter.widget-view+json" in bundle for bundle in bundles)

    play(scene)
    assert "E10" in NO_WIDGETS
    assert "VBox" not in NO_WIDGETS


def test_all_that_is_wrong_in_a_form_is_said_at_once(kit: Kit) -> None:
    async def scene() -> None:
        form = ProviderForm(kit)
        form.email.value = "nobody"
        form.password.hold(Secret())
        form.callback.value = "shop"
        await press(form)
        assert form.status.kind == "failed"
        for told in ("client ID is empty", "secret is empty", "must be absolute", "e-mail", "password"):
            assert told in form.status.text

    play(scene)
