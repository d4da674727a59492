"""What happens when a person types and presses, without autopilot, in a rehearsal."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest

from helpers.core import settings
from helpers.core.masking import Secret
from helpers.doctor import checks
from helpers.kit import Kit
from helpers.notebook import board_view, check_views, login_view, tasks
from helpers.notebook.failure_forms import failure_pages
from helpers.notebook.form import Form
from helpers.notebook.login_form import LoginForm
from helpers.notebook.project_forms import BackendForm, FrontEndForm, ProviderFileForm, by_hand
from helpers.notebook.put_back_form import PutBackForm
from helpers.notebook.setup_forms import CredentialsForm, ProviderForm, TunnelForm, UrlsForm
from helpers.notebook.start_form import StartForm
from helpers.notebook.widgets import NO_WIDGETS, CopyField, SecretField
from helpers.project.strapi_project import PROVIDER_FILE, Project
from helpers.rehearsal.ngrok.cloud import Cloud
from helpers.rehearsal.ngrok.install import install_agent
from helpers.rehearsal.strapi.server import ADMIN_EMAIL
from helpers.rehearsal.world import AUTHTOKEN


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(settings.load({}, home=tmp_path))
    yield kit
    kit.close()


@pytest.fixture
def ready(kit: Kit) -> Kit:
    """The rehearsal as it is before the login."""
    kit.rehearse_up_to(4)
    return kit


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


def type_secret(field: SecretField, text: str) -> None:
    """What the browser sends when a person leaves the field."""
    field._handle_custom_msg({"kind": "secret", "value": text}, [])


async def press(form: Form) -> None:
    form.submit_button.click()
    await tasks.settled()


def test_starting_the_tunnel_shows_the_public_address(kit: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(kit)
        await press(form)
        assert form.status.kind == "ok"
        assert form.status.text.startswith("https://65e60559.ngrok-free.dev forwards to the gateway")
        card = check_views.Check(kit, "public-address")
        await card.measure()
        assert card.result is not None
        assert card.result.status == "passed"

    play(scene)


def test_what_strapi_refuses_is_not_remembered(ready: Kit) -> None:
    async def scene() -> None:
        form = ProviderForm(ready)
        form.email.value = "me@example.com"
        await press(form)
        assert form.status.kind == "failed"
        assert settings.load({}, ready.settings.home).strapi_admin_email == ""
        form.email.value = ADMIN_EMAIL
        await press(form)
        assert form.status.kind == "ok"
        assert settings.load({}, ready.settings.home).strapi_admin_email == ADMIN_EMAIL

    play(scene)


def test_a_wrong_administrator_does_not_spoil_the_next_kernel(ready: Kit) -> None:
    async def wrong() -> None:
        form = ProviderForm(ready)
        form.email.value = "me@example.com"
        await press(form)

    async def right() -> None:
        form = LoginForm(following)
        form.submit_button.click()
        await until(lambda: form.consent.layout.display == "")
        form.allow.click()
        await tasks.settled()
        assert form.status.kind == "ok"

    play(wrong)
    following = Kit(settings.load({}, ready.settings.home))
    following.rehearse_up_to(4)
    try:
        play(right)
    finally:
        following.close()


def test_a_file_that_cannot_be_written_is_told_beside_the_button(ready: Kit) -> None:
    async def scene() -> None:
        form = CredentialsForm(ready)
        ready.settings.file.mkdir()
        form.client_id.value = "123456789012345"
        await press(form)
        assert form.status.kind == "failed"
        assert "cannot be used" in form.status.text

    play(scene)


def test_a_mode_whose_facts_cannot_be_used_leaves_everything_running(kit: Kit) -> None:
    (kit.settings.home / ".env").write_text("STRAPI_URL=localhost\n")

    async def scene() -> None:
        form = StartForm(kit)
        form.mode.value = "live"
        await press(form)
        assert form.status.kind == "failed"
        assert "STRAPI_URL" in form.status.text
        assert settings.load({}, kit.settings.home).mode == "rehearsal"
        assert checks.run_one(kit, "strapi").status == "passed"

    play(scene)


def test_pressing_start_twice_starts_one_tunnel(kit: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(kit)
        form.submit_button.click()
        form.submit_button.click()
        await tasks.settled()
        tunnel = kit.public_address.tunnel
        await press(form)
        assert kit.public_address.tunnel is tunnel
        assert form.status.kind == "ok"

    play(scene)


def test_a_wrong_token_is_named_and_never_shown(kit: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(kit)
        type_secret(form.token, "revoked_canary_token_12345")
        await press(form)
        assert form.status.kind == "failed"
        assert "[C03]" in form.status.text
        assert form.status.fix
        assert "canary" not in str(form.status.get_state())
        assert form.submit_button.disabled is False

    play(scene)


def test_stopping_the_tunnel_closes_the_door(ready: Kit) -> None:
    async def scene() -> None:
        form = TunnelForm(ready)
        form.stop_button.click()
        await tasks.settled()
        assert not ready.public_address.is_open
        assert form.status.kind == "ok"

    play(scene)


@pytest.mark.parametrize(
    ("client_id", "secret", "said"),
    [
        ("my-app", "0" * 32, "digits only"),
        ("", "0" * 32, "empty"),
        ("123", "0" * 31, "this one has 31"),
        ("123", "g" * 32, "each 0-9 or a-f"),
    ],
)
def test_wrong_credentials_are_refused_and_nothing_typed_is_lost(
    kit: Kit, client_id: str, secret: str, said: str
) -> None:
    async def scene() -> None:
        before = kit.settings
        form = CredentialsForm(kit)
        form.client_id.value = client_id
        type_secret(form.secret, secret)
        await press(form)
        assert form.status.kind == "failed"
        assert said in form.status.text
        assert (form.client_id.value, form.secret.secret.reveal()) == (client_id, secret)
        assert kit.settings == before
        assert not kit.settings.file.exists()

    play(scene)


def test_credentials_are_trimmed_and_only_the_id_is_kept_on_disk(kit: Kit) -> None:
    async def scene() -> None:
        form = CredentialsForm(kit)
        form.client_id.value = "  1234567890 "
        type_secret(form.secret, " 0123456789abcdef0123456789abcdef ")
        await press(form)
        assert form.status.kind == "ok"
        assert kit.settings.client_id == "1234567890"
        assert "0123456789abcdef" not in kit.settings.file.read_text()
        form.remember.value = True
        await press(form)
        assert "0123456789abcdef" in kit.settings.file.read_text()
        assert kit.settings.file.stat().st_mode & 0o777 == 0o600

    play(scene)


def test_the_urls_to_register_appear_with_the_tunnel(kit: Kit) -> None:
    async def scene() -> None:
        kit.open_address()
        form = UrlsForm(kit)
        fields = [field for field in form.children if isinstance(field, CopyField)]
        assert [field.value for field in fields] == [
            "https://65e60559.ngrok-free.dev/api/connect/instagram-business/callback",
            "https://65e60559.ngrok-free.dev/api/auth/instagram-business/deauthorize",
            "https://65e60559.ngrok-free.dev/api/auth/instagram-business/data-deletion",
        ]

    play(scene)


def test_saving_the_provider_changes_only_that_one(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(3)
        kit.write_provider_file()
        before = kit.admin().providers()
        form = ProviderForm(kit)
        await press(form)
        assert form.status.kind == "ok"
        after = kit.admin().providers()
        assert {name for name in after if after[name] != before[name]} == {"instagram-business"}
        await press(form)
        assert "nothing was written" in form.status.text

    play(scene)


def test_a_wrong_administrator_is_told_what_to_do(kit: Kit) -> None:
    async def scene() -> None:
        kit.rehearse_up_to(3)
        form = ProviderForm(kit)
        type_secret(form.password, "not-the-password")
        await press(form)
        assert form.status.kind == "failed"
        assert "does not let admin@example.com in" in form.status.text
        assert form.status.fix
        card = check_views.Check(kit, "server-url")
        asked: list[str] = []
        kit.http.event_hooks = {"request": [lambda request: asked.append(request.url.path)]}
        await card.measure()
        assert card.status.kind == "failed"
        assert "/admin/login" not in asked  # Strapi counts: a wrong password is not tried again

    play(scene)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/connect/instagram/redirect", "must be absolute"),
        ("https://x.example/api/connect/instagram/callback", "This is the address for Meta"),
    ],
)
def test_a_wrong_front_end_address_is_refused(kit: Kit, typed: str, said: str) -> None:
    async def scene() -> None:
        form = ProviderForm(kit)
        form.callback.value = typed
        await press(form)
        assert (form.status.kind, form.callback.value) == ("failed", typed)
        assert said in form.status.text

    play(scene)


async def until(condition: Callable[[], bool], patience: float = 10.0) -> None:
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.01)


def test_allowing_ends_in_a_witnessed_login(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        trace = login_view.Trace(ready)
        form.submit_button.click()
        await until(lambda: form.consent.layout.display == "")
        assert "kit_rehearsal" in form.question.value
        form.allow.click()
        await tasks.settled()
        assert form.status.kind == "ok"
        assert "kit_rehearsal is logged in" in form.status.text
        await until(lambda: "Logged in as kit_rehearsal" in trace.table.value)
        shown = board_view.Board(ready)
        await shown.measure()
        assert [result.status for result in shown.results] == ["passed"] * 6

    play(scene)


def test_denying_is_named_with_its_fix(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        form.submit_button.click()
        await until(lambda: form.consent.layout.display == "")
        form.deny.click()
        await tasks.settled()
        assert form.status.kind == "failed"
        assert "[B18]" in form.status.text
        assert form.status.fix

    play(scene)


def test_a_login_waiting_for_consent_can_be_cancelled(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        form.submit_button.click()
        await until(lambda: form.consent.layout.display == "")
        form.cancel_button.click()
        await tasks.settled()
        assert form.status.kind == "note"
        assert "cancelled" in form.status.text
        assert form.consent.layout.display == "none"

    play(scene)


def test_a_second_login_at_once_is_not_started(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        form.submit_button.click()
        await until(lambda: form.consent.layout.display == "")
        form.submit_button.click()
        form.allow.click()
        await tasks.settled()
        assert len(ready.gateway.witness.attempts) == 1
        assert form.status.kind == "ok"

    play(scene)


def test_a_real_tab_shows_its_address_and_can_be_cancelled(ready: Kit) -> None:
    async def scene() -> None:
        form = LoginForm(ready)
        form.tab_button.click()
        await until(lambda: "href" in form.link.value)
        assert 'href="http://127.0.0.1:' in form.link.value
        form.cancel_button.click()
        await tasks.settled()
        assert "Stopped waiting" in form.status.text

    play(scene)


def test_a_login_after_the_tunnel_was_stopped_opens_it_again(ready: Kit) -> None:
    async def scene() -> None:
        tunnel, form = TunnelForm(ready), LoginForm(ready)
        tunnel.stop_button.click()
        await tasks.settled()
        assert not ready.public_address.is_open
        form.submit_button.click()
        await until(lambda: form.consent.layout.display == "" or form.status.kind == "failed")
        form.allow.click()
        await tasks.settled()
        assert "kit_rehearsal is logged in" in form.status.text

    play(scene)


def test_a_live_link_leads_to_the_domain_that_the_tunnel_got(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud().start()
    told = {"KIT_NGROK_CLOUD": cloud.address, "KIT_NGROK_DOMAIN": "shop.ngrok-free.dev"}
    monkeypatch.setenv("PYNGROK_NGROK_PATH", str(install_agent(tmp_path, **told)))
    given = {"KIT_MODE": "live", "NGROK_AUTHTOKEN": AUTHTOKEN}
    kit = Kit(settings.load(given, home=tmp_path))

    async def scene() -> None:
        form = LoginForm(kit)
        form.submit_button.click()
        await until(lambda: bool(form.link.value))
        form.cancel_button.click()
        await tasks.settled()
        assert (
            'href="https://shop.ngrok-free.dev/api/connect/instagram-business?kit-browser=' in form.link.value
        )

    try:
        play(scene)
    finally:
        kit.close()
        cloud.stop()


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


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_user_that_the_login_made_is_named_and_deleted_on_request(ready: Kit) -> None:
    async def scene() -> None:
        await log_in(ready)
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
        await log_in(ready)
        form = PutBackForm(ready)
        await press(form)
        assert "the user of your login, kit_rehearsal, stays in Strapi" in form.status.text
        assert len(ready.admin().users(ready.flow.email_domain)) == 1

    play(scene)


async def log_in(kit: Kit) -> None:
    form = LoginForm(kit)
    form.submit_button.click()
    await until(lambda: form.consent.layout.display == "")
    form.allow.click()
    await tasks.settled()


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


def test_forgetting_removes_what_was_typed(ready: Kit) -> None:
    async def scene() -> None:
        ready.learn(client_id="42")
        form = PutBackForm(ready)
        form.forget.value = True
        await press(form)
        assert "42" not in ready.settings.file.read_text()

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


def test_the_front_end_of_a_rehearsal_gets_its_variable_from_the_form_and_loses_it_again(kit: Kit) -> None:
    async def scene() -> None:
        kit.open_address()
        assert checks.run_one(kit, "front-end-project").failure == "D02"
        form = FrontEndForm(kit)
        assert form.folder.disabled
        await press(form)
        form.apply_button.click()
        await tasks.settled()
        assert form.status.kind == "ok"
        assert checks.run_one(kit, "front-end-project").status == "passed"
        kit.undo.files.undo()
        assert checks.run_one(kit, "front-end-project").failure == "D02"

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


def test_a_tunnel_of_ones_own_leads_to_the_port_that_was_typed(tmp_path: Path) -> None:
    given = {"KIT_MODE": "live", "PUBLIC_URL": "https://shop.example"}
    kit = Kit(settings.load(given, home=tmp_path))

    async def scene() -> None:
        form = TunnelForm(kit)
        form.port.value = "80a"
        await press(form)
        assert (form.status.kind, form.port.value) == ("failed", "80a")
        assert "port number" in form.status.text
        port = free_port()
        form.port.value = str(port)
        await press(form)
        assert form.status.text.startswith("https://shop.example forwards to the gateway")
        assert kit.gateway.url == f"http://127.0.0.1:{port}"
        assert settings.load(given, home=tmp_path).gateway_port == port

    try:
        play(scene)
    finally:
        kit.close()


def test_a_taken_port_is_said_with_its_fix(tmp_path: Path) -> None:
    given = {"KIT_MODE": "live", "PUBLIC_URL": "https://shop.example"}
    kit = Kit(settings.load(given, home=tmp_path))

    async def scene() -> None:
        form = TunnelForm(kit)
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            form.port.value = str(other.getsockname()[1])
            await press(form)
        assert form.status.kind == "failed"
        assert "[E04]" in form.status.text
        assert form.status.fix

    try:
        play(scene)
    finally:
        kit.close()


def test_a_strapi_that_is_down_is_said_with_its_fix(tmp_path: Path) -> None:
    given = {"KIT_MODE": "live", "STRAPI_URL": f"http://127.0.0.1:{free_port()}"}
    kit = Kit(settings.load(given, home=tmp_path))

    async def scene() -> None:
        card = check_views.Check(kit, "strapi")
        card.again.click()
        await until(lambda: card.status.kind == "failed")
        assert "[C06]" in card.status.text
        assert card.status.fix

    try:
        play(scene)
    finally:
        kit.close()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_checking_again_and_again_asks_strapi_for_one_login_at_a_time(ready: Kit) -> None:
    async def scene() -> None:
        cards = [check_views.Check(ready, name) for name in ("provider", "server-url", "provider")]
        before = hits(ready)
        for card in cards:
            await card.measure()
        assert hits(ready) == before + 1
        cards[0].again.click()
        await until(lambda: hits(ready) == before + 2)
        assert all(card.status.kind == "ok" for card in cards)

    play(scene)


def hits(kit: Kit) -> int:
    """How often Strapi was asked to start a login; it keeps count itself, for its limit."""
    assert kit.world is not None
    return sum(
        count for bucket, (count, _) in kit.world.strapi.limit._buckets.items() if "/connect/" in bucket
    )


def test_a_stale_stored_endpoint_is_named_and_repaired(ready: Kit) -> None:
    assert ready.world is not None
    stale = {"authorize_url": "https://api.instagram.com/oauth/authorize"}
    ready.world.strapi.providers[ready.flow.provider] |= stale

    async def scene() -> None:
        ready.changed()
        card = check_views.Check(ready, "provider")
        await card.measure()
        assert "[B01]" in card.status.text
        await press(ProviderForm(ready))
        await card.measure()
        assert card.status.kind == "ok"

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


@pytest.mark.parametrize(("old", "said"), [(0, False), (2, True)])
def test_users_of_the_old_provider_are_counted_before_the_switch(ready: Kit, old: int, said: bool) -> None:
    assert ready.world
    for number in range(old):
        ready.world.strapi.users.add("instagram", f"ada{number}", f"ada{number}@strapi.io")

    async def scene() -> None:
        form = ProviderForm(ready)
        form.submit()
        await tasks.settled()
        told = f"{old} user(s) have an address @strapi.io, as the old provider instagram makes up"
        assert (told in form.status.text) == said

    play(scene)


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
