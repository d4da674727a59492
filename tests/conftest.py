"""What every test starts from: an environment without the developer's own settings, and a home of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.serving import Server

_OURS = re.compile(r"(?i)(KIT|NGROK|STRAPI|FRONTEND|INSTAGRAM)_.*|PUBLIC_URL|.*_proxy")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in filter(_OURS.fullmatch, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("KIT_HOME", str(tmp_path))


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start applications that end with the test."""
    started: list[Server] = []

    def start(app: Any, port: int = 0) -> Server:
        started.append(Server(app, port).start())
        return started[-1]

    yield start
    for server in reversed(started):
        server.stop()
