"""What the kit's Strapi client makes of Strapi's answers, and how it signs in."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from helpers.core.errors import Refused, Unexpected
from helpers.strapi.client import Admin, Strapi
from tests.support.canned_strapi import KOA, PASSWORD, Canned, refusal

AUTHORIZE = "https://www.instagram.com/oauth/authorize"


def test_a_strapi_that_is_up_says_nothing(strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /_health"] = Response(status_code=204)
    strapi.check_up()
    assert len(canned.asked) == 1


def test_connect_tells_where_the_login_leads(strapi: Strapi, canned: Canned) -> None:
    redirect_uri = "https://x.ngrok-free.dev/api/connect/instagram/callback"
    query = f"client_id=17&response_type=code&redirect_uri={redirect_uri}&scope=a,b&state=0123456789abcdef"
    headers = {"Location": f"{AUTHORIZE}?{query}", "Set-Cookie": f"{KOA}; secure; samesite=none; httponly"}
    canned.answers["GET /api/connect/instagram"] = Response(status_code=302, headers=headers)
    connect = strapi.connect("instagram")

    assert (connect.authorize_host, connect.redirect_uri) == ("www.instagram.com", redirect_uri)
    assert (connect.id_field, connect.client_id, connect.scope) == ("client_id", "17", "a,b")
    assert connect.has_state
    assert connect.session_cookie == "koa.sess; Secure; SameSite=None; HttpOnly"
    assert "0123456789abcdef" not in repr(connect)
    assert "c2VjcmV0" not in repr(connect)


def test_connect_shows_what_is_missing(strapi: Strapi, canned: Canned) -> None:
    headers = {"Location": AUTHORIZE}
    canned.answers["GET /api/connect/instagram"] = Response(status_code=302, headers=headers)
    connect = strapi.connect("instagram")

    assert (connect.id_field, connect.redirect_uri, connect.session_cookie) == ("", "", "")
    assert not connect.has_state


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refusal(400, "This provider is disabled"), "A01"),
        (refusal(400, "Grant: mount session middleware first"), "A07"),
        (refusal(400, "OAuth connect requires session middleware"), "A07"),
        (refusal(400, "Unknown OAuth provider"), "A38"),
        (refusal(404, "Not Found"), "A06"),
        (refusal(429, "Too many requests, please try again later."), "A17"),
        (refusal(500, "Internal Server Error"), "A22"),
        (PlainTextResponse("Internal Server Error", 500), "A22"),
        (refusal(403, "Forbidden"), "A44"),
        (refusal(401, "Missing or invalid credentials"), "A45"),
        (refusal(400, "Something new"), None),
    ],
)
def test_a_login_that_strapi_does_not_start_is_named(
    answer: Response, failure: str | None, strapi: Strapi, canned: Canned
) -> None:
    canned.answers["GET /api/connect/instagram"] = answer
    with pytest.raises(Refused) as caught:
        strapi.connect("instagram")
    assert caught.value.failure == failure
    assert str(answer.status_code) in caught.value.evidence


@pytest.mark.parametrize("location", ["", "/admin"])
def test_a_redirect_to_nowhere_is_nonsense(location: str, strapi: Strapi, canned: Canned) -> None:
    answer = Response(status_code=302, headers={"Location": location} if location else {})
    canned.answers["GET /api/connect/instagram"] = answer
    with pytest.raises(Unexpected):
        strapi.connect("instagram")


@pytest.mark.parametrize(
    ("said", "engine"),
    [
        ("OAuth authentication requires a completed provider session", "session"),
        ("No access_token.", "token"),
        ("This provider is disabled", None),
    ],
)
def test_the_engine_shows_in_its_words(said: str, engine: str | None, strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /api/auth/instagram/callback"] = refusal(400, said)
    assert strapi.engine("instagram") == engine


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refusal(400, "Something new"), None),  # Strapi's, whatever it means: no other program has the port
        (refusal(403, "Forbidden"), "A44"),
        (refusal(401, "Missing or invalid credentials"), "A45"),
        (refusal(429, "Too many requests, please try again later."), "A17"),
    ],
)
def test_a_refusal_that_tells_no_engine_is_told_as_strapis(
    answer: Response, failure: str | None, strapi: Strapi, canned: Canned
) -> None:
    canned.answers["GET /api/auth/instagram/callback"] = answer
    with pytest.raises(Refused) as caught:
        strapi.engine("instagram")
    assert caught.value.failure == failure
    assert str(answer.status_code) in caught.value.evidence


@pytest.mark.parametrize(("status", "heard"), [(401, True), (403, False), (200, True)])
def test_an_authorization_header_that_is_lost_shows_as_403(
    status: int, heard: bool, strapi: Strapi, canned: Canned
) -> None:
    canned.answers["GET /api/users/me"] = JSONResponse({}, status)
    assert strapi.hears_authorization() is heard


@pytest.mark.parametrize("known", [True, False])
def test_has_admin_is_strapis_own_word(known: bool, strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /admin/init"] = JSONResponse({"data": {"hasAdmin": known}})
    assert strapi.has_admin() is known


@pytest.mark.parametrize("data", [{}, {"hasAdmin": "yes"}, None, "text"])
def test_has_admin_takes_nothing_else_for_an_answer(data: Any, strapi: Strapi, canned: Canned) -> None:
    canned.answers["GET /admin/init"] = JSONResponse({"data": data})
    with pytest.raises(Unexpected):
        strapi.has_admin()


@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        (refusal(400, "Invalid credentials"), "admin panel"),
        (refusal(429, "Too many requests, please try again later."), "five minutes"),
    ],
)
def test_a_refused_sign_in_keeps_the_password(
    answer: Response, fix: str, strapi: Strapi, canned: Canned
) -> None:
    canned.answers["POST /admin/login"] = answer
    with pytest.raises(Refused) as caught:
        strapi.sign_in("admin@example.com", PASSWORD)
    shown = "\n".join(
        [str(caught.value), caught.value.evidence, repr(caught.value.__cause__), *caught.value.fix]
    )
    assert PASSWORD.reveal() not in shown
    assert "admin@example.com" in shown
    assert fix in caught.value.fix[0]


def test_signing_in_sends_the_pair_and_then_the_session(admin: Admin, canned: Canned) -> None:
    assert admin.version() == "5.54.0"
    assert canned.asked[-1].headers["authorization"] == "Bearer admin-session-1"
