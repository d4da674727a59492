"""The verdict on a login of which something before Strapi takes a part away."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import hdrs
from aiohttp.web import StreamResponse

from helpers.core.errors import KitError
from helpers.failures import known
from helpers.kit import Kit
from helpers.login.verdict import Verdict
from helpers.practice.fault import Fault, log_in, nothing, world
from helpers.web.serving import Request
from tests.support.breaking import whole

Record = Callable[[str, object], None]
ENGINES = pytest.mark.parametrize("engine", ["session", "oauth-connect", "token"])


def between(kit: Kit, *, asking: str = "", answering: str = "") -> None:
    """A proxy in front of Strapi that takes one header off, on the way to Strapi or back."""
    door = world(kit).strapi.app
    strapi = door.app

    async def passed_on(request: Request) -> StreamResponse:
        headers = request.headers.copy()
        headers.popall(asking, None)
        answer = await strapi(request.clone(headers=headers))  # type: ignore[arg-type]  # of the same class
        answer.headers.popall(answering, None)
        return answer

    door.app = passed_on


def login(kit: Kit) -> Verdict:
    began = time.monotonic()
    with suppress(KitError):
        log_in(kit)
    return kit.logins.verdict(kit.logins.wait(timeout=10, since=began))


def in_production(kit: Kit) -> None:
    world(kit).strapi.config.production = world(kit).strapi.config.proxy = True


@ENGINES
def test_a_word_about_https_that_is_lost_is_why_strapi_sets_no_cookie(engine: str, tmp_path: Path) -> None:
    with whole(Fault(nothing, engine=engine), tmp_path, ngrok=False) as kit:
        in_production(kit)
        assert login(kit).ok
        between(kit, asking="X-Forwarded-Proto")
        verdict = login(kit)
    assert (verdict.ok, verdict.failure) == (False, known.SECURE_COOKIE_REFUSED)
    assert verdict.broke_at
    assert (verdict.broke_at.step, verdict.broke_at.status) == ("connect", 500)


@ENGINES
def test_a_session_cookie_that_never_reaches_the_browser_is_taken_on_the_way(
    engine: str, tmp_path: Path, record_property: Record
) -> None:
    with whole(Fault(nothing, engine=engine), tmp_path, ngrok=False) as kit:
        between(kit, answering=hdrs.SET_COOKIE)
        verdict = login(kit)
    assert (verdict.ok, verdict.failure) == (False, known.HEADERS_LOST_ON_THE_WAY)
    assert verdict.broke_at
    assert verdict.broke_at.step == "callback"
    record_property("provokes", known.HEADERS_LOST_ON_THE_WAY)


def takes_cookies(kit: Kit) -> None:
    between(kit, asking=hdrs.COOKIE)


def signs_with_another_key(kit: Kit) -> None:
    world(kit).strapi._key = b"y" * 32


@ENGINES
@pytest.mark.parametrize("then", [takes_cookies, signs_with_another_key])
def test_a_cookie_that_was_sent_and_not_accepted_is_told_without_a_cause(
    then: Callable[[Kit], None], engine: str, tmp_path: Path
) -> None:
    with whole(Fault(nothing, engine=engine), tmp_path, ngrok=False) as kit:
        robot = kit.browser()
        question = robot.start()
        then(kit)
        robot.finish(question, allow=True)
        verdict = kit.logins.verdict(kit.logins.wait(timeout=10))
    assert verdict.failure in (known.SESSION_LOST, known.STATE_MISMATCH, known.SESSION_COOKIE_MISSING)
    assert "although the browser did send its cookie" in verdict.reason


@ENGINES
def test_a_browser_that_keeps_no_cookie_is_not_blamed_on_a_proxy(engine: str, tmp_path: Path) -> None:
    with whole(Fault(nothing, engine=engine), tmp_path, ngrok=False) as kit:
        robot = kit.browser()
        question = robot.start()
        robot.http.cookies.delete("koa.sess")
        robot.finish(question, allow=True)
        verdict = kit.logins.verdict(kit.logins.wait(timeout=10))
    lost = known.SESSION_LOST if engine == "token" else known.STATE_MISMATCH
    assert (verdict.ok, verdict.failure) == (False, lost)
