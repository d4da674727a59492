"""Somebody removes the app: Meta's request, on real Strapi servers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helpers.core.flows import TODAY
from helpers.core.urls import ME
from tests.real import strapi as real
from tests.real.provider_file.people import BOTH, DEAUTHORIZE, PROVIDER, URLS, Person, aged, later, send
from tests.support.strapi_worlds import World, open_world

pytestmark = pytest.mark.real


def test_who_removes_the_app_is_signed_out_everywhere(world: World, person: Person) -> None:
    assert person.is_in
    response = send(world, DEAUTHORIZE, person.request())
    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert not person.is_in


def test_who_removed_the_app_comes_back_by_logging_in_again(
    world: World, person: Person, folder: Path
) -> None:
    before = person.user["id"]
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    later(folder)
    person.log_in()
    assert person.is_in
    assert person.user["id"] == before


def test_a_token_from_before_the_removal_stays_refused_when_that_person_is_back(
    world: World, person: Person, folder: Path
) -> None:
    older = aged(person.jwt)
    assert world.get(ME, bearer=older).status_code == 200
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    later(folder)
    person.log_in()
    assert person.is_in
    assert world.get(ME, bearer=older).status_code == 401


def test_the_tokens_of_everybody_else_count_as_before(world: World, person: Person, folder: Path) -> None:
    other = Person(world)
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    assert world.get(ME, bearer=aged(other.jwt)).status_code == 200


def test_a_session_from_before_the_removal_cannot_be_renewed(
    world: World, person: Person, folder: Path
) -> None:
    if not person.cookies:
        pytest.skip("this Strapi has no session to renew")
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    old = person.cookies
    later(folder)
    person.log_in()
    renewed = world.http.post(f"{world.url}/api/auth/refresh", headers={"Cookie": old})
    assert renewed.status_code == 401, renewed.text


def test_removing_the_app_does_not_undo_what_an_administrator_blocked(
    world: World, person: Person, folder: Path
) -> None:
    world.actions.block(person.email)
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    later(folder)
    world.instagram.be(person.id, person.name)
    assert "blocked by an administrator" in world.log_in(PROVIDER).text


@pytest.mark.parametrize(
    "mode",
    [{"HTTP_ONLY": "false"}, {"JWT_MANAGEMENT": "legacy-support"}],
    ids=["token in the answer", "jwt only"],
)
def test_a_removal_ends_the_sessions_of_every_kind(tmp_path: Path, mode: dict[str, str]) -> None:
    with open_world(f"real-{real.NEWEST}", tmp_path, environment=mode) as world:
        world.set_up(PROVIDER, scope=[TODAY.scope])
        person = Person(world)
        assert person.is_in
        send(world, DEAUTHORIZE, person.request()).raise_for_status()
        assert not person.is_in
        if person.refresh_token:
            form = {"refreshToken": person.refresh_token}
            assert world.http.post(f"{world.url}/api/auth/refresh", json=form).status_code == 401
        later(tmp_path)
        person.log_in()
        assert person.is_in
        assert bool(person.refresh_token) == ("HTTP_ONLY" in mode)


def test_a_ban_after_the_removal_is_not_lifted_by_the_next_login(
    world: World, person: Person, folder: Path
) -> None:
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    world.actions.block(person.email)
    later(folder)
    world.instagram.be(person.id, person.name)
    assert "blocked by an administrator" in world.log_in(PROVIDER).text


@BOTH
def test_the_browser_that_is_still_in_the_old_login_does_not_undo_it(
    world: World, person: Person, callback: str
) -> None:
    world.instagram.be(person.id, person.name)
    redirect, cookies = world.finish(PROVIDER)
    again = f"{URLS.auth_path}?{urlsplit(redirect.headers['location']).query}"
    assert world.get(again, cookies).status_code == 200
    send(world, callback, person.request()).raise_for_status()
    answer = world.get(again, cookies)
    assert (answer.status_code, "removed the app a moment ago" in answer.text) == (400, True)
    assert not person.is_in
