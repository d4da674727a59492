"""A staging host behind an authority of its own: typed once, for the checks and for the administrator."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from helpers.notebook.go_live_check import GoLiveForm
from helpers.notebook.go_live_layout import Deployed, LayoutForm
from helpers.notebook.this_setup import the
from tests.support.forms import play
from tests.support.one_setup import press
from tests.support.servers import RawServer, answers_over_tls

pytestmark = pytest.mark.usefixtures("kernel")


def test_a_staging_host_is_reached_by_address_and_authority(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KIT_MODE", "live")
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.cert_pem.write_to_path(str(tmp_path / "ours.pem"))
    authority.issue_cert("api.example.com", "www.example.com").configure_cert(context)

    async def scene() -> None:
        form = the(LayoutForm)
        assert form.staging.layout.display == ""
        form.strapi.value = f"https://api.example.com:{port}"
        form.page.value = f"https://www.example.com:{port}"
        form.resolve.value = f"api.example.com:{port}:127.0.0.1, www.example.com:{port}:127.0.0.1"
        form.cacert.value = str(tmp_path / "ours.pem")
        await press(form)
        assert form.status.kind == "ok", form.status
        await press(the(GoLiveForm))
        assert f"Strapi answers at https://api.example.com:{port}" in the(GoLiveForm).found.value
        with the(Deployed).http() as http:
            assert http.get(f"https://api.example.com:{port}/admin").status_code == 204

    server = RawServer(answers_over_tls(context))
    port = int(server.url.rpartition(":")[2])
    try:
        play(scene)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("resolve", "cacert", "said"),
    [("api.example.com", "", "HOST:PORT:ADDRESS"), ("", "/nowhere/ca.pem", "no file of certificates")],
)
def test_what_is_typed_wrong_is_said_beside_the_form(
    monkeypatch: pytest.MonkeyPatch, resolve: str, cacert: str, said: str
) -> None:
    monkeypatch.setenv("KIT_MODE", "live")

    async def scene() -> None:
        form = the(LayoutForm)
        form.strapi.value, form.page.value = "https://api.example.com", "https://www.example.com"
        form.resolve.value, form.cacert.value = resolve, cacert
        await press(form)
        assert form.status.kind == "failed"
        assert said in form.status.text

    play(scene)


def test_all_that_is_typed_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_MODE", "live")

    async def scene() -> None:
        form = the(LayoutForm)
        form.strapi.value, form.page.value, form.cacert.value = (
            "",
            "http://www.example.com",
            "/nowhere/ca.pem",
        )
        await press(form)
        for said in ("Strapi's address is empty", "must begin with https", "no file of certificates"):
            assert said in form.status.text

    play(scene)


def test_a_rehearsal_has_no_staging_host() -> None:
    async def scene() -> None:
        assert the(LayoutForm).staging.layout.display == "none"

    play(scene)
