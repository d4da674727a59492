"""The kit's client of a Strapi with fixed answers."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx
import pytest

from helpers.strapi.client import Admin, Strapi
from tests.support.canned_strapi import PASSWORD, Canned

_TLS = ssl.create_default_context()  # loaded once, for it takes longer than a test


@pytest.fixture(scope="module")
def running() -> Iterator[Canned]:
    """One for all tests, because its end takes longer than most of them."""
    canned = Canned()
    canned.server.start()
    yield canned
    canned.server.stop()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True, verify=_TLS) as client:
        yield client


@pytest.fixture
def canned(running: Canned) -> Canned:
    running.forget()
    return running


@pytest.fixture
def strapi(canned: Canned, http: httpx.Client) -> Strapi:
    return Strapi(http, canned.server.url)


@pytest.fixture
def admin(strapi: Strapi) -> Admin:
    return strapi.sign_in("admin@example.com", PASSWORD)
