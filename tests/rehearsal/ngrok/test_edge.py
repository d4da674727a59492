"""What crosses an address, and what the edge says itself."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from pyngrok import ngrok

from tests.support.agents import (
    CHROME,
    DOMAIN,
    HOST,
    Agents,
    RawServer,
    Upstream,
    read_head,
)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_arrives_with_its_body_and_query(tunnel: Agents, method: str) -> None:
    with tunnel.edge() as client:
        told = client.request(method, "/echo?a=1&b=%20%2F", content=b"body").json()
    assert (told["method"], told["body"]) == (method, "body")
    assert told["target"].endswith("/echo?a=1&b=%20%2F")


def test_head_has_headers_and_no_body(tunnel: Agents) -> None:
    with tunnel.edge() as client:
        answer = client.head("/echo")
    assert (answer.headers["x-method"], answer.content) == ("HEAD", b"")


def test_the_upstream_learns_who_asked_for_what(tunnel: Agents) -> None:
    with tunnel.edge() as client:
        headers = dict(client.get("/echo").json()["headers"])
        forged = dict(client.get("/echo", headers={"X-Forwarded-Proto": "http"}).json()["headers"])
    assert headers["host"] == headers["x-forwarded-host"] == DOMAIN
    assert (headers["x-forwarded-proto"], headers["x-forwarded-for"]) == ("https", "127.0.0.1")
    assert forged["x-forwarded-proto"] == "http, https", "appended: the last one is true"


def test_an_answer_streams(tunnel: Agents, upstream: Upstream) -> None:
    upstream.go_on.clear()
    with tunnel.edge() as client, client.stream("GET", "/stream") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"first", "although the upstream is not done"
        assert answer.headers["transfer-encoding"] == "chunked"
        upstream.go_on.set()
        assert b"".join(pieces) == b"second"


def test_a_chunked_request_streams(tunnel: Agents, upstream: Upstream) -> None:
    upstream.first_piece.clear()

    def pieces() -> Iterator[bytes]:
        yield b"x" * 1000
        assert upstream.first_piece.wait(10), "the upstream has it, although we are not done"
        yield b"y" * 1000

    with tunnel.edge() as client:
        assert client.post("/upload", content=pieces()).json() == {"size": 2000}


def test_a_large_body_arrives_whole(tunnel: Agents) -> None:
    with tunnel.edge() as client:
        assert client.post("/upload", content=b"z" * 3_000_000).json() == {"size": 3_000_000}


def test_a_client_that_waits_for_100_continue_is_told_to(tunnel: Agents) -> None:
    with tunnel.edge() as client, socket.create_connection(("127.0.0.1", client.base_url.port), 10) as sock:
        sock.sendall(
            b"POST /upload HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert read_head(sock).startswith(b"HTTP/1.1 100 ")
        sock.sendall(b"ab")
        assert read_head(sock).startswith(b"HTTP/1.1 200 ")


def test_redirects_and_cookies_are_left_alone(tunnel: Agents) -> None:
    with tunnel.edge() as client:
        redirect, cookies = client.get("/redirect"), client.get("/cookies")
    assert (redirect.status_code, redirect.headers["location"]) == (302, "https://elsewhere.example/x?code=1")
    assert cookies.headers.get_list("set-cookie") == [
        "koa.sess=a; HttpOnly; Path=/; SameSite=lax",
        "koa.sess.sig=b; HttpOnly; Path=/; SameSite=lax",
    ]


def test_one_conversation_carries_many_requests(tunnel: Agents) -> None:
    with tunnel.edge() as client:
        connection = http.client.HTTPConnection("127.0.0.1", client.base_url.port, timeout=10)
    sockets = set()
    for number in range(3):
        connection.request("POST", "/echo", body=str(number), headers={"Host": DOMAIN})
        assert json.loads(connection.getresponse().read())["body"] == str(number)
        sockets.add(connection.sock)
    assert len(sockets) == 1
    assert None not in sockets
    connection.close()


def test_an_upgrade_passes_bytes_both_ways(agents: Agents) -> None:
    def talk(sock: socket.socket) -> None:
        assert b"upgrade: websocket" in read_head(sock).lower()
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi"
        )
        while piece := sock.recv(100):
            sock.sendall(piece[::-1])

    server = RawServer(talk)
    ngrok.connect(server.url, pyngrok_config=agents.config())
    with agents.edge() as client, socket.create_connection(("127.0.0.1", client.base_url.port), 10) as sock:
        sock.sendall(
            b"GET /ws HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n"
        )
        head, _, rest = read_head(sock).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert (rest or sock.recv(100)) == b"hi"
        for word in (b"\x00\xffone", b"two"):
            sock.sendall(word)
            assert sock.recv(100) == word[::-1]
    server.close()


def test_a_body_passes_whatever_upgrade_its_request_offers(tunnel: Agents) -> None:
    offer = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABkAAQAAP__"}
    with tunnel.edge() as client:
        assert client.post("/upload", content=b"z" * 1000, headers=offer).json() == {"size": 1000}


@pytest.mark.parametrize("said", [b"not http\r\n\r\n", b""])
def test_an_upstream_that_does_not_speak_http_is_3004(agents: Agents, said: bytes) -> None:
    def talk(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(said)

    server = RawServer(talk)
    ngrok.connect(server.url, pyngrok_config=agents.config())
    with agents.edge() as client:
        answer = client.get("/")
    assert (answer.status_code, answer.headers["ngrok-error-code"]) == (502, "ERR_NGROK_3004")
    server.close()


def test_an_upstream_that_is_down_is_8012(agents: Agents) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    ngrok.connect(url, pyngrok_config=agents.config())
    with agents.edge() as client:
        answer = client.post("/", content=b"unread")
    assert (answer.status_code, answer.headers["ngrok-error-code"]) == (502, "ERR_NGROK_8012")
    assert "ERR_NGROK_8012" in answer.text


def test_an_answer_broken_off_is_not_completed(agents: Agents) -> None:
    def talk(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    server = RawServer(talk)
    ngrok.connect(server.url, pyngrok_config=agents.config())
    with agents.edge() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/")
    server.close()


def test_browsers_are_warned_until_they_have_clicked(agents: Agents, upstream: Upstream) -> None:
    ngrok.connect(upstream.server.url, pyngrok_config=agents.config(KIT_NGROK_FAULT="interstitial"))
    with agents.edge() as client:
        warned = client.get("/echo", headers=CHROME)
        program = client.get("/echo")
        skipping = client.get("/echo", headers=CHROME | {"ngrok-skip-browser-warning": "1"})
        clicked = client.get("/echo", headers=CHROME | {"cookie": f"abuse_interstitial={DOMAIN}"})
    assert (warned.status_code, warned.headers["ngrok-error-code"]) == (200, "ERR_NGROK_6024")
    assert f"abuse_interstitial={DOMAIN}" in warned.text
    for answer in (program, skipping, clicked):
        assert "ngrok-error-code" not in answer.headers
        assert answer.json()["method"] == "GET"
