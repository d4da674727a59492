"""How a login starts, asked of the stand-ins and of a real Strapi alike."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from helpers.core.errors import Refused
from helpers.core.flows import DOCUMENTED, Flow
from helpers.core.settings import SAMPLE_CLIENT_ID
from helpers.core.urls import Urls
from tests.support.strapi_says import BUILT_IN, SAYS, error, session_in
from tests.support.strapi_worlds import PUBLIC, World, frontend, open_world


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
