"""How a login fails on the way back, asked of the stand-ins and of a real Strapi alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.strapi_says import CUSTOM, DENIED, SAYS, error, outcome, query_of
from tests.support.strapi_worlds import TOKEN, World, cookies_of, frontend, open_world


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
