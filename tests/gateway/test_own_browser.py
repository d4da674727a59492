"""Whose browser it is: marked by the address it came by, known by a cookie that nobody else sees."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from helpers.core.errors import Stopped
from helpers.gateway.app import Gateway
from helpers.login.logins import Logins
from tests.conftest import PUBLIC
from tests.support.servers import App, Client, Headers, Request, ask

CONNECT = "/api/connect/instagram"
CALLBACK = f"{CONNECT}/callback"
AUTH = "/api/auth/instagram/callback"
ME = "/api/users/me"


async def strapi(request: Request) -> None:
    """It limits nobody and believes everybody."""
    state = request.target.partition("state=")[2] or "none"
    if request.path == CONNECT:
        await request.answer(b"", 302, [("location", f"https://www.instagram.com/x?state={state}")])
    elif request.path == CALLBACK:
        await request.answer(b"", 302, [("location", f"{PUBLIC}/connect/instagram/redirect?state={state}")])
    elif request.path == AUTH:
        token = secrets.token_hex(4)
        said = f'{{"jwt":"{token}","user":{{"username":"ada","provider":"instagram"}}}}'
        await request.answer(said.encode())
    else:
        await request.answer(b"{}")


@pytest.fixture
def opened(open_gateway: Callable[..., Gateway], serve: Callable[..., Any]) -> tuple[Gateway, App, App]:
    back, front = App("strapi", strapi), App("front end")
    return open_gateway(serve(back).url, serve(front).url), back, front


def came_by(gateway: Gateway, path: str = "/") -> Headers:
    """The cookie of a browser that opened our address."""
    marked = urlsplit(gateway.own_browser.marked(PUBLIC + path))
    answer = ask(gateway.url, f"{marked.path}?{marked.query}")
    (cookie,) = answer.all("set-cookie")
    return [("Cookie", cookie.partition(";")[0])]


def test_a_marked_address_leads_to_the_same_without_its_mark_and_gives_the_cookie(opened):
    gateway, back, front = opened
    marked = urlsplit(gateway.own_browser.marked(f"{PUBLIC}{CONNECT}?a=1"))
    answer = ask(gateway.url, f"{marked.path}?{marked.query}")

    assert (answer.status, answer.all("location")) == (302, [f"{CONNECT}?a=1"])
    assert answer.all("cache-control") == ["no-store"]
    assert answer.all("referrer-policy") == ["no-referrer"]
    (cookie,) = answer.all("set-cookie")
    assert cookie.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Secure"
    assert back.requests + front.requests == []
    assert gateway.witness.attempts == []


def test_a_preview_or_a_second_click_uses_nothing_up(opened):
    assert came_by(opened[0]) == came_by(opened[0]) == came_by(opened[0], CONNECT)


def test_a_wrong_mark_is_taken_off_and_gives_nothing(opened):
    gateway, _, _ = opened
    came_by(gateway)
    answer = ask(gateway.url, "/?kit-browser=guessed")

    assert (answer.status, answer.all("location"), answer.all("set-cookie")) == (302, ["/"], [])


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example"])
def test_a_mark_leads_nobody_away(opened, path):
    (location,) = ask(opened[0].url, f"{path}?kit-browser=x").all("location")

    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_no_upstream_sees_the_cookie_and_all_others_pass(opened):
    gateway, back, front = opened
    ((name, ours),) = came_by(gateway)
    for sent, passed in [
        (ours, []),
        (f"a=1; {ours}; b=2", ["a=1; b=2"]),
        (f"{ours}; koa.sess=x==", ["koa.sess=x=="]),
    ]:
        ask(gateway.url, "/api/x", headers=[(name, sent)])
        ask(gateway.url, "/", headers=[(name, sent)])

        assert back.last.all("cookie") == front.last.all("cookie") == passed


def test_the_cookie_is_gone_with_the_gateways_next_start(opened):
    gateway, _, _ = opened
    before = came_by(gateway)
    gateway.stop()
    gateway.start()

    assert came_by(gateway) != before


# What counts


def logins(gateway: Gateway) -> Logins:
    return Logins(gateway.witness, "instagram")


def log_in(gateway: Gateway, who: str, cookie: Headers | None = None) -> None:
    for path in (CONNECT, CALLBACK, AUTH, ME):
        ask(gateway.url, f"{path}?state={who}", headers=[*(cookie or []), ("Authorization", f"Bearer {who}")])


def wait(gateway: Gateway, seconds: float = 5.0) -> Any:
    return logins(gateway).wait(timeout=seconds)


def test_a_login_of_the_persons_browser_counts_again_and_again(opened):
    gateway, _, _ = opened
    cookie = came_by(gateway)  # by the front page: what follows is begun by a button there
    for who in ("person-1", "person-2"):
        log_in(gateway, who, cookie)

    assert wait(gateway).mine
    assert [attempt.mine for attempt in gateway.witness.attempts] == [True, True]
    assert logins(gateway).verdict().ok
    assert logins(gateway).note() == ""


@pytest.mark.parametrize(
    "query", ["error=access_denied", "error=access_denied&state=guessed0", "code=guessed0", ""]
)
def test_a_stranger_neither_ends_the_login_nor_is_taken_for_it(opened, query):
    gateway, _, _ = opened
    cookie = came_by(gateway)
    ask(gateway.url, f"{CONNECT}?state=person-1", headers=cookie)
    ask(gateway.url, f"{CALLBACK}?{query}")

    assert not logins(gateway).verdict().decided
    log_in(gateway, "person-1", cookie)
    attempt = wait(gateway)
    assert attempt.mine
    assert logins(gateway).verdict(attempt).ok


def test_a_strangers_success_is_a_note_until_the_person_says_it_was_theirs(opened):
    gateway, _, _ = opened
    came_by(gateway)
    log_in(gateway, "stranger")

    assert not logins(gateway).verdict().decided
    assert "did not come by your link (it succeeded: ada is logged in)" in logins(gateway).note()
    with pytest.raises(Stopped, match="Is it yours"):
        wait(gateway, 0.05)
    stranger = logins(gateway).stranger
    assert stranger
    gateway.witness.adopt(stranger)
    assert wait(gateway) is stranger
    assert logins(gateway).note() == ""


def test_a_crowd_of_strangers_pushes_nobody_out(opened):
    gateway, _, _ = opened
    cookie = came_by(gateway)
    ask(gateway.url, f"{CONNECT}?state=person-1", headers=cookie)
    for number in range(50):
        ask(gateway.url, f"{CONNECT}?state=crowd{number:03}")

    assert sum(attempt.strangers for attempt in gateway.witness.attempts) == 20
    assert sum(bool(attempt.mine) for attempt in gateway.witness.attempts) == 1


def test_a_limit_that_strangers_used_up_is_not_the_persons(open_gateway, serve):
    seen = 0

    async def limited(request: Request) -> None:
        nonlocal seen
        seen += 1
        said = b'{"data":null,"error":{"message":"Too many requests, please try again later."}}'
        await (
            request.answer(said, 429) if seen > 10 else request.answer(b"", 302, [("location", "https://x/")])
        )

    gateway = open_gateway(serve(App("strapi", limited)).url)
    cookie = came_by(gateway)
    for number in range(30):
        ask(gateway.url, f"{CONNECT}?state=crowd{number:03}")
    ask(gateway.url, f"{CONNECT}?state=person-1", headers=cookie)
    verdict = logins(gateway).verdict()

    assert verdict.decided
    assert verdict.failure is None
    assert "20 of them by other browsers than yours" in verdict.reason


def test_a_page_on_another_site_belongs_to_the_login_that_began_from_there(opened):
    gateway, _, _ = opened
    cookie = came_by(gateway)
    ask(gateway.url, f"{CONNECT}?state=person-1", headers=[*cookie, ("X-Forwarded-For", "203.0.113.7")])
    ask(gateway.url, f"{CALLBACK}?state=person-1", headers=[*cookie, ("X-Forwarded-For", "203.0.113.7")])
    page = [("Origin", "http://localhost:3000")]
    ask(gateway.url, AUTH, headers=[*page, ("X-Forwarded-For", "198.51.100.9")])
    assert logins(gateway).latest.last("auth") is None
    ask(gateway.url, AUTH, headers=[*page, ("X-Forwarded-For", "203.0.113.7")])

    assert logins(gateway).latest.last("auth")


def test_a_cookie_that_is_no_text_is_a_strangers(opened):
    gateway, _, _ = opened
    came_by(gateway)
    answer = ask(gateway.url, CONNECT, headers=[("Cookie", "kit_browser=\xff")])

    assert answer.status == 302
    assert [hop.mine for hop in gateway.witness.attempts[0]] == [False]


def test_before_any_address_is_given_every_browser_is_as_good_as_another(opened):
    log_in(opened[0], "somebody")

    assert wait(opened[0]).mine is None


@pytest.mark.parametrize("open_to_all", [False, True], ids=["ngrok", "a tunnel of one's own"])
def test_a_foreign_host_is_refused_whoever_runs_the_tunnel(open_gateway, serve, open_to_all):
    gateway = open_gateway(serve(App("strapi", strapi)).url, open_to_all=open_to_all)
    for host in (
        "[::1",
        "evil.example",
        "shop.ngrok-free.dev.evil.example",
        "shop.ngrok-free.dev@evil.example",
    ):
        with Client(gateway.url) as client:
            assert client.ask(CONNECT, host=host).status in (400, 421)

    assert gateway.witness.attempts == []


def test_the_host_in_the_trace_is_ours_also_where_the_tunnel_says_another(open_gateway, serve):
    gateway = open_gateway(serve(App("strapi", strapi)).url, open_to_all=True)
    with Client(gateway.url) as client:
        client.ask(CONNECT, host="localhost:8080")

    assert gateway.witness.attempts[0].hops[0].url == PUBLIC + CONNECT
