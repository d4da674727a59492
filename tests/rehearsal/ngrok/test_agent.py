"""The stand-in ngrok agent, driven by the real pyngrok and dialled at its edge."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyngrok import agent as pyngrok_agent
from pyngrok import ngrok
from pyngrok.conf import PyngrokConfig
from pyngrok.exception import PyngrokNgrokError, PyngrokNgrokHTTPError
from pyngrok.log import NgrokLog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from helpers.rehearsal.ngrok.cloud import Cloud
from helpers.rehearsal.ngrok.install import install_agent
from tests.support.asgi import AsgiServer

TOKEN = "2wellFormedAuthtoken_00000000001"
DOMAIN = "65e60559.ngrok-free.dev"
HOST = f"Host: {DOMAIN}\r\n".encode()
MORE_DOMAINS = [f"{name}.ngrok.app" for name in ("mine", "a", "b", "c", "d")]
CHROME = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)", "accept": "text/html,*/*"}


class Agents:
    """Any number of agents of one account; ``end`` leaves none behind."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cloud = folder, Cloud().start()
        self.configs: list[PyngrokConfig] = []

    def install(self, **environment: str) -> Path:
        defaults = {
            "KIT_NGROK_CLOUD": self.cloud.address,
            "KIT_NGROK_DOMAIN": ",".join([DOMAIN, *MORE_DOMAINS]),
        }
        return install_agent(self.folder / f"bin{len(self.configs)}", **defaults | environment)

    def config(self, token: str = TOKEN, *, config_version: str = "3", **environment: str) -> PyngrokConfig:
        path = self.install(**environment)
        config = PyngrokConfig(
            ngrok_path=str(path),
            config_path=str(path.parent / "ngrok.yml"),
            auth_token=token,
            config_version=config_version,
        )
        self.configs.append(config)
        return config

    def edge(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.cloud.url, headers={"host": DOMAIN} | headers, trust_env=False)

    def end(self) -> None:
        for config in self.configs:
            ngrok.kill(config)
        self.cloud.stop()


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[Agents]:
    agents = Agents(tmp_path)
    yield agents
    agents.end()


class Upstream:
    """A server with one route for each thing a tunnel may spoil."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.first_piece = threading.Event()
        every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
        app = Starlette(
            routes=[
                Route("/echo", self.echo, methods=every),
                Route("/upload", self.upload, methods=["POST"]),
                Route("/stream", self.stream),
                Route("/cookies", self.cookies),
                Route("/redirect", lambda _: RedirectResponse("https://elsewhere.example/x?code=1", 302)),
            ]
        )
        self.server = AsgiServer(app).start()

    async def echo(self, request: Request) -> Response:
        body = await request.body()
        headers = [[name.decode(), value.decode()] for name, value in request.headers.raw]
        told = {
            "method": request.method,
            "target": str(request.url),
            "headers": headers,
            "body": body.decode(),
        }
        return JSONResponse(told, headers={"x-method": request.method})

    async def upload(self, request: Request) -> Response:
        size = 0
        async for piece in request.stream():
            size += len(piece)
            self.first_piece.set()
        return JSONResponse({"size": size})

    async def stream(self, request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            import anyio

            yield b"first"
            await anyio.to_thread.run_sync(self.go_on.wait, 10)
            yield b"second"

        return StreamingResponse(pieces())

    async def cookies(self, request: Request) -> Response:
        response = Response("ok")
        response.set_cookie("koa.sess", "a", httponly=True)
        response.set_cookie("koa.sess.sig", "b", httponly=True)
        return response


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.server.stop()


@pytest.fixture(scope="module")
def tunnel(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Agents]:
    """One agent with one address, for all tests of what crosses it."""
    agents = Agents(tmp_path_factory.mktemp("tunnel"))
    ngrok.connect(upstream.server.url, pyngrok_config=agents.config())
    yield agents
    agents.end()


class RawServer:
    """Answers every connection with ``talk(socket)``, for what no web framework would say."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._talk = talk
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        sock, _ = self._listener.accept()
        with sock:
            self._talk(sock)

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


def read_head(sock: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(65536)
        assert piece, f"closed after {head!r}"
        head += piece
    return head


# The life of an address


@pytest.mark.parametrize("config_version", ["2", "3"])
def test_pyngrok_connects_lists_and_disconnects(
    agents: Agents, upstream: Upstream, config_version: str
) -> None:
    config = agents.config(config_version=config_version)
    tunnel = ngrok.connect(upstream.server.url, pyngrok_config=config)
    assert tunnel.public_url == f"https://{DOMAIN}"
    with agents.edge() as client:
        assert client.get("/echo").status_code == 200
    assert [it.public_url for it in ngrok.get_tunnels(config)] == [tunnel.public_url]
    tunnel.refresh_metrics()
    assert tunnel.metrics["http"]["count"] == 1
    ngrok.disconnect(tunnel.public_url, config)
    assert ngrok.get_tunnels(config) == []
    assert DOMAIN not in agents.cloud.endpoints


def test_a_url_of_ones_own_is_used(agents: Agents, upstream: Upstream) -> None:
    tunnel = ngrok.connect(upstream.server.url, url="https://mine.ngrok.app", pyngrok_config=agents.config())
    assert tunnel.public_url == "https://mine.ngrok.app"
    assert "mine.ngrok.app" in agents.cloud.endpoints


def test_a_conversation_left_open_learns_that_the_address_went_offline(
    agents: Agents, upstream: Upstream
) -> None:
    config = agents.config()
    tunnel = ngrok.connect(upstream.server.url, pyngrok_config=config)
    with agents.edge() as client:
        assert client.get("/echo").status_code == 200
        ngrok.disconnect(tunnel.public_url, config)
        late = client.get("/echo")
    assert (late.status_code, late.headers["ngrok-error-code"]) == (404, "ERR_NGROK_3200")


# Refusals


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("short", "ERR_NGROK_105"),
        ("has spaces in it, like a pasted command", "ERR_NGROK_105"),
        ("revoked_wellFormedAuthtoken_01", "ERR_NGROK_107"),
        ("limit_wellFormedAuthtoken_0001", "ERR_NGROK_108"),
        ("old_wellFormedAuthtoken_000001", "ERR_NGROK_121"),
    ],
)
def test_a_token_is_refused_with_its_error(agents: Agents, token: str, code: str) -> None:
    with pytest.raises(PyngrokNgrokError) as caught:
        ngrok.connect(pyngrok_config=agents.config(token))
    assert caught.value.ngrok_error_code == code
    assert (token in str(caught.value)) == (code in ("ERR_NGROK_105", "ERR_NGROK_107")), "these two echo it"


def test_no_token_is_refused(agents: Agents) -> None:
    config = agents.config()
    config.auth_token = None
    with pytest.raises(PyngrokNgrokError) as caught:
        ngrok.connect(pyngrok_config=config)
    assert caught.value.ngrok_error_code == "ERR_NGROK_4018"


def test_any_other_session_error_can_be_asked_for(agents: Agents) -> None:
    with pytest.raises(PyngrokNgrokError) as caught:
        ngrok.connect(pyngrok_config=agents.config(KIT_NGROK_FAULT="9040"))
    assert caught.value.ngrok_error_code == "ERR_NGROK_9040"


def test_one_agent_too_many_is_refused_until_the_first_ends(agents: Agents) -> None:
    first, second = (agents.config(KIT_NGROK_SESSIONS="1") for _ in range(2))
    ngrok.get_ngrok_process(first)
    with pytest.raises(PyngrokNgrokError) as caught:
        ngrok.get_ngrok_process(second)
    assert caught.value.ngrok_error_code == "ERR_NGROK_108"
    ngrok.kill(first)
    assert ngrok.get_ngrok_process(second).healthy()


def test_agents_of_other_accounts_do_not_count(agents: Agents) -> None:
    ngrok.get_ngrok_process(agents.config(KIT_NGROK_SESSIONS="1"))
    other = ngrok.get_ngrok_process(agents.config(TOKEN + "other", KIT_NGROK_SESSIONS="1"))
    assert other.healthy()


def test_a_domain_in_use_is_refused_until_its_agent_is_killed(agents: Agents, upstream: Upstream) -> None:
    first, second = agents.config(), agents.config()
    ngrok.connect(upstream.server.url, pyngrok_config=first)
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        ngrok.connect(upstream.server.url, pyngrok_config=second)
    assert caught.value.ngrok_error_code is None
    assert caught.value.status_code == 502
    assert "ERR_NGROK_334" in json.loads(caught.value.body)["details"]["err"]
    ngrok.kill(first)  # with SIGKILL, so it could tidy nothing up
    assert ngrok.connect(upstream.server.url, pyngrok_config=second).public_url == f"https://{DOMAIN}"


@pytest.mark.parametrize(
    ("options", "environment", "status", "reason"),
    [
        ({"url": "https://elsewhere.ngrok.app"}, {}, 502, "ERR_NGROK_320"),
        ({}, {"KIT_NGROK_DOMAIN": ""}, 502, "ERR_NGROK_15013"),
        ({"domain": DOMAIN}, {}, 400, "field domain not found"),
        ({"upstream": {"url": "ftp://127.0.0.1"}}, {}, 400, "is not http"),
    ],
)
def test_an_endpoint_is_refused_with_its_reason(
    agents: Agents, options: dict[str, Any], environment: dict[str, str], status: int, reason: str
) -> None:
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        ngrok.connect(pyngrok_config=agents.config(**environment), **options)
    assert caught.value.status_code == status
    assert reason in json.loads(caught.value.body)["details"]["err"]


def test_a_name_is_given_once_and_the_fourth_address_is_too_many(agents: Agents) -> None:
    config = agents.config()
    ngrok.connect(name="a", url="https://a.ngrok.app", pyngrok_config=config)
    with pytest.raises(PyngrokNgrokHTTPError, match="'a' is taken"):
        ngrok.connect(name="a", url="https://b.ngrok.app", pyngrok_config=config)
    for name in ("b", "c"):
        ngrok.connect(name=name, url=f"https://{name}.ngrok.app", pyngrok_config=config)
    with pytest.raises(PyngrokNgrokHTTPError, match="ERR_NGROK_324"):
        ngrok.connect(name="d", url="https://d.ngrok.app", pyngrok_config=config)


@pytest.mark.parametrize(("fault", "text"), [("offline", "no such host"), ("tls", "x509")])
def test_without_a_way_to_ngrok_it_tries_again_and_again(agents: Agents, fault: str, text: str) -> None:
    config, lines = agents.config(KIT_NGROK_FAULT=fault), list[NgrokLog]()
    config.startup_timeout = 60  # seconds, for a busy machine: the third try ends it

    def tries() -> int:
        return sum(text in (line.err or "") for line in lines)

    def heard(line: NgrokLog) -> None:
        lines.append(line)
        if tries() == 3:
            ngrok.kill(config)

    config.log_event_callback = heard
    with pytest.raises(PyngrokNgrokError, match=text) as caught:
        ngrok.connect(pyngrok_config=config)
    assert caught.value.ngrok_error_code is None
    assert tries() == 3


def test_a_web_address_that_is_taken_ends_the_agent(agents: Agents) -> None:
    config = agents.config()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        Path(config.config_path).write_text(json.dumps({"version": "3", "agent": {"web_addr": address}}))
        with pytest.raises(PyngrokNgrokError, match="bind"):
            ngrok.get_ngrok_process(config)


def test_two_agents_find_two_ports_for_their_web_service(agents: Agents) -> None:
    first, second = (ngrok.get_ngrok_process(agents.config()).api_url for _ in range(2))
    assert first != second


# The command line


def test_version_check_and_add_authtoken(agents: Agents) -> None:
    config = agents.config()
    assert re.fullmatch(r"3\.\d+\.\d+", ngrok.get_version(config)[0])
    ngrok.set_auth_token(TOKEN, config)
    assert TOKEN in Path(config.config_path).read_text()
    config.auth_token = None
    assert ngrok.get_ngrok_process(config).healthy(), "the token in the file is used"
    said = subprocess.check_output([config.ngrok_path, "config", "check", "--config", config.config_path])
    assert said.startswith(b"Valid configuration file at")


@pytest.mark.parametrize("arguments", [["config", "check", "--config", "/nowhere.yml"], ["sell"]])
def test_a_wrong_command_line_is_an_error(agents: Agents, arguments: list[str]) -> None:
    done = subprocess.run([agents.install(), *arguments], capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"ERROR:")


# What crosses an address


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


# The local API


def test_requests_are_recorded_newest_first_and_can_be_forgotten(agents: Agents, upstream: Upstream) -> None:
    config = agents.config()
    ngrok.connect(upstream.server.url, name="kit", pyngrok_config=config)
    with agents.edge() as client:
        client.get("/echo")
        client.get("/redirect?code=1")
    newest, oldest = pyngrok_agent.get_requests("kit", config)
    assert (newest.request["uri"], oldest.request["uri"]) == ("/redirect?code=1", "/echo")
    assert newest.response["status_code"] == 302
    assert newest.response["headers"]["Location"] == ["https://elsewhere.example/x?code=1"]
    assert newest.duration > 0
    assert pyngrok_agent.get_request(newest.id, config).request == newest.request
    pyngrok_agent.delete_requests(config)
    assert pyngrok_agent.get_requests(pyngrok_config=config) == []


def test_an_endpoint_may_refuse_inspection(agents: Agents, upstream: Upstream) -> None:
    config = agents.config()
    ngrok.connect(upstream.server.url, inspect=False, pyngrok_config=config)
    with agents.edge() as client:
        client.get("/echo")
    assert pyngrok_agent.get_requests(pyngrok_config=config) == []


def test_the_local_api_answers_only_to_local_names(tunnel: Agents) -> None:
    api = ngrok.get_ngrok_process(tunnel.configs[0]).api_url
    assert pyngrok_agent.get_agent_status(tunnel.configs[0]).status == "online"
    with httpx.Client(base_url=api, trust_env=False) as client:
        assert client.get("/api/status", headers={"host": "evil.example"}).status_code == 403
        assert client.get("/api/unknown").status_code == 404
        assert client.get("/api/endpoints/nobody").status_code == 404
        assert client.get("/api/requests/http/nobody").status_code == 404


def test_an_agent_without_the_new_api_serves_the_old_one(agents: Agents, upstream: Upstream) -> None:
    config = agents.config(config_version="2", KIT_NGROK_FAULT="no-endpoints-api")
    ngrok.connect(upstream.server.url, pyngrok_config=config)
    with pytest.raises(PyngrokNgrokHTTPError) as caught:
        ngrok.api_request(f"{ngrok.get_ngrok_process(config).api_url}/api/endpoints")
    assert caught.value.status_code == 404


# Life and death


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(agents: Agents, upstream: Upstream, number: signal.Signals) -> None:
    config = agents.config()
    ngrok.connect(upstream.server.url, pyngrok_config=config)
    process = ngrok.get_ngrok_process(config).proc
    process.send_signal(number)
    assert process.wait(10) == 0
    assert not agents.cloud.sessions


INTERRUPTED = """
import os, signal, socket
from helpers.rehearsal.ngrok import agent
shutdown = socket.socket.shutdown
socket.socket.shutdown = lambda *it: (os.kill(os.getpid(), signal.SIGTERM), shutdown(*it))
agent.main(["start", "--none", "--log", "stdout", "--authtoken", "2" * 30])
"""


def test_a_second_signal_does_not_keep_it_online(agents: Agents) -> None:
    environment = os.environ | {"KIT_NGROK_CLOUD": agents.cloud.address}
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout
        assert any(b"tunnel session started" in line for line in process.stdout)
        process.terminate()
        assert process.wait(10) == 0
    assert not agents.cloud.sessions


def test_it_dies_soon_after_an_address_is_up_when_told_to(agents: Agents, upstream: Upstream) -> None:
    config = agents.config(KIT_NGROK_FAULT="dies")
    process = ngrok.get_ngrok_process(config).proc
    ngrok.connect(upstream.server.url, pyngrok_config=config)
    assert process.wait(10) == 1


def start_alone(agents: Agents, **environment: str) -> tuple[subprocess.Popen[bytes], str]:
    """An agent that is ours to leave alone; the second value is its API's address."""
    command = [agents.install(**environment), "start", "--none", "--log", "stdout", "--authtoken", TOKEN]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    api = ""
    for line in process.stdout:
        if found := re.search(rb"starting web service.* addr=(\S+)", line):
            api = f"http://{found[1].decode()}"
        if b"tunnel session started" in line:
            break
    return process, api


def test_an_orphan_ends_by_itself(agents: Agents) -> None:
    process, _ = start_alone(agents, KIT_NGROK_LINGER="0")
    process.stdout.close()
    assert process.wait(10) == 0
    assert not agents.cloud.sessions


def test_an_orphan_dies_of_its_next_line(agents: Agents) -> None:
    process, api = start_alone(agents, KIT_NGROK_LINGER="3600")
    process.stdout.close()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{api}/api/status", trust_env=False)
    assert process.wait(10) == 141


def test_a_slow_agent_gets_there(agents: Agents) -> None:
    assert ngrok.get_ngrok_process(agents.config(KIT_NGROK_FAULT="slow")).healthy()
