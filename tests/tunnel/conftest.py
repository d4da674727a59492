"""A bench of tunnels, something behind them, and a client for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from helpers.web.server import Server
from tests.support.asgi import AsgiServer
from tests.support.tunnels import (
    DOMAIN,
    NONCE,
    Bench,
    processes_mentioning,
    until,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for made in bench.tunnels:
        made.stop()
    bench.cloud.stop()
    until(lambda: not processes_mentioning(tmp_path))
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "ngrok"])


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(headers={"host": DOMAIN}, trust_env=False) as client:
        yield client


@pytest.fixture
def upstream() -> Iterator[Server]:
    server = AsgiServer(Starlette(routes=[Route("/{path:path}", PlainTextResponse(NONCE))])).start()
    yield server
    server.stop()
