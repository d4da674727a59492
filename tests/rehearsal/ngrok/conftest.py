"""Agents that end with the test, and one for all that crosses an address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyngrok import ngrok

from tests.support.agents import (
    Agents,
    Upstream,
)


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[Agents]:
    agents = Agents(tmp_path)
    yield agents
    agents.end()


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
