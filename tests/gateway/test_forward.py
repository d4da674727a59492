"""A request passes the gateway, and its answer comes back, as if nobody stood in between."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from helpers.gateway.app import Gateway
from tests.conftest import PUBLIC
from tests.support.asgi import AsgiServer
from tests.support.servers import App, Client, Headers, Request, ask, speaks

AUTH = "/api/auth/instagram/callback"  # witnessed
PLAIN = "/api/articles"  # not witnessed


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[str, App]]:
    """The address of a gateway, and the application behind it, which answers with the body it got."""

    async def handler(request: Request) -> None:
        await request.answer(await request.body())

    app = App("strapi", handler)
    server = AsgiServer(app).start()
    gateway = Gateway("instagram", server.url, server.url, public=PUBLIC).start()
    yield gateway.url, app
    gateway.stop()
    server.stop()


# Requests


@pytest.mark.parametrize(
    "target",
    [
        "/api/a%2Fb",
        "/api/a+b%20c",
        "/api/%C3%BC/%e2%82%ac",
        "/api/a//b/",
        "/api/a;b=c,d:e@f!$&'()*",
        "/api/x?a=1&a=2&b=&c",
        "/api/x?q=a+b%20c%2B%2f/?&r=%C3%BC",
        "/api/x?redirect=https://x.dev/?a=b&filters[a][$eq]=%5B1%5D",
        "/api/x?code=AQD%23_&state=a%3D%3D",
        "/page/a%2Fb?x=%2F",
    ],
)
def test_path_and_query_arrive_as_they_were_written(echo, target):
    url, app = echo

    assert ask(url, target).status == 200
    assert app.last.target == target


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_every_method_passes_with_its_body(echo, method):
    url, app = echo
    answer = ask(url, PLAIN, method, [("Content-Length", "5"), ("Content-Type", "text/x")], b"hello")

    assert answer.body == b"hello"
    assert (app.last.method, app.last.all("content-type")) == (method, ["text/x"])
    assert app.last.all("content-length") == ["5"]


def test_a_request_without_a_body_gets_none_on_its_way(echo):
    url, app = echo
    ask(url, PLAIN, "DELETE")

    assert app.last.all("content-length") + app.last.all("transfer-encoding") == []


def test_a_body_in_chunks_passes(echo):
    url, app = echo
    headers = [("Transfer-Encoding", "chunked")]
    answer = ask(url, PLAIN, "POST", headers, b"3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n")

    assert answer.body == b"abcdefg"
    assert app.last.all("transfer-encoding") == ["chunked"]


def test_a_request_with_two_lengths_goes_no_further(echo):
    """Two readers who obey different ones read two different requests."""
    url, app = echo
    before = len(app.requests)
    headers = [("Content-Length", "3"), ("Transfer-Encoding", "chunked")]
    with Client(url) as client:
        answer = client.ask(PLAIN, "POST", headers, b"7\r\nabcdefg\r\n0\r\n\r\n")

    assert answer.status == 400
    assert len(app.requests) == before


def test_a_client_that_waits_for_leave_to_send_gets_it(echo):
    url, app = echo
    with Client(url) as client:
        client.write(
            b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        assert client.read_line().startswith(b"HTTP/1.1 100")
        assert client.read_line() == b"\r\n"
        client.write(b"abc")

        assert client.read().body == b"abc"
    assert app.last.all("expect") == []


def test_strapi_is_told_its_public_name(echo):
    url, app = echo
    forged: Headers = [
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Port", "1"),
        ("Forwarded", "host=evil.example"),
    ]
    ask(url, PLAIN, headers=forged)

    assert app.last.all("host") == ["shop.ngrok-free.dev"]
    assert app.last.all("x-forwarded-host") == ["shop.ngrok-free.dev"]
    assert app.last.all("x-forwarded-proto") == ["https"]
    assert app.last.all("x-forwarded-port") + app.last.all("forwarded") == []


def test_a_dev_server_sees_its_own_name(open_gateway, serve):
    frontend = App("front end")
    server = serve(frontend)
    ask(open_gateway("http://localhost:1337", server.url).url, "/")

    assert frontend.last.all("host") == [server.url.removeprefix("http://")]
    assert frontend.last.all("x-forwarded-host") == ["shop.ngrok-free.dev"]
    assert frontend.last.all("x-forwarded-proto") == ["https"]


def test_before_the_public_address_is_known_the_client_names_it(open_gateway, serve):
    strapi = App("strapi")
    ask(open_gateway(serve(strapi).url, public="").url, PLAIN)

    assert strapi.last.all("host") == strapi.last.all("x-forwarded-host") == ["shop.ngrok-free.dev"]
    assert strapi.last.all("x-forwarded-proto") == ["http"]


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ([], "127.0.0.1"),
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1", "198.51.100.2, 2001:db8::7"], "2001:db8::7"),
        (["203.0.113.7, unknown"], "127.0.0.1"),
        (["203.0.113.7,"], "127.0.0.1"),
        (["203.0.113.7, 1.2.3.4:80"], "127.0.0.1"),
    ],
)
def test_who_asks_is_what_the_tunnel_has_appended_or_the_peer(echo, given, passed):
    url, app = echo
    ask(url, PLAIN, headers=[("X-Forwarded-For", each) for each in given])

    assert app.last.all("x-forwarded-for") == [passed]


@pytest.mark.parametrize(
    "name",
    [
        "X-Real-IP",
        "X-Forwarded-Prefix",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-Client-IP",
        "True-Client-IP",
    ],
)
def test_a_client_does_not_say_what_only_a_proxy_may_say(echo, name):
    url, app = echo
    ask(url, PLAIN, headers=[(name, "/admin"), ("X-Mine", "1")])

    assert app.last.all(name.lower()) == []
    assert app.last.all("x-mine") == ["1"]


def test_headers_between_neighbours_stay_there_and_all_others_pass(echo):
    url, app = echo
    headers = [
        ("Connection", "keep-alive, X-Mine"),
        ("X-Mine", "1"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "Basic eA=="),
        ("Authorization", "Bearer jwt"),
        ("Cookie", "a=1; b=2"),
        ("X-Twice", "1"),
        ("X-Twice", "2"),
        ("X-Bytes", "\xfc"),
        ("ngrok-skip-browser-warning", "1"),
    ]
    ask(url, PLAIN, headers=headers)

    for name in ("connection", "x-mine", "keep-alive", "te", "proxy-authorization"):
        assert app.last.all(name) in ([], ["keep-alive"])
    for name in ("authorization", "cookie", "x-twice", "x-bytes", "ngrok-skip-browser-warning"):
        assert app.last.all(name) == [value for each, value in headers if each.lower() == name]


# Answers


def test_every_cookie_comes_back_by_itself_and_in_order(before):
    cookies = [
        "koa.sess=a; path=/; httponly",
        "koa.sess.sig=b; path=/",
        "a=1; expires=Wed, 25 Nov 2026 10:00:00 GMT",
    ]

    async def handler(request: Request) -> None:
        await request.answer(b"", headers=[("Set-Cookie", cookie) for cookie in cookies])

    gateway, _ = before(handler)

    for target in (PLAIN, AUTH):
        assert ask(gateway.url, target).all("set-cookie") == cookies


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
