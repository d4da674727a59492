"""Whose an address of the provider's users is, and what a refused login leaves, on real Strapi servers."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from helpers.core.settings import SAMPLE_CLIENT_SECRET
from tests.real.provider_file.people import DELETION, PROVIDER, Person, send
from tests.support.signed_requests import payload, signed
from tests.support.strapi_worlds import World

pytestmark = pytest.mark.real


@pytest.mark.parametrize("name", [PROVIDER, PROVIDER.upper()])
def test_nobody_can_register_the_address_of_a_person_who_has_yet_to_log_in(world: World, name: str) -> None:
    id_ = str(uuid.uuid4().int)
    form = {"username": id_, "email": f"{id_}@{name}.invalid", "password": "Squatter-2026"}
    answer = world.http.post(f"{world.url}/api/auth/local/register", json=form)
    assert (answer.status_code, "already taken" in answer.text) == (400, True)
    assert Person(world, id_).is_in


def test_everybody_else_registers_as_before(world: World) -> None:
    name = uuid.uuid4().hex[:12]
    form = {"username": name, "email": f"{name}@example.com", "password": "Somebody-2026"}
    assert world.http.post(f"{world.url}/api/auth/local/register", json=form).status_code == 200


def test_a_user_of_another_kind_with_the_same_address_stays(world: World) -> None:
    id_ = str(uuid.uuid4().int)
    world.actions.take_email(f"{id_}@{PROVIDER}.invalid")
    send(world, DELETION, signed(payload(id_), SAMPLE_CLIENT_SECRET)).raise_for_status()
    pair = {"identifier": f"{id_}@{PROVIDER}.invalid", "password": "Squatter-2026"}
    assert world.http.post(f"{world.url}/api/auth/local", json=pair).status_code == 200


def test_what_instagram_says_about_a_refused_profile_is_in_strapis_log(world: World, folder: Path) -> None:
    said = f"Unsupported request {uuid.uuid4().hex}"
    error = {"message": said, "type": "IGApiException", "code": 100}
    world.instagram.be(str(uuid.uuid4().int), "somebody")
    world.instagram.profile = 400, {"error": error}
    assert world.log_in(PROVIDER).status_code == 400
    assert f"Instagram refused the profile: {said} (code 100)" in (folder / "strapi.log").read_text()
