"""Stand-in agents of one account, and what stands behind and beside them."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
from pyngrok import ngrok
from pyngrok.conf import PyngrokConfig
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
