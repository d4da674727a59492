"""How a login ends well, asked of the stand-ins and of a real Strapi alike."""

from __future__ import annotations

import base64
import json
import re
import uuid

from helpers.core.flows import DOCUMENTED, TODAY, Flow
from helpers.core.settings import SAMPLE_CLIENT_ID, SAMPLE_CLIENT_SECRET
from helpers.core.urls import Urls
from tests.support.strapi_says import CUSTOM, SAYS, error, query_of, session_in
from tests.support.strapi_worlds import PUBLIC, TOKEN, World, frontend


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
        flow.id_field.replace("_id", "_secret"): SAMPLE_CLIENT_SECRET,
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
