"""What only a stand-in can be asked."""

from __future__ import annotations

import httpx
import pytest
from aiohttp.test_utils import make_mocked_request

from helpers.rehearsal.strapi.parts import RateLimit, Refusal
from helpers.rehearsal.strapi.server import StrapiStandIn
from helpers.web.server import Server
from tests.support.strapi_says import CUSTOM, error
from tests.support.strapi_worlds import World, frontend


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
    first = world.admin.recent_users(f"{CUSTOM}.invalid")[0]
    assert (first["username"], first["email"]) == ("seen.by.admin", f"17841400000000001@{CUSTOM}.invalid")
    assert "provider" not in first
    assert world.log_in(CUSTOM).status_code == 200
    assert world.admin.recent_users(f"{CUSTOM}.invalid")[0]["updatedAt"] == first["updatedAt"], (
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
