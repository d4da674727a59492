"""Strapi counts logins and sign-ins, so several checks share one answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from helpers.errors import Refused
from helpers.instagram import TODAY
from helpers.masking import Secret
from helpers.rehearsal.strapi import ADMIN_EMAIL, ADMIN_PASSWORD, StrapiStandIn
from helpers.serving import Server
from helpers.strapi_polite import PoliteStrapi

WRONG = Secret("not-the-password")


@pytest.fixture
def asked() -> Counter[str]:
    return Counter()


@pytest.fixture
def strapi(asked: Counter[str]) -> Iterator[PoliteStrapi]:
    server = Server(StrapiStandIn().app).start()
    count = {"request": [lambda request: asked.update([request.url.path])]}
    with httpx.Client(trust_env=False, event_hooks=count) as http:
        yield PoliteStrapi(http, server.url)
    server.stop()


def test_a_refused_connect_is_asked_once_until_something_changes(
    strapi: PoliteStrapi, asked: Counter[str]
) -> None:
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            strapi.connect(TODAY.provider)
        assert refused.value.failure == "A01"
    assert asked["/api/connect/instagram-business"] == 1
    admin = strapi.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
    admin.change_provider(TODAY.provider, key="1", secret=Secret("0" * 32), callback="https://x.example/y")
    strapi.forget()
    assert {strapi.connect(TODAY.provider).client_id for _ in range(3)} == {"1"}
    assert asked["/api/connect/instagram-business"] == 2


def test_another_provider_is_another_question(strapi: PoliteStrapi, asked: Counter[str]) -> None:
    for provider in ("instagram", "instagram-business"):
        with pytest.raises(Refused):
            strapi.connect(provider)
    assert asked["/api/connect/instagram"] == asked["/api/connect/instagram-business"] == 1


def test_one_administrator_signs_in_once(strapi: PoliteStrapi, asked: Counter[str]) -> None:
    first = strapi.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
    assert strapi.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD) is first
    assert asked["/admin/login"] == 1


def test_a_wrong_password_is_sent_once_and_the_right_one_still_works(
    strapi: PoliteStrapi, asked: Counter[str]
) -> None:
    for _ in range(6):
        with pytest.raises(Refused):
            strapi.sign_in(ADMIN_EMAIL, WRONG)
    assert asked["/admin/login"] == 1
    strapi.try_again()
    with pytest.raises(Refused):
        strapi.sign_in(ADMIN_EMAIL, WRONG)
    assert asked["/admin/login"] == 2
    assert strapi.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD).version()
