"""A request passes the gateway, and its answer comes back, as if nobody stood in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.gateway.app import Gateway
from tests.conftest import PUBLIC
from tests.support.asgi import AsgiServer
from tests.support.servers import App, Client, Headers, Request, ask

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
        (["fe80::7%<script>"], "fe80::7"),
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
        "CF-Connecting-IP",
        "X-Azure-ClientIP",
        "X-Forwarded",
        "X-Forwarded-Protocol",
        "X-Vercel-Forwarded-For",
        "X-Original-Forwarded-For",
        "X-Original-Host",
        "X-HTTP-Host-Override",
        "Front-End-Https",
        "Forwarded",
        "X_Forwarded_For",  # one and the same to CGI and WSGI
        "X_Real-IP",
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
