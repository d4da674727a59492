"""A real Strapi with the provider file in it, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.core.flows import TODAY
from tests.real import strapi as real
from tests.real.provider_file.people import PROVIDER, Person
from tests.support.strapi_worlds import World, open_world


@pytest.fixture(scope="package", params=real.VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="package")
def folder(version: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(version)


@pytest.fixture(scope="package")
def strapi(version: str, folder: Path) -> Iterator[World]:
    with open_world(f"real-{version}", folder) as world:
        yield world


@pytest.fixture
def world(strapi: World) -> World:
    strapi.set_up(PROVIDER, scope=[TODAY.scope])
    return strapi


@pytest.fixture
def person(world: World) -> Person:
    return Person(world)
