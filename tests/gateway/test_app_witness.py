"""What passes through the gateway in a login, and what is kept of that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from helpers.core.urls import ME
from helpers.gateway.app import Gateway
from helpers.gateway.attempt import Attempt
from helpers.gateway.witness import Witness
from helpers.login import trace
from helpers.login.verdict import judge
from helpers.web.server import Server
from tests.conftest import PUBLIC
from tests.support.servers import SOON, App, Client, Request, ask, nobody

CONNECT = "/api/connect/instagram"
CALLBACK = "/api/connect/instagram/callback"
REDIRECT = "/connect/instagram/redirect"
AUTH = "/api/auth/instagram/callback"


class Strapi(App):
    """A login as Strapi 5.54 does it: the session cookie leads from one step to the next."""

    def __init__(self) -> None:
        super().__init__("strapi", self.handle)
        self.users: dict[str, str] = {}  # by session cookie

    async def handle(self, request: Request) -> None:
        cookie = "".join(request.all("cookie")).removeprefix("koa.sess=")
        query = parse_qs(urlsplit(request.target).query)
        if request.path == CONNECT:
            name = query["name"][0]
            location = f"https://www.instagram.com/oauth/authorize?client_id=1&state=state-of-{name}"
            await request.answer(b"", 302, [("location", location), ("set-cookie", f"koa.sess=began-{name}")])
        elif request.path == CALLBACK and not cookie:
            await request.answer(_refusal("OAuth callback is missing session"), 400)
        elif request.path == CALLBACK:
            name = cookie.removeprefix("began-")
            finished = [
                ("location", PUBLIC + REDIRECT),
                ("set-cookie", f"koa.sess=finished-{name}; httponly"),
            ]
            await request.answer(b"", 302, finished)
        elif request.path == AUTH and cookie.startswith("finished-"):
            name = cookie.removeprefix("finished-")
            user = {"id": 1, "username": name, "provider": "instagram"}
            await request.answer(json.dumps({"jwt": f"jwt-of-{name}", "user": user}).encode())
        elif request.path == AUTH:
            await request.answer(_refusal("OAuth authentication requires a completed provider session"), 400)
        elif request.path == ME and request.all("authorization")[:1] == ["Bearer jwt-of-ada"]:
            await request.answer(b'{"id": 1}')
        else:
            await request.answer(b'{"error": {"status": 403, "message": "Forbidden"}}', 403)


def _refusal(said: str) -> bytes:
    return json.dumps({"data": None, "error": {"status": 400, "message": said}}).encode()


@pytest.fixture
def login(open_gateway: Callable[..., Gateway], serve: Callable[[App], Server]) -> Gateway:
    return open_gateway(serve(Strapi()).url)


def walk(gateway: Gateway, name: str, *steps: str) -> Iterator[str]:
    """Take one person's steps through a login, one by one; each yields its step."""
    targets = {
        CONNECT: (f"{CONNECT}?name={name}", []),
        CALLBACK: (
            f"{CALLBACK}?code=code-of-{name}&state=state-of-{name}",
            [("Cookie", f"koa.sess=began-{name}")],
        ),
        REDIRECT: (REDIRECT, [("Cookie", f"koa.sess=finished-{name}")]),
        AUTH: (AUTH, [("Cookie", f"koa.sess=finished-{name}")]),
    }
    for step in steps or targets:
        target, headers = targets[step]
        ask(gateway.url, target, headers=headers)
        yield step


def has_proof(attempt: Attempt) -> bool:
    return attempt.last("me") is not None


def seen(witness: Witness) -> list[list[str]]:
    return [[hop.step for hop in attempt] for attempt in witness.attempts]


def test_a_login_is_witnessed_from_connect_to_the_proof_of_the_user(login):
    assert len(list(walk(login, "ada"))) == 4
    attempt = login.witness.wait(has_proof, timeout=SOON)
    login.stop()

    assert seen(login.witness) == [["connect", "callback", "redirect", "auth", "me"]]
    assert [(hop.receiver, hop.status) for hop in attempt] == [
        ("strapi", 302),
        ("strapi", 302),
        ("front end", 200),
        ("strapi", 200),
        ("strapi", 200),
    ]
    auth, proof = attempt.last("auth"), attempt.last("me")
    assert auth is not None
    assert auth.user == {"username": "ada", "provider": "instagram"}
    assert proof is not None
    assert (proof.sender, proof.method, proof.url) == ("gateway", "GET", PUBLIC + ME)


def test_a_token_that_opens_nothing_is_witnessed_as_such(login):
    assert len(list(walk(login, "bob"))) == 4
    attempt = login.witness.wait(has_proof, timeout=SOON)

    assert [hop.status for hop in attempt if hop.step == "me"] == [403]


def test_a_proof_that_gets_no_answer_has_no_status(open_gateway, serve, monkeypatch):
    strapi = Strapi()

    async def silent_about_users(request: Request) -> None:
        await (request.gone() if request.path == ME else Strapi.handle(strapi, request))

    strapi.handler = silent_about_users
    monkeypatch.setattr("helpers.gateway.app._PROOF", 0.05)
    gateway = open_gateway(serve(strapi).url)
    assert len(list(walk(gateway, "ada"))) == 4

    assert [hop.status for hop in gateway.witness.wait(has_proof, timeout=SOON) if hop.step == "me"] == [None]


@pytest.mark.parametrize("public", [PUBLIC, ""])
@pytest.mark.parametrize("host", ["[::1", "a b", "[", "shop.dev:port", "\xff"])
def test_a_request_with_a_broken_host_harms_nobody(open_gateway, serve, host, public):
    async def broken(request: Request) -> None:
        await request.answer(b"", 302, [("Location", "https://[")])

    gateway = open_gateway(serve(App("strapi", broken)).url, public=public)
    with Client(gateway.url) as client:
        client.write(f"GET /api/connect/instagram HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))
        status = client.read().status

    assert status in (302, 400, 421)
    for attempt in gateway.witness.attempts:
        verdict = judge(attempt, "instagram")
        assert trace.lines(attempt, verdict)
        assert trace.as_html(attempt, verdict)
        assert trace.mermaid(attempt, verdict)


def test_two_logins_at_once_are_told_apart(login):
    ada, bob = walk(login, "ada"), walk(login, "bob")
    for _ in range(3):
        assert next(ada) == next(bob)
    assert (next(bob), next(ada)) == (AUTH, AUTH)
    login.witness.wait(lambda _: all(map(has_proof, login.witness.attempts)), timeout=SOON)

    assert seen(login.witness) == [["connect", "callback", "redirect", "auth", "me"]] * 2
    users = [attempt.last("auth").user["username"] for attempt in login.witness.attempts]
    assert users == ["ada", "bob"]


def test_a_login_that_lost_its_cookie_is_shown_with_its_failure(login):
    assert list(walk(login, "ada", CONNECT, CALLBACK)) == [CONNECT, CALLBACK]
    ask(login.url, AUTH)

    assert seen(login.witness) == [["connect", "callback", "auth"]]
    (hop,) = [hop for hop in login.witness.attempts[0] if hop.step == "auth"]
    assert (hop.status, hop.message) == (400, "OAuth authentication requires a completed provider session")


def test_a_browsers_questions_and_assets_are_no_steps_of_a_login(login):
    assert list(walk(login, "ada", CONNECT)) == [CONNECT]
    for method, target in [
        ("OPTIONS", AUTH),
        ("HEAD", REDIRECT),
        ("GET", "/favicon.ico"),
        ("GET", "/api/articles"),
    ]:
        ask(login.url, target, method)

    assert seen(login.witness) == [["connect"]]


def test_a_path_with_a_slash_at_its_end_is_the_same_step(login):
    ask(login.url, f"{AUTH}/")

    assert seen(login.witness) == [["auth"]]


def test_a_strapi_that_is_down_is_witnessed_as_not_reached(open_gateway):
    with nobody() as strapi:
        gateway = open_gateway(strapi)
        assert ask(gateway.url, CONNECT).status == 502

    (hop,) = gateway.witness.attempts[0]
    assert (hop.status, hop.reached) == (502, False)
    assert hop.message == f"Strapi does not answer at {strapi}."


def test_the_public_address_may_become_known_later(open_gateway, serve):
    strapi = Strapi()
    gateway = open_gateway(serve(strapi).url, public="")
    gateway.public = PUBLIC
    assert len(list(walk(gateway, "ada"))) == 4
    attempt = gateway.witness.wait(has_proof, timeout=SOON)

    assert strapi.requests[0].all("x-forwarded-host") == ["shop.ngrok-free.dev"]
    assert [hop.url for hop in attempt if hop.step == "me"] == [PUBLIC + ME]
