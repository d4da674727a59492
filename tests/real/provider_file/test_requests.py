"""What both of Meta's requests have in common: once, for one purpose, and never forged."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_SECRET
from tests.real import strapi as real
from tests.real.provider_file.people import (
    BOTH,
    DEAUTHORIZE,
    DELETION,
    FORM,
    PROVIDER,
    Person,
    assert_refused,
    later,
    send,
    status_page,
)
from tests.support.signed_requests import encoded, payload, signed
from tests.support.strapi_worlds import World

pytestmark = pytest.mark.real


@BOTH
def test_somebody_elses_request_changes_nothing_here(world: World, person: Person, callback: str) -> None:
    other = signed(payload(str(uuid.uuid4().int)), SAMPLE_CLIENT_SECRET)
    assert send(world, callback, other).status_code == 200
    assert person.is_in


@BOTH
def test_a_replay_is_answered_like_the_first_time(world: World, person: Person, callback: str) -> None:
    request = person.request()
    first, second = (send(world, callback, request) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert set(first.json()) == set(second.json())
    assert not person.is_in


def test_a_removal_does_not_replay_as_a_deletion(world: World, person: Person, folder: Path) -> None:
    request = person.request()
    send(world, DEAUTHORIZE, request).raise_for_status()
    replay = send(world, DELETION, request)
    assert (replay.status_code, "used before" in replay.text) == (400, True)
    before = person.user["id"]
    later(folder)
    person.log_in()
    assert person.user["id"] == before


@BOTH
def test_a_replay_does_nothing_to_who_came_back(
    world: World, person: Person, callback: str, folder: Path
) -> None:
    older, request = person.request(), person.request()
    send(world, callback, request).raise_for_status()
    later(folder)
    person.log_in()
    assert send(world, callback, request).status_code == 200
    assert send(world, callback, older).status_code == 400
    assert person.is_in


@BOTH
def test_a_flood_of_junk_turns_away_no_request_of_metas(world: World, person: Person, callback: str) -> None:
    # From an address of their own, so that the limit is not used up for the other tests.
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"), timeout=20) as stranger:
        url = world.url + callback
        forms = [{"signed_request": "a.b", "email": f"{n}@example.com"} for n in range(120)]
        said = [stranger.post(url, data=form).status_code for form in forms]
        assert said == [400] * 100 + [429] * 20
        assert stranger.post(url, data={"signed_request": person.request()}).status_code == 200
    assert not person.is_in


@BOTH
def test_the_padding_of_base64_may_be_there(world: World, person: Person, callback: str) -> None:
    text = payload(person.id)
    padded = signed(text + "=" * (-len(text) % 4), SAMPLE_CLIENT_SECRET).replace(".", "=.")
    assert send(world, callback, padded).status_code == 200
    assert not person.is_in


@BOTH
def test_an_id_without_quotes_is_not_rounded_to_somebody_elses(world: World, callback: str) -> None:
    id_ = 27640875392278831 + uuid.uuid4().int % 10**12 * 2
    person, neighbour = Person(world, str(id_)), Person(world, str(id_ + 1))
    text = payload(int(person.id))
    assert send(world, callback, signed(text, SAMPLE_CLIENT_SECRET)).status_code == 200
    assert (person.is_in, neighbour.is_in) == (False, True)


def bad(person: Person) -> dict[str, str]:
    good, text, secret = person.request(), payload(person.id), SAMPLE_CLIENT_SECRET
    signature = good.partition(".")[0]
    return {
        "another secret": signed(text, "0" * 32),
        "no secret": signed(text, ""),
        "the signature of another request": signature + "." + payload("1"),
        "the JSON signed instead of its code": f"{signed('{}', secret).partition('.')[0]}.{encoded(b'{}')}",
        "a cut signature": good[1:],
        "no signature": "." + text,
        "one part": text,
        "three parts": good + "." + text,
        "nothing": "",
        "no base64": "ä.ö",
        "an hour and a minute old": person.request(age=3660),
        "from the future": person.request(age=-600),
        "without a time": person.request(issued_at=None),
        "a time that is no number": person.request(issued_at="today"),
        "another algorithm": person.request(algorithm="none"),
        "without an algorithm": person.request(algorithm=None),
        "without a user": person.request(user_id=None),
        "an empty user": person.request(user_id=""),
        "a query as the user": person.request(user_id={"$ne": "1"}),
        "a list of users": person.request(user_id=[person.id]),
        "no JSON": signed(encoded(b"{user_id"), secret),
        "null": signed(encoded(b"null"), secret),
        "a list": signed(encoded(b"[]"), secret),
        "no UTF-8": signed(encoded(b"\xff\xfe"), secret),
    }


@BOTH
def test_forged_stale_and_malformed_requests_change_nothing(
    world: World, person: Person, callback: str
) -> None:
    for what, request in bad(person).items():
        response = send(world, callback, request)
        assert response.status_code == 400, (what, response.text)
        assert response.json()["error"]["message"], what
        assert "confirmation_code" not in response.text, what
    assert person.is_in


@BOTH
def test_only_a_form_is_read(world: World, person: Person, callback: str) -> None:
    request = person.request()
    field = f"signed_request={quote(request)}"
    bodies: list[dict[str, Any]] = [
        {"json": {"signed_request": request}},
        {"files": {"signed_request": (None, request)}},
        {"content": field, "headers": {"Content-Type": "text/plain"}},
        {"content": field, "headers": {"Content-Type": "application/octet-stream"}},
        {"content": field},
        {"content": "{", "headers": {"Content-Type": "application/json"}},
        {"content": f"{field}&{field}", "headers": {"Content-Type": FORM}},
        {"content": f"signed_request[a]={quote(request)}", "headers": {"Content-Type": FORM}},
        {"content": "%%%", "headers": {"Content-Type": FORM}},
        {"content": "", "headers": {"Content-Type": FORM}},
        {"params": {"signed_request": request}},
    ]
    for body in bodies:
        response = world.http.post(world.url + callback, **body)
        assert response.status_code == 400, (body, response.text)
    assert world.http.get(world.url + callback, params={"signed_request": request}).status_code in (404, 405)
    assert person.is_in


@BOTH
@pytest.mark.parametrize("size", [100_000, 20_000_000])
def test_a_huge_body_is_refused(world: World, person: Person, callback: str, size: int) -> None:
    response = send(world, callback, person.request() + "A" * size)
    assert response.status_code == 413
    assert person.is_in


@BOTH
def test_without_a_stored_secret_nobody_can_sign(world: World, person: Person, callback: str) -> None:
    world.set_up(PROVIDER, scope=[TODAY.scope], secret=Secret(""))
    assert_refused(send(world, callback, signed(payload(person.id), "")))
    assert_refused(send(world, callback, person.request()))
    assert person.is_in


def test_a_provider_that_was_emptied_takes_no_requests(tmp_path: Path) -> None:
    environment = {"INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET}
    with real.RealStrapi(tmp_path, register=False, environment=environment) as strapi:
        for secret in (SAMPLE_CLIENT_SECRET, ""):
            form = {"signed_request": signed(payload("1"), secret)}
            assert httpx.post(strapi.url + DELETION, data=form).status_code == 400


def test_strapis_rate_limit_lets_more_through_than_a_login_needs(world: World) -> None:
    path = status_page(uuid.uuid4().hex)
    assert [world.get(path).status_code for _ in range(101)] == [404] * 100 + [429]
