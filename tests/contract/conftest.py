"""One Strapi of each kind, stand-in and real, for all tests that can share it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from helpers.core.flows import FLOWS, Flow
from tests.support.strapi_says import KINDS
from tests.support.strapi_worlds import World, open_world


@pytest.fixture(scope="package", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="package")
def shared(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One Strapi of a kind for all tests that can share it: every test brings a person of its own."""
    with open_world(kind, tmp_path_factory.mktemp(kind)) as world:
        yield world


@pytest.fixture
def world(shared: World) -> World:
    shared.instagram.be(str(uuid.uuid4().int), f"user.{uuid.uuid4().hex[:12]}")
    shared.instagram.asked.clear()
    for flow in FLOWS.values():
        shared.set_up(flow.provider, scope=[flow.scope])
    return shared


@pytest.fixture(params=FLOWS.values(), ids=lambda flow: flow.provider)
def flow(request: pytest.FixtureRequest) -> Flow:
    flow: Flow = request.param
    return flow


@pytest.fixture
def provider(flow: Flow) -> str:
    return flow.provider
