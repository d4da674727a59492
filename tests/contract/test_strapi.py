"""What the kit relies on at Strapi, asked of the stand-ins and of a real Strapi alike.

The stand-ins speak like 5.54 (``session``), 5.52 (``oauth-connect``) and 5.50 (``token``). Where versions
differ, the expectation is data.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from aiohttp.test_utils import make_mocked_request

from helpers.core.errors import KitError, Refused
from helpers.core.flows import DOCUMENTED, FLOWS, TODAY, Flow
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import Urls
from helpers.rehearsal.strapi.config import Config
from helpers.rehearsal.strapi.parts import RateLimit, Refusal, fresh_providers
from helpers.rehearsal.strapi.server import ENGINES, StrapiStandIn
from helpers.web.server import Server
from tests.real.strapi import VERSIONS
from tests.support.strapi_worlds import PUBLIC, TOKEN, World, cookies_of, frontend, open_world

BUILT_IN, CUSTOM = DOCUMENTED.provider, TODAY.provider
DENIED = "error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request"

KINDS = [*ENGINES, *(pytest.param(f"real-{version}", marks=pytest.mark.real) for version in VERSIONS)]

# What differs between the versions, each as what it changed.
SAYS: dict[str, dict[str, Any]] = {}
SAYS["5.50.0"] = {
    "engine": "token",
    "no token": "No access_token.",
    "no session": "Grant: mount session middleware first",
    "offline": "connect ECONNREFUSED",
    "states": {BUILT_IN: False, CUSTOM: True},
    "lost session": {"error": "Grant: missing session or misconfigured provider"},
    "other state": {"error": "Grant: OAuth2 state mismatch"},
    "no code": {"error": "Grant: OAuth2 missing code parameter"},
    "no front end": "/?access_token",
    "no host": "/connect/redirect?access_token",
    # Instagram's id of 17 digits arrives rounded.
    "success": {"access_token": TOKEN, "raw[access_token]": TOKEN, "raw[user_id]": "27640875392278830"},
    "session holds": {},
    "reload": {"access_token": TOKEN, "raw[access_token]": TOKEN, "raw[user_id]": "27640875392278830"},
    "token refused": {
        "error[error_type]": "OAuthException",
        "error[code]": "400",
        "error[error_message]": "Used before",
    },
    "a page as token": {"error[<p>Sorry</p>]": ""},
    "profile refused": "400 Bad Request",
    "document": {"documentId", "publishedAt"},
    "refresh cookies": ["strapi_up_refresh", "strapi_up_refresh.sig"],
    "taken username": r"\d{4}",
}
SAYS["4.26.2"] = SAYS["5.50.0"] | {
    "document": set(),
    "refresh cookies": [],
    "taken username": "",
}
SAYS["5.52.3"] = SAYS["5.50.0"] | {
    "no session": "OAuth connect requires session middleware",
    "offline": "fetch failed",
    "states": {BUILT_IN: True, CUSTOM: True},
    "lost session": {"error": "oauth_error", "error_description": "OAuth2 state mismatch"},
    "other state": {"error": "oauth_error", "error_description": "OAuth2 state mismatch"},
    "reload": {"error": "oauth_error", "error_description": "OAuth2 state mismatch"},
    "no code": {"error": "oauth_error", "error_description": "OAuth2 missing code parameter"},
    "no front end": (400, "ApplicationError", "Provider callback URL is not configured"),
    "no host": (500, "InternalServerError", "Internal Server Error"),
    "token refused": {"error": "oauth_error", "error_description": "Token exchange failed (400)"},
    "a page as token": {"error": "oauth_error", "error_description": "Token exchange failed (500)"},
    "profile refused": "[object Object]",
}
SAYS["5.54.0"] = SAYS["5.52.3"] | {
    "engine": "session",
    "no token": "OAuth authentication requires a completed provider session",
    "success": {},
    "session holds": {"response": {"access_token": TOKEN}},
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shared(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One Strapi of a kind for all tests that can share it: every test brings a person of its own."""
    with open_world(kind, tmp_path_factory.mktemp(kind)) as world:
        yield world


@pytest.fixture
def world(shared: World) -> World:
    shared.instagram.be(str(uuid.uuid4().int), f"user.{uuid.uuid4().hex[:12]}")
    shared.instagram.asked.clear()
    for flow in FLOWS.values():
        shared.set_up(flow.provider, scope=[flow.scope])
    return shared


@pytest.fixture(params=FLOWS.values(), ids=lambda flow: flow.provider)
def flow(request: pytest.FixtureRequest) -> Flow:
    flow: Flow = request.param
    return flow


@pytest.fixture
def provider(flow: Flow) -> str:
    return flow.provider


def error(response: httpx.Response) -> tuple[int, str, str]:
    body = response.json()
    assert body["data"] is None
    assert body["error"]["status"] == response.status_code
    return response.status_code, body["error"]["name"], body["error"]["message"]


def query_of(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    return dict(parse_qsl(urlsplit(response.headers["location"]).query, keep_blank_values=True))


def outcome(response: httpx.Response) -> tuple[int, str, str] | str:
    """The refusal, or where it leads as far as the first parameter's name."""
    return error(response) if response.status_code >= 400 else response.headers["location"].partition("=")[0]


def session_in(cookies: str) -> dict[str, Any]:
    value = re.search(r"koa\.sess=([^;]+)", cookies)
    assert value, cookies
    grant: dict[str, Any] = json.loads(base64.b64decode(value[1]))["grant"]
    return grant


# Is it there, and who may do what


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


# The provider settings


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
    change = world.admin.change_provider(
        provider, key="17", secret=Secret("another-secret"), callback="https://a.example/b", scope=["c"]
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
    change = world.admin.change_provider(
        provider, key="17", secret=Secret("x" * 32), callback="https://a.example"
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


# The login starts


@pytest.mark.parametrize("name", ["disabled", "unknown"])
def test_a_provider_that_is_off_and_one_that_is_unknown_look_alike(world: World, name: str) -> None:
    urls = Urls("", name)
    if name == "disabled":
        world.set_up(BUILT_IN, enabled=False)
        urls = Urls("", BUILT_IN)

    refused = (400, "ApplicationError", "This provider is disabled")
    for path in (urls.connect_path, urls.callback_path, urls.auth_path):
        assert error(world.get(path)) == refused
    assert world.strapi.engine(urls.provider) is None
    with pytest.raises(Refused) as caught:
        world.strapi.connect(urls.provider)
    assert caught.value.failure == "A01"


def test_the_login_leads_to_instagram(world: World, flow: Flow) -> None:
    response = world.get(Urls("", flow.provider).connect_path)

    url, _, query = response.headers["location"].partition("?")
    parameters = parse_qsl(query)
    state = [p for p in parameters if p[0] == "state"]
    key = (flow.id_field, SAMPLE_CLIENT_ID)
    middle = [
        ("response_type", "code"),
        ("redirect_uri", Urls(PUBLIC, flow.provider).callback),
        ("scope", flow.scope),
    ]
    assert response.status_code == 302
    assert url == flow.authorize_url
    assert parameters == ([*middle, key] if flow is DOCUMENTED else [key, *middle]) + state
    assert bool(state) == SAYS[world.version]["states"][flow.provider]
    assert all(re.fullmatch("[0-9a-f]{40}", value) for _, value in state)


def test_the_kit_sees_where_the_login_leads(world: World, flow: Flow) -> None:
    connect = world.strapi.connect(flow.provider)

    assert connect.authorize_host == urlsplit(flow.authorize_url).hostname
    assert connect.redirect_uri == Urls(PUBLIC, flow.provider).callback
    assert (connect.id_field, connect.client_id) == (flow.id_field, SAMPLE_CLIENT_ID)
    assert connect.scope == flow.scope
    assert connect.has_state == SAYS[world.version]["states"][flow.provider]
    assert connect.session_cookie == "koa.sess; HttpOnly"


def test_the_session_cookie_is_signed_readable_and_for_this_site(world: World, provider: str) -> None:
    lines = world.get(Urls("", provider).connect_path).headers.get_list("set-cookie")
    cookies, flags = zip(*(line.split("; ", 1) for line in lines), strict=True)

    assert [cookie.split("=")[0] for cookie in cookies] == ["koa.sess", "koa.sess.sig"]
    assert session_in(cookies[0])["provider"] == provider
    for line in flags:
        assert re.fullmatch(r"path=/; expires=\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT; httponly", line)


def test_a_key_of_letters_keeps_the_names_of_today(world: World) -> None:
    world.set_up(BUILT_IN, key="letters")

    assert world.strapi.connect(BUILT_IN).id_field == "client_id"


def test_scopes_are_joined_by_commas(world: World, provider: str) -> None:
    world.set_up(provider, scope=["one", "two"])

    assert world.strapi.connect(provider).scope == "one,two"


def test_another_front_end_cannot_be_asked_for(world: World, provider: str) -> None:
    path = Urls("", provider).connect_path

    refused = (400, "ValidationError", "Invalid callback URL provided")
    assert error(world.get(f"{path}?callback=https://evil.example/")) == refused
    assert world.get(f"{path}?callback={frontend(provider)}?page=2").status_code == 302


def test_ten_logins_a_minute_and_no_more(kind: str, tmp_path: Path) -> None:
    with open_world(kind, tmp_path, limited=True) as world:
        answers = [world.get("/api/connect/instagram") for _ in range(11)]

        headers = [{k: v for k, v in a.headers.items() if k.startswith("x-ratelimit")} for a in answers]
        assert [h["x-ratelimit-limit"] for h in headers] == ["10"] * 11
        assert [h["x-ratelimit-remaining"] for h in headers] == [*map(str, range(9, -1, -1)), "0"]
        assert len({h["x-ratelimit-reset"] for h in headers}) == 1
        assert error(answers[-1]) == (429, "RateLimitError", "Too many requests, please try again later.")
        assert {a.status_code for a in answers[:-1]} == {400}
        assert world.get("/api/connect/other").status_code == 400
        with pytest.raises(Refused) as caught:
            world.strapi.connect("instagram")
        assert caught.value.failure == "A17"


# The login ends


def test_a_whole_login(world: World, flow: Flow) -> None:
    id_, username = world.instagram.profile[1]["id"], world.instagram.profile[1]["username"]
    answer = world.log_in(flow.provider)

    assert answer.status_code == 200, answer.text
    user = answer.json()["user"]
    email = f"{username}@strapi.io" if flow is DOCUMENTED else f"{id_}@instagram-business.invalid"
    shown = {
        "username": username,
        "email": email,
        "provider": flow.provider,
        "confirmed": True,
        "blocked": False,
    }
    assert shown.items() <= user.items()
    assert user.keys() == {*shown, "id", "createdAt", "updatedAt"} | SAYS[world.version]["document"]
    me = world.get("/api/users/me", bearer=answer.json()["jwt"])
    assert (me.status_code, me.json()) == (200, user)


def test_instagram_is_asked_for_a_token_and_a_profile(world: World, flow: Flow) -> None:
    world.log_in(flow.provider)
    exchange, profile = world.instagram.asked

    assert (exchange["host"], exchange["target"]) == ("api.instagram.com", "POST /oauth/access_token")
    assert exchange["form"] == {
        "grant_type": "authorization_code",
        "code": "AQcode",
        "redirect_uri": Urls(PUBLIC, flow.provider).callback,
        flow.id_field: SAMPLE_CLIENT_ID,
        flow.secret_field: SAMPLE_CLIENT_SECRET,
    }
    assert (profile["host"], profile["target"]) == ("graph.instagram.com", "GET /me")
    fields = "id,username"
    assert profile["query"] == {"fields": fields}
    assert profile["authorization"] == f"Bearer {TOKEN}"
    assert {exchange["cookie"], profile["cookie"]} == {""}


def test_the_front_end_is_told_as_much_as_the_version_tells(world: World, provider: str) -> None:
    redirect, cookies = world.finish(provider)

    assert redirect.headers["location"].partition("?")[0] == frontend(provider)
    assert query_of(redirect) == SAYS[world.version]["success"]
    begun = {"provider", "state"}
    kept = {name: value for name, value in session_in(cookies).items() if name not in begun}
    assert kept == SAYS[world.version]["session holds"]


def test_a_refresh_cookie_comes_with_the_user(world: World, provider: str) -> None:
    lines = world.log_in(provider).headers.get_list("set-cookie")

    refresh = [re.sub("=[^;]+", "", line, count=1) for line in lines if line.startswith("strapi_up_refresh")]
    names = SAYS[world.version]["refresh cookies"]
    assert refresh == [f"{name}; path=/; samesite=lax; httponly" for name in names]


def test_without_a_finished_login_there_is_no_user(world: World, provider: str) -> None:
    answer = world.get(Urls("", provider).auth_path)

    assert error(answer) == (400, "ApplicationError", SAYS[world.version]["no token"])
    assert world.strapi.engine(provider) == SAYS[world.version]["engine"]


def test_each_engine_takes_the_token_from_one_place_only(world: World, provider: str) -> None:
    _, cookies = world.finish(provider)
    auth = Urls("", provider).auth_path

    by_cookie, by_query = world.get(auth, cookies), world.get(f"{auth}?access_token={TOKEN}")

    in_session = SAYS[world.version]["engine"] == "session"
    good, bad = (by_cookie, by_query) if in_session else (by_query, by_cookie)
    assert good.status_code == 200
    assert error(bad)[2] == SAYS[world.version]["no token"]


def test_a_session_that_was_tampered_with_is_none(world: World) -> None:
    _, cookies = world.finish(CUSTOM)
    forged = base64.b64encode(json.dumps({"grant": {"response": {"access_token": "x"}}}).encode()).decode()
    cookies = re.sub(r"koa\.sess=[^;]+", f"koa.sess={forged}", cookies)

    answer = world.get(Urls("", CUSTOM).auth_path, cookies)

    assert error(answer)[2] == SAYS[world.version]["no token"]


def test_a_second_login_finds_the_same_user(world: World, provider: str) -> None:
    first, second = world.log_in(provider).json(), world.log_in(provider).json()

    assert first["user"] == second["user"]


def test_a_renamed_account_keeps_its_user_only_with_the_kits_provider(world: World, flow: Flow) -> None:
    before = world.log_in(flow.provider).json()["user"]
    world.instagram.be(world.instagram.profile[1]["id"], f"renamed.{uuid.uuid4().hex[:12]}")
    after = world.log_in(flow.provider).json()["user"]

    assert (after["id"] == before["id"]) == (flow is TODAY)


def test_a_username_that_is_taken_gets_four_digits_from_strapi_5(world: World) -> None:
    name = world.log_in(CUSTOM).json()["user"]["username"]
    world.instagram.be(str(uuid.uuid4().int), name)

    now = world.log_in(CUSTOM).json()["user"]["username"]
    assert re.fullmatch(re.escape(name) + SAYS[world.version]["taken username"], now)


def test_users_me_wants_a_token_that_strapi_gave(world: World) -> None:
    assert error(world.get("/api/users/me"))[:2] == (403, "ForbiddenError")
    assert error(world.get("/api/users/me", bearer="a.b.c"))[:2] == (401, "UnauthorizedError")


# The login fails on the way back


def test_a_lost_session_ends_the_login(world: World) -> None:
    _, state = world.begin(CUSTOM)

    answer = world.come_back(CUSTOM, f"code=x&state={state}", "")
    assert query_of(answer) == SAYS[world.version]["lost session"]


def test_another_state_ends_the_login(world: World) -> None:
    cookies, _ = world.begin(CUSTOM)

    answer = world.come_back(CUSTOM, "code=x&state=other", cookies)
    assert query_of(answer) == SAYS[world.version]["other state"]


def test_a_call_back_that_is_reloaded(world: World, provider: str) -> None:
    """Up to 5.50 it sends Instagram a code that it has seen before; later the state is good for once."""
    cookies, state = world.begin(provider)
    query = f"code=AQcode&state={state}" if state else "code=AQcode"
    first = world.come_back(provider, query, cookies)
    again = world.come_back(provider, query, cookies_of(first) or cookies)

    assert query_of(first) == SAYS[world.version]["success"]
    assert query_of(again) == SAYS[world.version]["reload"]


def test_a_missing_code_ends_the_login(world: World, provider: str) -> None:
    cookies, _ = world.begin(provider)

    assert query_of(world.come_back(provider, "", cookies)) == SAYS[world.version]["no code"]


def test_a_denial_reaches_the_front_end(world: World, provider: str) -> None:
    cookies, state = world.begin(provider)
    redirect = world.come_back(provider, f"{DENIED}&state={state}", cookies)

    assert redirect.headers["location"].startswith(f"{frontend(provider)}?")
    said = {"error": "access_denied", "error_description": "The user denied your request"}
    assert said.items() <= query_of(redirect).items()


def test_instagrams_reason_is_hidden_by_newer_versions(world: World, provider: str) -> None:
    world.instagram.token = 400, {"error_type": "OAuthException", "code": 400, "error_message": "Used before"}
    redirect, _ = world.finish(provider)

    assert query_of(redirect) == SAYS[world.version]["token refused"]


def test_a_page_instead_of_a_token_is_read_as_a_query(world: World, provider: str) -> None:
    world.instagram.token = 500, "<p>Sorry</p>"
    redirect, _ = world.finish(provider)

    assert query_of(redirect) == SAYS[world.version]["a page as token"]


@pytest.mark.parametrize("answer", [{"data": [{"access_token": TOKEN, "user_id": "1"}]}, "<p>Sorry</p>"])
def test_a_token_that_is_not_where_it_should_be_is_not_found(
    world: World, provider: str, answer: Any
) -> None:
    """The first is the shape that Meta's page shows."""
    world.instagram.token = 200, answer

    assert error(world.log_in(provider)) == (400, "ApplicationError", "No access_token.")


def test_an_instagram_out_of_reach_ends_the_login(kind: str, tmp_path: Path) -> None:
    with open_world(kind, tmp_path, online=False) as world:
        world.set_up(CUSTOM)
        redirect, _ = world.finish(CUSTOM)

        assert SAYS[world.version]["offline"] in " ".join(query_of(redirect).values())


def test_a_missing_front_end_address(world: World, provider: str) -> None:
    world.set_up(provider, callback="")
    redirect, _ = world.finish(provider)

    assert outcome(redirect) == SAYS[world.version]["no front end"]


def test_a_front_end_address_without_a_host(world: World, provider: str) -> None:
    world.set_up(provider, callback="/connect/redirect")
    redirect, _ = world.finish(provider)

    assert outcome(redirect) == SAYS[world.version]["no host"]


# The login fails at the end


REFUSED_PROFILE = {"error": {"message": "Unsupported request", "type": "IGApiException", "code": 100}}


def test_a_refused_profile_is_explained_only_by_the_kits_provider(world: World, flow: Flow) -> None:
    world.instagram.profile = 400, REFUSED_PROFILE
    said = error(world.log_in(flow.provider))[2]

    explained = "Instagram refused the profile: Unsupported request (code 100)"
    assert said == (explained if flow is TODAY else SAYS[world.version]["profile refused"])


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ((500, "<html>"), "Instagram answered the profile request with status 500 and no explanation"),
        ((200, {"username": "x"}), "Instagram sent no usable account id"),
        ((200, {"id": "", "username": "x"}), "Instagram sent no usable account id"),
        ((200, {"id": 27640875392278831, "username": "x"}), "Instagram sent no usable account id"),
        ((200, {"id": "1"}), "Instagram sent no username: is this a Business or Creator account?"),
    ],
)
def test_the_kits_provider_takes_no_half_profile(world: World, profile: tuple[int, Any], said: str) -> None:
    world.instagram.profile = profile

    assert error(world.log_in(CUSTOM)) == (400, "ApplicationError", said)


def test_the_kits_provider_reads_a_wrapped_profile(world: World) -> None:
    """The shape that Meta's page shows."""
    username = world.instagram.profile[1]["username"]
    world.instagram.profile = 200, {"data": [world.instagram.profile[1]]}

    assert world.log_in(CUSTOM).json()["user"]["username"] == username


def test_the_built_in_provider_takes_a_profile_without_a_name(world: World) -> None:
    world.instagram.profile = 200, {"id": "1"}

    assert world.log_in(BUILT_IN).json()["user"]["email"] == "undefined@strapi.io"


def test_closed_sign_ups_keep_new_people_out(world: World, provider: str) -> None:
    world.actions.advanced(allow_register=False)
    try:
        refused = world.log_in(provider)
    finally:
        world.actions.advanced(allow_register=True)

    assert error(refused) == (400, "ApplicationError", "Register action is actually not available.")
    assert world.log_in(provider).status_code == 200


def test_whether_anybody_may_sign_up_is_told_without_making_an_account(world: World) -> None:
    assert world.strapi.sign_up_open() is True
    world.actions.advanced(allow_register=False)
    try:
        assert world.strapi.sign_up_open() is False
    finally:
        world.actions.advanced(allow_register=True)


def test_an_email_that_is_taken_keeps_a_person_out(world: World) -> None:
    world.actions.take_email(f"{world.instagram.profile[1]['username']}@strapi.io")

    assert error(world.log_in(BUILT_IN)) == (400, "ApplicationError", "Email is already taken.")


def test_a_blocked_user_stays_out(world: World, provider: str) -> None:
    answer = world.log_in(provider).json()
    world.actions.block(answer["user"]["email"])

    blocked = "Your account has been blocked by an administrator"
    assert error(world.log_in(provider)) == (400, "ApplicationError", blocked)
    assert error(world.get("/api/users/me", bearer=answer["jwt"]))[0] == 401


def test_a_default_role_that_is_gone_keeps_new_people_out(world: World, provider: str) -> None:
    world.actions.advanced(default_role="editor")
    try:
        refused = world.log_in(provider)
    finally:
        world.actions.advanced(default_role="authenticated")

    assert error(refused) == (400, "ApplicationError", "Cannot read properties of null (reading 'id')")


def test_a_role_may_forbid_its_users_to_ask_who_they_are(world: World) -> None:
    jwt = world.log_in(CUSTOM).json()["jwt"]
    world.actions.may_read_me(False)
    try:
        refused = world.get("/api/users/me", bearer=jwt)
    finally:
        world.actions.may_read_me(True)

    assert error(refused)[:2] == (403, "ForbiddenError")
    assert world.get("/api/users/me", bearer=jwt).status_code == 200


def test_the_users_with_an_address_in_one_domain_are_counted(world: World) -> None:
    assert world.admin.users_at("nobody.example") == 0
    for number in (1, 2):
        world.actions.take_email(f"somebody{number}@counted.example")
        world.actions.take_email(f"elsewhere{number}@counted.example.org")
        assert world.admin.users_at("counted.example") == number


def test_the_advanced_settings_of_a_new_strapi(world: World) -> None:
    settings, roles = world.admin.advanced()

    assert settings == {
        "unique_email": True,
        "allow_register": True,
        "email_confirmation": False,
        "email_reset_password": None,
        "email_confirmation_redirection": None,
        "default_role": "authenticated",
    }
    assert roles == ["authenticated", "public"]


# Strapi itself is set up badly


@pytest.fixture(scope="module")
def unusual(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Below a path, with another prefix, cookies for all sites, and one origin that may read its answers."""
    config = Config(
        f"{PUBLIC}/backend",
        proxy=True,
        prefix="/v1",
        same_site="none",
        secure=True,
        origins=["https://shop.example"],
    )
    with open_world(kind, tmp_path_factory.mktemp(kind), config=config) as world:
        world.set_up(CUSTOM)
        yield world


def test_with_a_prefix_of_its_own_strapi_is_not_below_api(unusual: World) -> None:
    paths = [Urls("", CUSTOM).connect_path, Urls("", CUSTOM).auth_path, "/api/users/me"]
    assert [error(unusual.get(path))[:2] for path in paths] == [(404, "NotFoundError")] * 3

    begun = unusual.get(f"/v1/connect/{CUSTOM}", forwarded="https")
    uri = parse_qs(urlsplit(begun.headers["location"]).query)["redirect_uri"]
    assert uri == [f"{PUBLIC}/backend/v1/connect/{CUSTOM}/callback"]


def test_a_cookie_for_all_sites_is_set_on_https_only(unusual: World) -> None:
    refused = unusual.get(f"/v1/connect/{CUSTOM}")
    lines = unusual.get(f"/v1/connect/{CUSTOM}", forwarded="https").headers.get_list("set-cookie")

    assert (refused.status_code, refused.text) == (500, "Internal Server Error")
    flags = [line.split("; ", 1)[1] for line in lines]
    assert len(flags) == 2
    for line in flags:
        assert re.fullmatch(r"path=/; expires=[^;]+ GMT; samesite=none; secure; httponly", line)


@pytest.mark.parametrize(
    ("origin", "allowed"), [("https://shop.example", True), ("https://other.example", False)]
)
def test_only_the_origins_of_the_list_may_read_an_answer(unusual: World, origin: str, allowed: bool) -> None:
    given = {"Origin": origin, "Access-Control-Request-Method": "GET",
             "Access-Control-Request-Headers": "ngrok-skip-browser-warning"}  # fmt: skip
    path = f"/v1/auth/{CUSTOM}/callback"
    refusal = unusual.get(path, origin=origin)
    asked_before = unusual.http.options(unusual.url + path, headers=given)

    assert refusal.status_code == 400
    for answer in (refusal, asked_before):
        granted = answer.headers.get("access-control-allow-origin")
        assert granted == (origin if allowed else None)
    if allowed:
        assert asked_before.status_code == 204
        # So the header that skips ngrok's warning page cannot be sent from there.
        headers = asked_before.headers["access-control-allow-headers"]
        assert headers == "Content-Type,Authorization,Origin,Accept"


def test_strapi_without_its_session_middleware(kind: str, tmp_path: Path) -> None:
    with open_world(kind, tmp_path, config=Config(PUBLIC, session_middleware=False)) as world:
        world.set_up(CUSTOM)

        refused = (400, "BadRequestError", SAYS[world.version]["no session"])
        assert error(world.get(Urls("", CUSTOM).connect_path)) == refused
        with pytest.raises(Refused) as caught:
            world.strapi.connect(CUSTOM)
        assert caught.value.failure == "A07"


def test_strapi_in_production_behind_a_tunnel_that_it_does_not_trust(kind: str, tmp_path: Path) -> None:
    with open_world(kind, tmp_path, config=Config(PUBLIC, production=True)) as world:
        world.set_up(CUSTOM)
        response = world.get(Urls("", CUSTOM).connect_path)

        assert (response.status_code, response.text) == (500, "Internal Server Error")
        with pytest.raises(Refused) as caught:
            world.strapi.connect(CUSTOM)
        assert caught.value.failure == "A22"


# What only a stand-in can be asked


def test_the_limit_ends_after_its_minute() -> None:
    now = 1000.0
    limit = RateLimit(1, clock=lambda: now)
    request = make_mocked_request("GET", "/api/connect/x")
    limit.hit(request, {})
    now += 59
    with pytest.raises(Refusal):
        limit.hit(request, {})
    now += 1
    limit.hit(request, {})


def test_who_comes_back_with_nothing_but_his_cookie_is_sent_to_the_front_end(
    world: World, provider: str
) -> None:
    """Which shows the stored redirect URL to everybody; the older engine shows it only with the cookie."""
    begun = world.strapi.connect(provider)
    answer = world.come_back(provider, "", begun.cookies.reveal())
    assert answer.headers["location"].partition("?")[0] == frontend(provider)
    assert begun.cookies.reveal() not in repr(begun)


def test_a_session_is_refreshed_only_with_its_token(world: World) -> None:
    answer = world.http.post(f"{world.url}/api/auth/refresh")
    if world.version.startswith("4."):  # which has no such thing
        assert answer.status_code == 405
    else:
        assert error(answer) == (400, "BadRequestError", "Missing refresh token")


@pytest.mark.parametrize("purpose", ["deauthorize", "data-deletion"])
def test_what_meta_has_not_signed_is_refused(world: World, purpose: str) -> None:
    answer = world.http.post(
        f"{world.url}/api/auth/{CUSTOM}/{purpose}", data={"signed_request": "no.signature"}
    )
    status, _, said = error(answer)
    assert (status, said) == (400, "signed_request is not signed with the client secret of this provider")


def test_an_administrator_sees_who_has_logged_in_but_not_by_which_provider(world: World) -> None:
    world.instagram.be("17841400000000001", "seen.by.admin")
    assert world.log_in(CUSTOM).status_code == 200
    first = world.admin.recent_users()[0]
    assert (first["username"], first["email"]) == ("seen.by.admin", f"17841400000000001@{CUSTOM}.invalid")
    assert "provider" not in first
    assert world.log_in(CUSTOM).status_code == 200
    assert world.admin.recent_users()[0]["updatedAt"] == first["updatedAt"], (
        "a repeated login leaves no trace"
    )


def test_without_the_provider_file_there_is_no_custom_provider() -> None:
    assert CUSTOM in StrapiStandIn().providers
    assert CUSTOM not in StrapiStandIn(custom_provider=False).providers


@pytest.mark.parametrize("path", ["/admin/init", "/admin/login", "/users-permissions/providers"])
def test_no_web_page_may_read_what_the_stand_ins_administrator_reads(path: str) -> None:
    """Its password is printed in this repository; a real Strapi's is not, and there any page may try."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    server = Server(StrapiStandIn().app).start()
    try:
        answers = [
            httpx.options(server.url + path, headers=asked),
            httpx.get(server.url + path, headers={"Origin": "https://evil.example"}),
            httpx.post(server.url + path, headers={"Origin": "https://evil.example"}, json={}),
        ]
    finally:
        server.stop()

    assert [name for answer in answers for name in answer.headers if name.startswith("access-control")] == []
