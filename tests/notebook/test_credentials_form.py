"""The addresses for Meta, and the ID and secret from there."""

from __future__ import annotations

import pytest

from helpers.kit import Kit
from helpers.notebook.setup_forms import CredentialsForm, UrlsForm
from helpers.notebook.widgets import CopyField
from tests.support.forms import (
    play,
    press,
    type_secret,
)


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
