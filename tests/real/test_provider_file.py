"""The file that the kit writes into a Strapi project: Meta's two requests to it, on real Strapi servers."""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_SECRET
from helpers.core.urls import ME, Urls
from helpers.project.strapi_project import entry_source
from tests.real import provider_file
from tests.real import strapi as real
from tests.real.provider_file import JAVASCRIPT, TYPESCRIPT
from tests.support.signed_requests import encoded, payload, signed
from tests.support.strapi_worlds import PUBLIC, World, cookies_of, open_world

PROVIDER = TODAY.provider
URLS = Urls("", PROVIDER)
DEAUTHORIZE, DELETION = URLS.deauthorize, URLS.data_deletion
BOTH = pytest.mark.parametrize("callback", [DEAUTHORIZE, DELETION], ids=["deauthorize", "deletion"])
FORM = "application/x-www-form-urlencoded"


class Person:
    """Somebody who has logged in with Instagram."""

    def __init__(self, world: World, id_: str = "") -> None:
        self.world, self.id, self.name = world, id_ or str(uuid.uuid4().int), f"user.{uuid.uuid4().hex[:12]}"
        self.email = f"{self.id}@{PROVIDER}.invalid"
        self._requests = 0
        self.log_in()

    def log_in(self) -> None:
        self.world.instagram.be(self.id, self.name)
        answer = self.world.log_in(PROVIDER)
        assert answer.status_code == 200, answer.text
        self.user, self.jwt, self.cookies = answer.json()["user"], answer.json()["jwt"], cookies_of(answer)
        self.refresh_token = answer.json().get("refreshToken", "")

    @property
    def is_in(self) -> bool:
        return self.world.get(ME, bearer=self.jwt).status_code == 200

    def request(self, **changed: Any) -> str:
        """Each one a second after the one before, as a person's clicks are."""
        self._requests += 1
        fields = {"user_id": self.id, "age": -self._requests, **changed}
        return signed(payload(**fields), SAMPLE_CLIENT_SECRET)


@pytest.fixture(scope="module", params=real.VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(version: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(version)


@pytest.fixture(scope="module")
def strapi(version: str, folder: Path) -> Iterator[World]:
    with open_world(f"real-{version}", folder) as world:
        yield world


@pytest.fixture
def world(strapi: World) -> World:
    strapi.set_up(PROVIDER, scope=[TODAY.scope])
    return strapi


@pytest.fixture
def person(world: World) -> Person:
    return Person(world)


def send(world: World, callback: str, signed_request: str) -> httpx.Response:
    return world.http.post(world.url + callback, data={"signed_request": signed_request})


def later(folder: Path) -> None:
    """Eleven minutes after Meta's last request, for Strapi."""
    with closing(sqlite3.connect(folder / "data.db", timeout=10)) as database, database:
        database.execute(
            "UPDATE strapi_core_store_settings"
            " SET value = json_set(value, '$.receivedAt', json_extract(value, '$.receivedAt') - 660)"
            " WHERE key LIKE ?",
            [f"plugin_{PROVIDER}_person_%"],
        )


def status_page(code: str) -> str:
    """Where that person sees whether it was done."""
    return f"{DELETION}/{code}"


def assert_refused(response: httpx.Response) -> None:
    assert 400 <= response.status_code < 500, response.text
    assert response.status_code != 429


# Deauthorize


@pytest.mark.real
def test_who_removes_the_app_is_signed_out_everywhere(world: World, person: Person) -> None:
    assert person.is_in
    response = send(world, DEAUTHORIZE, person.request())
    assert (response.status_code, response.json()) == (200, {"ok": True})
    assert not person.is_in


@pytest.mark.real
def test_who_removed_the_app_comes_back_by_logging_in_again(
    world: World, person: Person, folder: Path
) -> None:
    before = person.user["id"]
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    later(folder)
    person.log_in()
    assert person.is_in
    assert person.user["id"] == before


@pytest.mark.real
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


@pytest.mark.real
def test_removing_the_app_does_not_undo_what_an_administrator_blocked(
    world: World, person: Person, folder: Path
) -> None:
    world.actions.block(person.email)
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    later(folder)
    world.instagram.be(person.id, person.name)
    assert "blocked by an administrator" in world.log_in(PROVIDER).text


@pytest.mark.real
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


@pytest.mark.real
def test_a_ban_after_the_removal_is_not_lifted_by_the_next_login(
    world: World, person: Person, folder: Path
) -> None:
    send(world, DEAUTHORIZE, person.request()).raise_for_status()
    world.actions.block(person.email)
    later(folder)
    world.instagram.be(person.id, person.name)
    assert "blocked by an administrator" in world.log_in(PROVIDER).text


@pytest.mark.real
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


# Data deletion


@pytest.mark.real
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


@pytest.mark.real
def test_the_status_page_says_that_it_is_done_and_not_whose_data_it_was(world: World, person: Person) -> None:
    answer = send(world, DELETION, person.request()).json()
    page = world.get(urlsplit(answer["url"]).path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "Your data has been deleted." in page.text
    assert not {person.id, person.name, answer["confirmation_code"]} & set(re.split(r"[^\w.]+", page.text))


@pytest.mark.real
@pytest.mark.parametrize(
    "code", ["0" * 32, "0" * 48, "0", "a" * 5000, "%3Cscript%3E", "%F0%9F%98%80" * 12, "%00"]
)
def test_the_status_page_knows_no_code_but_its_own(world: World, code: str) -> None:
    page = world.get(status_page(code))
    assert page.status_code == 404
    assert "There is no deletion with this code." in page.text
    assert "script" not in page.text


@pytest.mark.real
def test_a_code_with_one_letter_changed_is_unknown(world: World, person: Person) -> None:
    code = send(world, DELETION, person.request()).json()["confirmation_code"]
    for place in (0, 20, -1):
        letters = list(code)
        letters[place] = "0" if letters[place] != "0" else "1"
        assert world.get(status_page("".join(letters))).status_code == 404


@pytest.mark.real
def test_a_code_is_still_known_when_the_client_secret_was_changed(world: World, person: Person) -> None:
    code = send(world, DELETION, person.request()).json()["confirmation_code"]
    world.set_up(PROVIDER, scope=[TODAY.scope], secret=Secret("b" * 32))
    assert "Your data has been deleted." in world.get(status_page(code)).text


@pytest.mark.real
def test_the_other_kind_of_id_is_not_said_to_be_deleted(world: World, person: Person, folder: Path) -> None:
    other = f"1784{uuid.uuid4().int % 10**13:013}"
    code = send(world, DELETION, person.request(user_id=other)).json()["confirmation_code"]
    assert "There was no data of yours to delete." in world.get(status_page(code)).text
    assert person.is_in
    log = (folder / "strapi.log").read_text()
    assert f"Meta's deletion request is about {other}, an id that no user here logged in with" in log


@pytest.mark.real
@pytest.mark.parametrize("name", [PROVIDER, PROVIDER.upper()])
def test_nobody_can_register_the_address_of_a_person_who_has_yet_to_log_in(world: World, name: str) -> None:
    id_ = str(uuid.uuid4().int)
    form = {"username": id_, "email": f"{id_}@{name}.invalid", "password": "Squatter-2026"}
    answer = world.http.post(f"{world.url}/api/auth/local/register", json=form)
    assert (answer.status_code, "already taken" in answer.text) == (400, True)
    assert Person(world, id_).is_in


@pytest.mark.real
def test_everybody_else_registers_as_before(world: World) -> None:
    name = uuid.uuid4().hex[:12]
    form = {"username": name, "email": f"{name}@example.com", "password": "Somebody-2026"}
    assert world.http.post(f"{world.url}/api/auth/local/register", json=form).status_code == 200


@pytest.mark.real
def test_a_user_of_another_kind_with_the_same_address_stays(world: World) -> None:
    id_ = str(uuid.uuid4().int)
    world.actions.take_email(f"{id_}@{PROVIDER}.invalid")
    send(world, DELETION, signed(payload(id_), SAMPLE_CLIENT_SECRET)).raise_for_status()
    pair = {"identifier": f"{id_}@{PROVIDER}.invalid", "password": "Squatter-2026"}
    assert world.http.post(f"{world.url}/api/auth/local", json=pair).status_code == 200


# Both


@pytest.mark.real
@BOTH
def test_somebody_elses_request_changes_nothing_here(world: World, person: Person, callback: str) -> None:
    other = signed(payload(str(uuid.uuid4().int)), SAMPLE_CLIENT_SECRET)
    assert send(world, callback, other).status_code == 200
    assert person.is_in


@pytest.mark.real
@BOTH
def test_a_replay_is_answered_like_the_first_time(world: World, person: Person, callback: str) -> None:
    request = person.request()
    first, second = (send(world, callback, request) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert set(first.json()) == set(second.json())
    assert not person.is_in


@pytest.mark.real
def test_a_removal_does_not_replay_as_a_deletion(world: World, person: Person, folder: Path) -> None:
    request = person.request()
    send(world, DEAUTHORIZE, request).raise_for_status()
    replay = send(world, DELETION, request)
    assert (replay.status_code, "used before" in replay.text) == (400, True)
    before = person.user["id"]
    later(folder)
    person.log_in()
    assert person.user["id"] == before


@pytest.mark.real
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


@pytest.mark.real
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


@pytest.mark.real
@BOTH
def test_the_padding_of_base64_may_be_there(world: World, person: Person, callback: str) -> None:
    text = payload(person.id)
    padded = signed(text + "=" * (-len(text) % 4), SAMPLE_CLIENT_SECRET).replace(".", "=.")
    assert send(world, callback, padded).status_code == 200
    assert not person.is_in


@pytest.mark.real
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


@pytest.mark.real
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


@pytest.mark.real
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


@pytest.mark.real
@BOTH
@pytest.mark.parametrize("size", [100_000, 20_000_000])
def test_a_huge_body_is_refused(world: World, person: Person, callback: str, size: int) -> None:
    response = send(world, callback, person.request() + "A" * size)
    assert response.status_code == 413
    assert person.is_in


@pytest.mark.real
@BOTH
def test_without_a_stored_secret_nobody_can_sign(world: World, person: Person, callback: str) -> None:
    world.set_up(PROVIDER, scope=[TODAY.scope], secret=Secret(""))
    assert_refused(send(world, callback, signed(payload(person.id), "")))
    assert_refused(send(world, callback, person.request()))
    assert person.is_in


@pytest.mark.real
def test_a_provider_that_was_emptied_takes_no_requests(tmp_path: Path) -> None:
    environment = {"INSTAGRAM_CLIENT_SECRET": SAMPLE_CLIENT_SECRET}
    with real.RealStrapi(tmp_path, register=False, environment=environment) as strapi:
        for secret in (SAMPLE_CLIENT_SECRET, ""):
            form = {"signed_request": signed(payload("1"), secret)}
            assert httpx.post(strapi.url + DELETION, data=form).status_code == 400


@pytest.mark.real
def test_strapis_rate_limit_lets_more_through_than_a_login_needs(world: World) -> None:
    path = status_page(uuid.uuid4().hex)
    assert [world.get(path).status_code for _ in range(101)] == [404] * 100 + [429]


# The login


@pytest.mark.real
def test_what_instagram_says_about_a_refused_profile_is_in_strapis_log(world: World, folder: Path) -> None:
    said = f"Unsupported request {uuid.uuid4().hex}"
    error = {"message": said, "type": "IGApiException", "code": 100}
    world.instagram.be(str(uuid.uuid4().int), "somebody")
    world.instagram.profile = 400, {"error": error}
    assert world.log_in(PROVIDER).status_code == 400
    assert f"Instagram refused the profile: {said} (code 100)" in (folder / "strapi.log").read_text()


# The two files


@pytest.mark.parametrize("file", [JAVASCRIPT, TYPESCRIPT], ids=lambda file: file.suffix)
def test_the_file_holds_no_id_and_no_secret(file: Path) -> None:
    text = file.read_text()
    assert re.findall(r"^\s*(?:key|secret|callback): (.*?),", text, re.MULTILINE) == ["''"] * 3
    assert not re.search(r"[0-9a-f]{32}|\d{10}", text)


@pytest.mark.real
def test_the_javascript_file_is_made_from_the_typescript_file() -> None:
    assert JAVASCRIPT.read_text() == provider_file.javascript()


@pytest.mark.real
@pytest.mark.parametrize("version", [real.NEWEST, real.OLDEST])
def test_the_typescript_file_compiles_in_the_strictest_strapi_project(tmp_path: Path, version: str) -> None:
    (tmp_path / "node_modules").symlink_to(real.install(version) / "node_modules")
    (tmp_path / "instagram-business.ts").write_text(TYPESCRIPT.read_text())
    (tmp_path / "strapi-server.ts").write_text(entry_source("ts"))
    strict = ("strict", "noUncheckedIndexedAccess", "exactOptionalPropertyTypes", "noUnusedLocals")
    settings = {
        "extends": "@strapi/typescript-utils/tsconfigs/server",
        "compilerOptions": {**dict.fromkeys(strict, True), "noEmit": True, "incremental": False},
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    listed = provider_file.run("node_modules/typescript/bin/tsc", "--listFiles", folder=tmp_path)
    assert listed.count("instagram-business.ts") == 1
