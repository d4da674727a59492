"""Answers pass as they are: each cookie by itself and for https, nothing followed, nothing else added."""

from __future__ import annotations

import gzip

import pytest

from tests.support.servers import Client, Request, ask, speaks

AUTH = "/api/auth/instagram/callback"  # witnessed
PLAIN = "/api/articles"  # not witnessed


def test_every_cookie_comes_back_by_itself_and_in_order(before):
    cookies = [
        "koa.sess=a; path=/; httponly; secure",
        "koa.sess.sig=b; path=/; secure",
        "a=1; expires=Wed, 25 Nov 2026 10:00:00 GMT; Secure",
    ]

    async def handler(request: Request) -> None:
        await request.answer(b"", headers=[("Set-Cookie", cookie) for cookie in cookies])

    gateway, _ = before(handler)

    for target in (PLAIN, AUTH):
        assert ask(gateway.url, target).all("set-cookie") == cookies


def test_on_an_https_address_a_cookie_is_for_https_alone(before):
    async def handler(request: Request) -> None:
        cookies = ["koa.sess=a; path=/; httponly", "b=secure", "c=1; secure; path=/"]
        await request.answer(b"", headers=[("Set-Cookie", cookie) for cookie in cookies])

    gateway, _ = before(handler)
    secure = ["koa.sess=a; path=/; httponly; Secure", "b=secure; Secure", "c=1; secure; path=/"]

    for target in (PLAIN, AUTH):
        assert ask(gateway.url, target).all("set-cookie") == secure


def test_the_cookies_of_one_visitor_are_not_given_to_another(before):
    async def handler(request: Request) -> None:
        await request.answer(b"", headers=[("set-cookie", "koa.sess=of-the-first; path=/")])

    gateway, strapi = before(handler)
    with Client(gateway.url) as first, Client(gateway.url) as second:
        for client in (first, second, first):
            client.ask(AUTH)

    assert [request.all("cookie") for request in strapi.requests] == [[], [], []]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_left_to_the_browser(before, status):
    async def handler(request: Request) -> None:
        await request.answer(b"Redirecting", status, [("location", "/api/elsewhere?a=%20b")])

    gateway, strapi = before(handler)
    answer = ask(gateway.url, PLAIN)

    assert (answer.status, answer.all("location")) == (status, ["/api/elsewhere?a=%20b"])
    assert len(strapi.requests) == 1


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [
        ("GET", 204, []),
        ("GET", 304, [("etag", '"x"')]),
        ("HEAD", 200, [("content-length", "1234")]),
        ("HEAD", 200, []),
        ("GET", 200, [("content-length", "0")]),
    ],
)
def test_an_answer_without_a_body_stays_one_and_the_connection_goes_on(before, method, status, headers):
    async def handler(request: Request) -> None:
        await request.start(status, headers)
        await request.write()

    gateway, _ = before(handler)
    with Client(gateway.url) as client:
        for target in (PLAIN, AUTH, PLAIN):
            answer = client.ask(target, method)
            assert (answer.status, answer.body) == (status, b"")
            for name, value in headers:
                assert answer.all(name) == [value]


def test_a_compressed_answer_passes_as_it_is(before):
    packed = gzip.compress(b"hello" * 100)

    async def handler(request: Request) -> None:
        await request.answer(packed, headers=[("content-encoding", "gzip")])

    gateway, strapi = before(handler)
    answer = ask(gateway.url, PLAIN, headers=[("Accept-Encoding", "gzip, br")])

    assert answer.body == packed
    assert answer.all("content-encoding") == ["gzip"]
    assert strapi.last.all("accept-encoding") == ["gzip, br"]


def test_on_the_steps_of_a_login_no_compression_is_asked_for(before):
    gateway, strapi = before(None)
    ask(gateway.url, AUTH, headers=[("Accept-Encoding", "gzip, br")])

    assert strapi.last.all("accept-encoding") == ["identity"]


def test_headers_between_gateway_and_upstream_stay_there(open_gateway, behaving):
    between = b"Connection: X-Mine, close\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\n"
    url = behaving(speaks(b"HTTP/1.1 200 OK\r\n" + between + b"X-Yours: 2\r\nContent-Length: 2\r\n\r\nok"))

    assert ask(open_gateway(url).url, PLAIN).headers == [("x-yours", "2"), ("content-length", "2")]


def test_nothing_is_added_to_an_answer(before):
    gateway, _ = before(None)

    assert ask(gateway.url, PLAIN).headers == [("content-length", "6")]
