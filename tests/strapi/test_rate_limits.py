"""Strapi counts logins and sign-ins, so several checks share one answer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from helpers.core.errors import Refused, Unreachable
from helpers.core.flows import TODAY
from helpers.core.masking import Secret
from helpers.failures import known
from helpers.rehearsal.strapi.server import ADMIN_EMAIL, ADMIN_PASSWORD, StrapiStandIn
from helpers.strapi import rate_limits
from helpers.strapi.rate_limits import MOST, PoliteStrapi
from helpers.web.server import Server
from tests.support.provider_settings import change_provider

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
    change_provider(admin, TODAY.provider, key="1", secret=Secret("0" * 32), callback="https://x.example/y")
    strapi.forget()
    assert {strapi.connect(TODAY.provider).client_id for _ in range(3)} == {"1"}
    assert asked["/api/connect/instagram-business"] == 2


def test_however_often_somebody_wants_to_know_anew_most_of_the_minutes_logins_are_left(
    strapi: PoliteStrapi, asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> None:
        strapi.forget()
        with pytest.raises(Refused, match="disabled"):
            strapi.connect(TODAY.provider)

    for _ in range(30):
        ask()
    assert asked["/api/connect/instagram-business"] == MOST
    assert strapi.age > 0
    monkeypatch.setattr(rate_limits, "_MINUTE", 0.0)  # it is over
    ask()
    assert asked["/api/connect/instagram-business"] == MOST + 1
    assert strapi.age == 0


def test_an_answer_is_believed_for_a_while_and_no_longer(
    strapi: PoliteStrapi, asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for believed, questions in ((3600.0, 1), (3600.0, 1), (0.0, 2)):
        monkeypatch.setattr(rate_limits, "_FRESH", believed)
        with pytest.raises(Refused, match="disabled"):
            strapi.connect(TODAY.provider)
        assert asked["/api/connect/instagram-business"] == questions


def test_what_the_kit_has_changed_is_asked_about_whatever_was_asked_before(strapi: PoliteStrapi) -> None:
    for _ in range(30):
        strapi.forget()
        with pytest.raises(Refused):
            strapi.connect(TODAY.provider)
    admin = strapi.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD)
    change = change_provider(
        admin, TODAY.provider, key="1", secret=Secret("0" * 32), callback="https://x.example/y"
    )
    assert strapi.connect(TODAY.provider).client_id == "1"
    admin.restore(change)
    with pytest.raises(Refused):
        strapi.connect(TODAY.provider)


def test_an_answer_from_before_a_change_is_not_kept(
    strapi: PoliteStrapi, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, asked = strapi._ask, []

    def slowly(*question: str) -> object:
        answer = really(*question)
        asked.append(question)
        if len(asked) == 1:
            strapi.changed()  # while it is on its way
        return answer

    monkeypatch.setattr(strapi, "_ask", slowly)
    for _ in range(3):
        with pytest.raises(Refused):
            strapi.connect(TODAY.provider)
    assert len(asked) == 2


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


@pytest.mark.parametrize("question", ["_starting", "_signing_in"])
def test_behind_a_question_that_is_never_answered_nobody_waits_for_ever(
    question: str, strapi: PoliteStrapi, asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "_PATIENCE", -0.8)  # and a second on top
    ask = {
        "_starting": lambda: strapi.connect(TODAY.provider),
        "_signing_in": lambda: strapi.sign_in(ADMIN_EMAIL, ADMIN_PASSWORD),
    }[question]
    began = time.monotonic()
    with getattr(strapi, question), pytest.raises(Unreachable, match="does not finish") as caught:
        ask()
    assert time.monotonic() - began < 10
    assert caught.value.failure == known.STRAPI_DOES_NOT_ANSWER
    assert asked.total() == 0
