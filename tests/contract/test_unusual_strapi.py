"""A Strapi with other settings than it comes with, asked of the stand-ins and of a real Strapi alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from helpers.core.errors import Refused
from helpers.core.urls import Urls
from helpers.rehearsal.strapi.config import Config
from tests.support.strapi_says import CUSTOM, SAYS, error
from tests.support.strapi_worlds import PUBLIC, World, open_world


@pytest.fixture(scope="module")
def unusual(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Below a path, with another prefix, cookies for all sites; one origin may read, and without cookies."""
    config = Config(
        f"{PUBLIC}/backend",
        proxy=True,
        prefix="/v1",
        same_site="none",
        secure=True,
        origins=["https://shop.example"],
        credentials=False,
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
        assert "access-control-allow-credentials" not in answer.headers
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
