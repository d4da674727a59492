"""What is kept of a request and its answer, and what is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.masking import MASK, Secret
from helpers.gateway.exchange import masked_url
from helpers.gateway.observer import Observed, Role
from helpers.gateway.witness import Hop, Witness, mark

AT_STRAPI = Role("auth", "browser", "strapi")
Headers = list[tuple[bytes, bytes]]


def answering(status: int = 200, headers: Headers | None = None, *chunks: bytes) -> Callable[..., Any]:
    async def app(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": status, "headers": headers or []})
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


def see(
    app: Callable[..., Any],
    path: str = "/api/auth/instagram/callback",
    query: bytes = b"",
    headers: Headers | None = None,
    body: tuple[bytes, ...] = (b"",),
    role: Role | None = AT_STRAPI,
    **options: Any,
) -> tuple[Witness, list[dict[str, Any]]]:
    """Send one request through an observer; returns what it told its witness and the client."""
    witness, sent = Witness(), []
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in body]
    messages[-1]["more_body"] = False
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": [(b"host", b"x.dev"), *(headers or [])],
    }

    async def run() -> None:
        async def receive() -> dict[str, Any]:
            return messages.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await Observed(app, witness, lambda _: role, **options)(scope, receive, send)

    asyncio.run(run())
    return witness, sent


def only(witness: Witness) -> Hop:
    (attempt,) = witness.attempts
    (hop,) = attempt
    return hop


def test_a_request_becomes_a_hop():
    hop = only(see(answering(302, [(b"location", b"https://www.instagram.com/x?scope=a&state=S1")]))[0])

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
    witness, sent = see(answering(200, [], b"body"), role=None)

    assert witness.attempts == []
    assert [message.get("body") for message in sent] == [None, b"body", b""]


def test_everything_passes_unchanged():
    headers = [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-any", b"\xff")]
    _, sent = see(answering(201, headers, b"one", b"two"))

    assert sent[0] == {"type": "http.response.start", "status": 201, "headers": headers}
    assert [message["body"] for message in sent[1:]] == [b"one", b"two", b""]


@pytest.mark.parametrize("chunks", [(), (b"one",), (b"one", b"two")])
def test_a_step_is_told_before_anybody_can_have_its_whole_answer(chunks):
    witness, told = Witness(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        told.append(len(witness.attempts))

    observed = Observed(answering(200, [], *chunks), witness, lambda _: AT_STRAPI)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(observed(scope, receive, send))

    assert told == [0] * len(chunks) + [1, 1]


def test_the_application_is_asked_for_an_answer_that_can_be_read():
    asked: Headers = []

    async def app(scope, receive, send):
        asked.extend(scope["headers"])

    see(app, headers=[(b"accept-encoding", b"gzip, br"), (b"accept", b"*/*")])

    assert asked == [(b"host", b"x.dev"), (b"accept", b"*/*"), (b"accept-encoding", b"identity")]


def test_cookies_are_kept_by_name_and_flags():
    cookie = b"koa.sess=eyJhIjoiYiJ9; path=/; expires=Wed, 25 Nov 2026 10:00:00 GMT; httponly; samesite=lax"
    hop = only(see(answering(200, [(b"set-cookie", cookie), (b"set-cookie", b"koa.sess.sig=abc")]))[0])

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
    assert only(see(answering(400, [], json.dumps(body).encode()))[0]).message == said


@pytest.mark.parametrize("body", [b"<h1>Internal Server Error</h1>", b"[" * 50_000, b"\xff", b""])
def test_an_answer_that_is_no_json_has_no_reason(body):
    assert only(see(answering(500, [], body))[0]).message == ""


def test_a_reason_is_kept_without_the_secrets_of_its_own_request():
    said = {
        "error": {"message": "code plain-c0de, state st%2Fate, cookie v4lue-of-cookie and jwt=xyz failed"}
    }
    headers = [(b"set-cookie", b"koa.sess=v4lue-of-cookie")]
    hop = only(
        see(answering(400, headers, json.dumps(said).encode()), query=b"code=plain-c0de&state=st/ate")[0]
    )

    assert hop.message == f"code {MASK}, state {MASK}, cookie {MASK} and jwt={MASK} failed"


def test_a_cookies_flags_are_kept_without_its_value():
    hop = only(see(answering(200, [(b"set-cookie", b"koa.sess=v4lue-of-cookie; path=/v4lue-of-cookie")]))[0])

    assert hop.cookies == (f"koa.sess; path=/{MASK}",)


def test_a_long_reason_is_cut():
    said = json.dumps({"error": {"message": "no " * 1000}}).encode()

    assert len(only(see(answering(400, [], said))[0]).message) == 500


def test_the_user_of_a_good_answer_is_kept_by_name_and_provider_only():
    body = json.dumps(
        {"jwt": "j", "user": {"id": 7, "username": "ada", "provider": "instagram", "email": "a@b"}}
    )
    half = len(body) // 2
    app = answering(200, [], body[:half].encode(), body[half:].encode())

    assert only(see(app)[0]).user == {"username": "ada", "provider": "instagram"}


@pytest.mark.parametrize("body", [{"user": "ada"}, {"user": None}, [], {"data": {"user": {"username": "x"}}}])
def test_an_answer_without_a_user_has_none(body):
    assert only(see(answering(200, [], json.dumps(body).encode()))[0]).user is None


def test_a_refusal_has_no_user():
    assert only(see(answering(400, [], b'{"user": {"username": "ada"}}'))[0]).user is None


def test_half_a_character_does_no_harm():
    body = b'{"jwt": "j-\\ud800-j", "user": {"username": "a\\udfff", "provider": "instagram"}}'

    assert len(only(see(answering(200, [], body))[0]).marks) == 1


def test_an_answer_of_any_size_passes_but_only_a_small_one_is_read():
    big = json.dumps({"user": {"username": "ada"}, "filling": "x" * 200_000}).encode()
    witness, sent = see(answering(200, [], *(big[at : at + 50_000] for at in range(0, len(big), 50_000))))

    assert b"".join(message.get("body", b"") for message in sent) == big
    assert only(witness).user is None


@pytest.mark.parametrize(
    ("query", "headers", "shown"),
    [
        (b"code=C0de&state=st%2Fate", [], {"C0de", "st/ate"}),
        (b"access_token=T0&raw[access_token]=T1&raw%5Buser_id%5D=7", [], {"T0", "T1"}),
        (b"", [(b"authorization", b"Bearer jay-double-u")], {"jay-double-u"}),
        (b"client_secret=not-of-one-login&scope=a", [], set()),
    ],
)
def test_a_hop_is_marked_by_what_only_its_login_knows(query, headers, shown):
    hop = only(see(answering(), query=query, headers=headers)[0])

    assert hop.marks == {mark(value) for value in shown}


def test_a_hop_is_marked_by_its_form_and_by_its_answer():
    answer = json.dumps({"data": [{"access_token": "T0", "user_id": "7"}], "jwt": "J0"}).encode()
    app = answering(200, [(b"location", b"/x?code=C1#_"), (b"set-cookie", b"koa.sess=V1; path=/")], answer)
    hop = only(see(app, body=(b"client_secret=s&co", b"de=C0"))[0])

    assert hop.marks == {mark(value) for value in ("C0", "C1", "T0", "J0", "V1")}


def test_the_cookies_of_a_request_are_kept_apart_also_when_some_are_malformed():
    headers = [(b"cookie", b'prefs={"a":1}; koa.sess=V1'), (b"cookie", b"theme=dark;flag; ")]
    hop = only(see(answering(), headers=headers)[0])

    assert hop.marks == frozenset()
    assert hop.sent_cookies == {mark(value) for value in ('{"a":1}', "V1", "dark")}


def test_a_front_ends_own_cookies_mark_nothing():
    role = Role("redirect", "browser", "front end")

    assert only(see(answering(200, [(b"set-cookie", b"locale=en")]), role=role)[0]).marks == frozenset()


def test_an_application_that_fails_is_a_hop_without_a_status():
    async def app(scope, receive, send):
        raise RuntimeError("broken")

    witness = Witness()
    observed = Observed(app, witness, lambda _: AT_STRAPI)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    with pytest.raises(RuntimeError):
        asyncio.run(observed(scope, None, None))

    assert only(witness).status is None


def test_a_user_is_proved_once_with_the_token_of_the_answer():
    asked: list[str] = []

    async def follow_up(jwt: Secret) -> Hop:
        asked.append(jwt.reveal())
        return Hop("me", "gateway", "strapi", "GET", "https://x.dev/api/users/me", 200, 1.0)

    app = answering(200, [], b'{"jwt": "J0", "user": {"username": "ada", "provider": "instagram"}}')
    witness, _ = see(app, follow_up=follow_up)

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

    witness, _ = see(answering(status, [], body), follow_up=follow_up)

    assert only(witness).status == status


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://x.dev/a?scope=a,b&code=C&other=v#frag",
            f"https://x.dev/a?scope=a,b&code={MASK}&other={MASK}",
        ),
        ("https://me:pass@x.dev/a", "https://x.dev/a"),
        ("/relative?error=access_denied", "/relative?error=access_denied"),
        (
            "https://x.dev/?redirect_uri=https%3A%2F%2Fy%2Fcb%3Fcode%3DC",
            f"https://x.dev/?redirect_uri=https://y/cb?code={MASK}",
        ),
        ("https://[broken/?code=C", "https://[broken/"),
    ],
)
def test_addresses_show_only_harmless_values(url, shown):
    assert masked_url(url) == shown


@given(
    st.binary(),
    st.binary(),
    st.binary(),
    st.binary(max_size=300),
    st.binary(max_size=300),
    st.integers(100, 599),
)
def test_no_request_and_no_answer_can_break_the_observer(query, host, value, body, answer, status):
    headers = [(b"host", host), (b"cookie", value), (b"authorization", b"Bearer " + value)]
    told = [(b"location", value), (b"set-cookie", value)]
    witness, sent = see(answering(status, told, answer), query=query, headers=headers, body=(body,))

    assert only(witness).status == status
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["user", "jwt", "error", "message", "data", "access_token", "username"]),
                inner,
            )
        ),
    )
)
def test_no_json_can_break_the_observer(answer):
    assert only(see(answering(400, [], json.dumps(answer).encode()))[0]).status == 400
    assert only(see(answering(200, [], json.dumps(answer).encode()))[0]).status == 200


@pytest.mark.parametrize(
    ("headers", "body", "where"),
    [
        ([], {"jwt": "j", "user": {}}, ""),
        ([], {"jwt": "j", "refreshToken": "s3cret-token-of-the-refresh", "user": {}}, "answer"),
        ([(b"set-cookie", b"strapi_up_refresh=s3cret-token; path=/; httponly")], {"jwt": "j"}, "cookie"),
    ],
)
def test_a_refresh_token_is_kept_by_its_place_only(headers: Headers, body: dict[str, Any], where: str):
    hop = only(see(answering(200, headers, json.dumps(body).encode()))[0])
    assert hop.refresh == where
    assert "s3cret" not in repr(hop)
