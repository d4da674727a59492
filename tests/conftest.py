"""What every test starts from: an environment without the developer's own settings, and a home of its own."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from helpers import failures
from helpers.gateway.app import Gateway
from helpers.web.server import Server
from tests.support.asgi import AsgiServer
from tests.support.servers import App, Handler, RawServer

_OURS = re.compile(r"(?i)(KIT|NGROK|STRAPI|FRONTEND|INSTAGRAM)_.*|PUBLIC_URL|.*_proxy")
Before = Callable[[Handler | None], tuple[Gateway, App]]

# What they import comes with `make test-real` alone.
collect_ignore_glob = [] if importlib.util.find_spec("axe_playwright_python") else ["real/test_browser_*.py"]

PUBLIC = "https://shop.ngrok-free.dev"

_LONG = 1200  # seconds: the first test of a real server may have to install it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("real") or item.get_closest_marker("workshop"):
            item.add_marker(pytest.mark.timeout(_LONG))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in filter(_OURS.fullmatch, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("KIT_HOME", str(tmp_path))


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start applications that end with the test."""
    started: list[AsgiServer | Server] = []

    def start(app: Any, port: int = 0) -> AsgiServer | Server:
        started.append((AsgiServer if isinstance(app, App | Starlette) else Server)(app, port).start())
        return started[-1]

    yield start
    for server in reversed(started):
        server.stop()


@pytest.fixture
def open_gateway() -> Iterator[Callable[..., Gateway]]:
    """Start gateways for the provider ``instagram`` that end with the test."""
    opened: list[Gateway] = []

    def open_gateway(strapi: str, frontend: str = "", **options: Any) -> Gateway:
        opened.append(Gateway("instagram", strapi, frontend, **{"public": PUBLIC} | options).start())
        return opened[-1]

    yield open_gateway
    for gateway in opened:
        gateway.stop()


@pytest.fixture
def before(open_gateway: Callable[..., Gateway], serve: Callable[[App], Server]) -> Before:
    """A gateway before a Strapi that does what the handler says."""

    def before(handler: Handler | None = None) -> tuple[Gateway, App]:
        strapi = App("strapi", handler)
        return open_gateway(serve(strapi).url), strapi

    return before


@pytest.fixture
def behaving() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Start servers that treat each connection as told."""
    started: list[RawServer] = []

    def behaving(handle: Callable[[socket.socket], None]) -> str:
        started.append(RawServer(handle))
        return started[-1].url

    yield behaving
    for server in started:
        server.stop()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many of the catalogue's failures this run has provoked and named."""
    passed = terminalreporter.stats.get("passed", [])
    told = [pair for report in passed for pair in report.user_properties]
    provoked = {value for name, value in told if name == "provokes"}
    for name in ("recognised", "campaign", "many-modules"):
        for figures in (value for each, value in told if each == name):
            terminalreporter.write_line(f"{name}, {figures}")
    if provoked:
        known = failures.all_failures().values()
        seen = [bool(entry.see) for entry in known if entry.id not in provoked]
        terminalreporter.write_line(
            f"failures: {len(provoked)} of {len(known)} provoked and named, "
            f"{seen.count(False)} recognised from a real text, {seen.count(True)} seen only"
        )
