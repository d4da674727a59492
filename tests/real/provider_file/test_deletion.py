"""Somebody wants their data deleted: Meta's request and the page about it, on real Strapi servers."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_SECRET
from helpers.rehearsal.strapi.config import Config
from tests.real import strapi as real
from tests.real.provider_file.people import DELETION, PROVIDER, Person, later, send, status_page
from tests.support.signed_requests import payload, signed
from tests.support.strapi_worlds import PUBLIC, World, open_world

pytestmark = pytest.mark.real


def test_a_deletion_is_done_at_once_and_confirmed(world: World, person: Person, folder: Path) -> None:
    answer = send(world, DELETION, person.request())
    assert answer.status_code == 200
    assert set(answer.json()) == {"url", "confirmation_code"}
    assert answer.json()["confirmation_code"].isalnum()
    assert answer.json()["url"] == PUBLIC + status_page(answer.json()["confirmation_code"])
    assert not person.is_in
    before = person.user["id"]
    later(folder)
    person.log_in()
    assert person.user["id"] != before


def test_the_status_page_says_that_it_is_done_and_not_whose_data_it_was(world: World, person: Person) -> None:
    answer = send(world, DELETION, person.request()).json()
    page = world.get(urlsplit(answer["url"]).path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "Your data has been deleted." in page.text
    assert not {person.id, person.name, answer["confirmation_code"]} & set(re.split(r"[^\w.]+", page.text))


@pytest.mark.parametrize("kind", [real.NEWEST, real.OLDEST])
def test_the_status_page_is_where_strapi_is_also_below_a_path_and_another_prefix(
    tmp_path: Path, kind: str
) -> None:
    with open_world(f"real-{kind}", tmp_path, config=Config(f"{PUBLIC}/backend", prefix="/v1")) as world:
        world.set_up(PROVIDER, scope=[TODAY.scope])
        deletion = DELETION.replace("/api/", "/v1/")
        answer = send(world, deletion, signed(payload("1"), SAMPLE_CLIENT_SECRET)).json()
        assert answer["url"] == f"{PUBLIC}/backend{deletion}/{answer['confirmation_code']}"
        assert world.get(f"{deletion}/{answer['confirmation_code']}").status_code == 200


@pytest.mark.parametrize(
    "code", ["0" * 32, "0" * 48, "0", "a" * 5000, "%3Cscript%3E", "%F0%9F%98%80" * 12, "%00"]
)
def test_the_status_page_knows_no_code_but_its_own(world: World, code: str) -> None:
    page = world.get(status_page(code))
    assert page.status_code == 404
    assert "There is no deletion with this code." in page.text
    assert "script" not in page.text


def test_a_code_with_one_letter_changed_is_unknown(world: World, person: Person) -> None:
    code = send(world, DELETION, person.request()).json()["confirmation_code"]
    for place in (0, 20, -1):
        letters = list(code)
        letters[place] = "0" if letters[place] != "0" else "1"
        assert world.get(status_page("".join(letters))).status_code == 404


def test_a_code_is_still_known_when_the_client_secret_was_changed(world: World, person: Person) -> None:
    code = send(world, DELETION, person.request()).json()["confirmation_code"]
    world.set_up(PROVIDER, scope=[TODAY.scope], secret=Secret("b" * 32))
    assert "Your data has been deleted." in world.get(status_page(code)).text


def test_the_other_kind_of_id_is_not_said_to_be_deleted(world: World, person: Person, folder: Path) -> None:
    other = f"1784{uuid.uuid4().int % 10**13:013}"
    code = send(world, DELETION, person.request(user_id=other)).json()["confirmation_code"]
    assert "There was no data of yours to delete." in world.get(status_page(code)).text
    assert person.is_in
    log = (folder / "strapi.log").read_text()
    assert f"Meta's deletion request is about {other}, an id that no user here logged in with" in log
