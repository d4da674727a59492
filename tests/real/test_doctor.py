"""The doctor on real Strapis that are in order: it finds nothing, and it changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from helpers.core import settings
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.doctor import checks
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, UNKNOWN
from helpers.kit import Kit
from helpers.rehearsal.internet import Internet
from helpers.strapi.rate_limits import PoliteStrapi
from tests.real.strapi import ADMIN_EMAIL, ADMIN_PASSWORD, NEWEST, VERSIONS, RealStrapi

pytestmark = pytest.mark.real

DOMAIN = "shop.example"


@contextmanager
def set_up(folder: Path, version: str, **environment: str) -> Iterator[tuple[Kit, RealStrapi]]:
    """A live setup as it is after chapter 3, behind a tunnel of the reader's own."""
    public, internet = f"https://{DOMAIN}", Internet()
    with RealStrapi(folder, version, public_url=public, environment=environment) as strapi:
        given = {
            "KIT_MODE": "live", "PUBLIC_URL": public, "STRAPI_URL": strapi.url,
            "STRAPI_PROJECT": str(strapi.project), "STRAPI_ADMIN_EMAIL": ADMIN_EMAIL,
            "STRAPI_ADMIN_PASSWORD": ADMIN_PASSWORD.reveal(), "INSTAGRAM_CLIENT_ID": SAMPLE_CLIENT_ID,
            "INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET,
        }  # fmt: skip
        kit = Kit(settings.load(given, home=folder))
        # The one thing that is not real: where the public name is dialled.
        internet.add(DOMAIN, lambda: int(kit.gateway.url.rpartition(":")[2]))
        kit.http = httpx.Client(transport=internet.transport(), timeout=10)
        kit.strapi = PoliteStrapi(kit.http, strapi.url)
        try:
            kit.open_address()
            kit.save_provider()
            kit.changed()
            yield kit, strapi
        finally:
            kit.close()
            internet.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_strapi_in_order_raises_no_alarm(version: str, tmp_path: Path) -> None:
    with set_up(tmp_path, version) as (kit, _):
        asked = Counter[str]()
        kit.http.event_hooks["request"].append(lambda request: asked.update([request.url.path]))
        results = {result.id: result for result in checks.run(kit)}
        stored = kit.admin().providers()
    assert [each for each in results.values() if each.status in (FAILED, UNKNOWN)] == []
    others = {id_: each.status for id_, each in results.items() if each.status != PASSED}
    assert others == {"front-end-project": SKIPPED, "login": NOT_YET}
    assert checks.in_order([*results.values()])
    assert results["provider-settings"].status == PASSED
    assert asked["/api/connect/instagram-business"] == 1
    assert asked["/admin/login"] <= 1  # signed in already
    assert stored["instagram-business"]["enabled"] is True


def test_a_real_strapi_in_production_behind_a_trusted_proxy_raises_no_alarm(tmp_path: Path) -> None:
    with set_up(tmp_path, NEWEST, NODE_ENV="production", PROXY="true") as (kit, _):
        results = {result.id: result for result in checks.run(kit)}
    assert [each for each in results.values() if each.status in (FAILED, UNKNOWN)] == []
    assert "Secure" in results["session-cookie"].evidence


def test_a_real_strapi_in_production_that_trusts_no_proxy_is_named(tmp_path: Path) -> None:
    with set_up(tmp_path, NEWEST, NODE_ENV="production") as (kit, _):
        causes = checks.causes(checks.run(kit))
        kit.http.get(kit.urls.connect)
        verdict = kit.logins.verdict(kit.gateway.witness.latest)
    assert [(cause.id, cause.failure) for cause, _ in causes] == [("provider", "A22")]
    assert verdict.failure == "A22"


def test_what_is_switched_off_in_a_real_strapi_is_named(tmp_path: Path) -> None:
    with set_up(tmp_path, NEWEST) as (kit, strapi):
        pair = {"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD.reveal()}
        token = kit.http.post(f"{strapi.url}/admin/login", json=pair).json()["data"]["token"]
        bearer, url = {"authorization": f"Bearer {token}"}, f"{strapi.url}/users-permissions/advanced"
        before = kit.http.get(url, headers=bearer).json()["settings"]
        found = []
        for change in ({"allow_register": False}, {"default_role": "deleted"}):
            kit.http.put(url, headers=bearer, json=before | change).raise_for_status()
            found.append(checks.run(kit, ("provider-settings",))[0].failure)
        kit.http.put(url, headers=bearer, json=before).raise_for_status()
        kit.save_provider(enabled=False)
        kit.changed()
        found.append(checks.run(kit, ("provider",))[0].failure)
    assert found == ["A25", "A30", "A01"]
