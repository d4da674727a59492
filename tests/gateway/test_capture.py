"""What is kept of a request and its answer, and what is not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from helpers.core.masking import MASK, Secret
from helpers.gateway.attempt import Hop
from helpers.gateway.observe import Observed
from helpers.gateway.witness import Witness
from tests.support.observed import AT_STRAPI, Asked, Headers, answering, only, see


def test_a_request_becomes_a_hop():
    hop = only(see(answering(302, [(b"location", b"https://www.instagram.com/x?scope=a&state=S1")])))

    assert (hop.step, hop.sender, hop.receiver, hop.method, hop.status) == (
        "auth",
        "browser",
        "strapi",
        "GET",
        302,
    )
    assert hop.url == "https://x.dev/api/auth/instagram/callback"
    assert hop.location == f"https://www.instagram.com/x?scope=a&state={MASK}"
    assert hop.ms is not None
    assert hop.ms >= 0
    assert hop.reached


def test_a_request_without_a_role_is_not_kept():
    async def app(request: Asked) -> None:
        assert request.seen is None

    assert see(app, role=None).attempts == []


def test_a_handler_that_passes_nothing_on_is_read():
    said = '{"error": {"message": "No"}}'

    async def app(request: Asked) -> web.Response:
        return web.Response(status=400, text=said, headers={"Set-Cookie": "a=1; path=/"})

    hop = only(see(app))

    assert (hop.status, hop.message, hop.cookies) == (400, "No", ("a; path=/",))


def test_cookies_are_kept_by_name_and_flags():
    cookie = b"koa.sess=eyJhIjoiYiJ9; path=/; expires=Wed, 25 Nov 2026 10:00:00 GMT; httponly; samesite=lax"
    hop = only(see(answering(200, [(b"set-cookie", cookie), (b"set-cookie", b"koa.sess.sig=abc")])))

    assert hop.cookies == ("koa.sess; path=/; httponly; samesite=lax", "koa.sess.sig")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"data": None, "error": {"status": 400, "message": "This provider is disabled"}},
            "This provider is disabled",
        ),
        ({"error": "access_denied"}, "access_denied"),
        (
            {"error_type": "OAuthException", "code": 400, "error_message": "Invalid platform app"},
            "Invalid platform app",
        ),
        ({"error": {"status": 500}}, ""),
        (["not", "an", "object"], ""),
        ("x" * 100, ""),
    ],
)
def test_the_reason_of_a_refusal_is_kept(body, said):
    assert only(see(answering(400, [], json.dumps(body).encode()))).message == said


@pytest.mark.parametrize("body", [b"<h1>Internal Server Error</h1>", b"[" * 50_000, b"\xff", b""])
def test_an_answer_that_is_no_json_has_no_reason(body):
    assert only(see(answering(500, [], body))).message == ""


def test_a_reason_is_kept_without_the_secrets_of_its_own_request():
    said = {
        "error": {"message": "code plain-c0de, state st%2Fate, cookie v4lue-of-cookie and jwt=xyz failed"}
    }
    headers = [(b"set-cookie", b"koa.sess=v4lue-of-cookie")]
    app = answering(400, headers, json.dumps(said).encode())
    hop = only(see(app, query=b"code=plain-c0de&state=st/ate"))

    assert hop.message == f"code {MASK}, state {MASK}, cookie {MASK} and jwt={MASK} failed"


def test_a_cookies_flags_are_kept_without_its_value():
    hop = only(see(answering(200, [(b"set-cookie", b"koa.sess=v4lue-of-cookie; path=/v4lue-of-cookie")])))

    assert hop.cookies == (f"koa.sess; path=/{MASK}",)


def test_a_long_reason_is_cut():
    said = json.dumps({"error": {"message": "no " * 1000}}).encode()

    assert len(only(see(answering(400, [], said))).message) == 500


def test_the_user_of_a_good_answer_is_kept_by_name_and_provider_only():
    body = json.dumps(
        {"jwt": "j", "user": {"id": 7, "username": "ada", "provider": "instagram", "email": "a@b"}}
    )
    half = len(body) // 2
    app = answering(200, [], body[:half].encode(), body[half:].encode())

    assert only(see(app)).user == {"username": "ada", "provider": "instagram"}


@pytest.mark.parametrize("body", [{"user": "ada"}, {"user": None}, [], {"data": {"user": {"username": "x"}}}])
def test_an_answer_without_a_user_has_none(body):
    assert only(see(answering(200, [], json.dumps(body).encode()))).user is None


def test_a_refusal_has_no_user():
    assert only(see(answering(400, [], b'{"user": {"username": "ada"}}'))).user is None


def test_half_a_character_does_no_harm():
    body = b'{"jwt": "j-\\ud800-j", "user": {"username": "a\\udfff", "provider": "instagram"}}'

    assert len(only(see(answering(200, [], body))).marks) == 1


def test_of_a_big_answer_only_the_beginning_is_read():
    big = json.dumps({"user": {"username": "ada"}, "filling": "x" * 200_000}).encode()
    app = answering(200, [], *(big[at : at + 50_000] for at in range(0, len(big), 50_000)))

    assert only(see(app)).user is None


def test_an_application_that_fails_is_a_hop_without_a_status():
    async def app(request: Asked) -> None:
        raise RuntimeError("broken")

    witness = Witness()
    with pytest.raises(RuntimeError):
        asyncio.run(Observed(app, witness, lambda *_: AT_STRAPI, reads=False)(Asked()))

    assert only(witness).status is None


def test_a_user_is_proved_once_with_the_token_of_the_answer():
    asked: list[str] = []

    async def follow_up(jwt: Secret) -> Hop:
        asked.append(jwt.reveal())
        return Hop("me", "gateway", "strapi", "GET", "https://x.dev/api/users/me", 200, 1.0)

    app = answering(200, [], b'{"jwt": "J0", "user": {"username": "ada", "provider": "instagram"}}')
    witness = see(app, follow_up=follow_up)

    assert asked == ["J0"]
    assert [hop.step for hop in witness.attempts[0]] == ["auth", "me"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"jwt": "J0", "user": {"username": "ada"}}'),
        (200, b'{"user": {"username": "ada"}}'),
        (200, b'{"jwt": 7, "user": {"username": "ada"}}'),
        (200, b'{"jwt": "J0"}'),
    ],
)
def test_without_a_user_and_a_token_nothing_is_asked(status, body):
    async def follow_up(jwt: Secret) -> Hop:
        raise AssertionError("there is nothing to prove")

    witness = see(answering(status, [], body), follow_up=follow_up)

    assert only(witness).status == status


@pytest.mark.parametrize(
    ("headers", "body", "where"),
    [
        ([], {"jwt": "j", "user": {}}, ""),
        ([], {"jwt": "j", "refreshToken": "s3cret-token-of-the-refresh", "user": {}}, "answer"),
        ([(b"set-cookie", b"strapi_up_refresh=s3cret-token; path=/; httponly")], {"jwt": "j"}, "cookie"),
    ],
)
def test_a_refresh_token_is_kept_by_its_place_only(headers: Headers, body: dict[str, Any], where: str):
    hop = only(see(answering(200, headers, json.dumps(body).encode())))
    assert hop.refresh == where
    assert "s3cret" not in repr(hop)
