"""Who may do what, and the provider settings, asked of the stand-ins and of a real Strapi alike."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helpers.core.errors import KitError, Refused
from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.rehearsal.strapi.config import Config
from helpers.rehearsal.strapi.providers import fresh_providers
from tests.support.provider_settings import change_provider
from tests.support.strapi_says import error
from tests.support.strapi_worlds import PUBLIC, World, open_world


def test_a_page_of_any_origin_may_read_the_answer(world: World, provider: str) -> None:
    """Also when it is a refusal: a CORS error there means that something else has answered."""
    response = world.get(f"/api/auth/{provider}/callback", origin="http://localhost:3000")
    assert response.status_code == 400
    assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "origin" in response.headers["vary"].lower()


def test_health_is_an_empty_204(world: World) -> None:
    response = world.get("/_health")

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["strapi"]
    world.strapi.check_up()


def test_the_first_administrator_registers_only_once(kind: str, tmp_path: Path) -> None:
    form = {"firstname": "A", "lastname": "B", "email": "first@example.com", "password": "First-Admin-1"}
    with open_world(kind, tmp_path, has_admin=False) as world:
        assert world.strapi.has_admin() is False
        first = world.http.post(f"{world.url}/admin/register-admin", json=form)
        again = world.http.post(f"{world.url}/admin/register-admin", json={**form, "email": "b@example.com"})

        assert (first.status_code, again.status_code) == (200, 400)
        assert world.strapi.has_admin() is True
        assert world.strapi.sign_in(form["email"], Secret(form["password"])).version()


def test_a_wrong_pair_is_refused(world: World) -> None:
    pair = {"email": f"{uuid.uuid4()}@example.com", "password": "wrong"}
    response = world.http.post(f"{world.url}/admin/login", json=pair)

    assert error(response) == (400, "ApplicationError", "Invalid credentials")
    with pytest.raises(Refused, match="Invalid credentials"):
        world.strapi.sign_in(pair["email"], Secret("wrong-password"))


def test_the_version_is_told_to_administrators(world: World) -> None:
    assert world.admin.version() == world.version
    assert world.admin.environment() == "development"
    assert not world.admin.restarts_by_itself()  # all of them run under `strapi start`


def test_administrators_see_who_logged_in_and_can_delete_them(world: World) -> None:
    world.instagram.be("4711", "seen")
    world.set_up("instagram-business")
    assert world.log_in("instagram-business").status_code == 200
    users = world.admin.users(TODAY.email_domain)
    (user,) = (each for each in users if each.username == "seen")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", user.created)
    assert world.admin.users("nobody.example") == []
    world.admin.delete_user(user)
    assert user not in world.admin.users(TODAY.email_domain)
    with pytest.raises(KitError):
        world.admin.delete_user(user)


@pytest.mark.parametrize("path", ["/admin/information", "/users-permissions/providers"])
@pytest.mark.parametrize("bearer", ["", "not.a.token"])
def test_settings_are_closed_without_a_session(world: World, path: str, bearer: str) -> None:
    assert error(world.get(path, bearer=bearer))[0] == 401


@pytest.mark.parametrize("path", ["/connect/instagram", "/auth/instagram/callback", "/api/nothing"])
def test_other_addresses_do_not_exist(world: World, path: str) -> None:
    assert error(world.get(path)) == (404, "NotFoundError", "Not Found")


@pytest.mark.parametrize("public", ["", PUBLIC])
def test_a_new_strapi_has_these_providers(kind: str, public: str, tmp_path: Path) -> None:
    with open_world(kind, tmp_path, config=Config(public)) as world:
        found = world.admin.providers()

        # Without a `url` in config/server, Strapi takes itself for localhost.
        base = public or f"http://localhost:{urlsplit(world.url).port}"
        for name, entry in found.items():
            expected = None if name == "email" else f"{base}/api/connect/{name}/callback"
            assert entry.pop("redirectUri", None) == expected
            if "secret" in entry:
                entry["secret"] = entry["secret"].reveal()
        assert found == fresh_providers(public, TODAY)


def test_one_provider_changes_and_all_others_stay_as_they_were(world: World, provider: str) -> None:
    before = world.admin.providers()
    change = change_provider(
        world.admin,
        provider,
        key="17",
        secret=Secret("another-secret"),
        callback="https://a.example/b",
        scope=["c"],
    )
    after = world.admin.providers()

    assert set(change.fields) == {"key", "secret", "callback", "scope"}
    entry = after.pop(provider)
    assert (entry["key"], entry["secret"], entry["callback"]) == (
        "17",
        Secret("another-secret"),
        "https://a.example/b",
    )
    assert {**after, provider: before[provider]} == before


def test_an_undo_brings_every_setting_back(world: World, provider: str) -> None:
    before = world.admin.providers()
    change = change_provider(
        world.admin, provider, key="17", secret=Secret("x" * 32), callback="https://a.example"
    )
    world.admin.restore(change)

    assert world.admin.providers() == before


def test_writing_replaces_the_whole_map(world: World) -> None:
    pair = {"email": world.email, "password": world.password.reveal()}
    token = world.http.post(f"{world.url}/admin/login", json=pair).json()["data"]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{world.url}/users-permissions/providers"
    stored = world.http.get(url, headers=headers).json()
    for entry in stored.values():
        entry.pop("redirectUri", None)
    try:
        nothing = world.http.put(url, headers=headers)
        less = world.http.put(url, headers=headers, json={"providers": {"email": {"enabled": True}}})
        assert error(nothing) == (400, "ValidationError", "Request body cannot be empty")
        assert less.json() == {"ok": True}
        assert world.admin.providers() == {"email": {"enabled": True}}
    finally:
        world.http.put(url, headers=headers, json={"providers": stored})
