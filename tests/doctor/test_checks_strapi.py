"""What the doctor says of Strapi's cookie, and of the page that Strapi sends people back to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from helpers.doctor import checks
from helpers.doctor.checks import PASSED, UNKNOWN
from helpers.kit import Kit
from helpers.strapi.client import Connect
from helpers.strapi.rate_limits import PoliteStrapi

Rehearsed = Callable[..., Kit]
COOKIE = "koa.sess; HttpOnly"


@pytest.mark.parametrize(
    ("cookie", "failure"),
    [
        (COOKIE, None),
        (f"{COOKIE}; Secure; SameSite=Lax", None),
        (f"{COOKIE}; Domain=65e60559.ngrok-free.dev", None),
        (f"{COOKIE}; Domain=.ngrok-free.dev", "C19"),
        (f"{COOKIE}; Domain=localhost", "A09"),
        (f"{COOKIE}; SameSite=Strict", "A09"),
        (f"{COOKIE}; SameSite=None", "A21"),
        (f"{COOKIE}; Secure; SameSite=None", None),
        ("", "A47"),
    ],
)
def test_a_cookie_that_browsers_would_not_bring_back_is_named(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch, cookie: str, failure: str | None
) -> None:
    kit = rehearsed()
    started: Connect = kit.strapi.connect(kit.flow.provider, kit.public_url)
    answer = replace(started, session_cookie=cookie)
    monkeypatch.setattr(PoliteStrapi, "connect", lambda *_: answer)
    assert checks.run(kit, ("session-cookie",))[0].failure == failure


@pytest.mark.parametrize(
    ("page", "failure"),
    [
        ("https://65e60559.ngrok-free.dev/connect/instagram-business/redirect", None),
        ("https://65e60559.ngrok-free.dev/api/auth/instagram-business/callback", None),
        ("https://65e60559.ngrok-free.dev/", "D10"),
        ("https://65e60559.ngrok-free.dev/api/connect/instagram-business/callback", "A15"),
        ("/connect/instagram-business/redirect", "A13"),
        ("https://[half", "A13"),
        ("", "A14"),
    ],
)
def test_the_page_that_strapi_sends_people_back_to_is_judged(
    rehearsed: Rehearsed, page: str, failure: str | None
) -> None:
    kit = rehearsed()
    assert kit.world
    kit.world.strapi.providers[kit.flow.provider]["callback"] = page
    results = checks.run(kit)
    judged = next(result for result in results if result.id == "provider-settings")
    assert judged.failure == failure
    assert not [each for each in results if each.status == UNKNOWN]


@pytest.mark.parametrize(
    ("engine", "page", "failure"),
    [
        ("session", "https://www.65e60559.ngrok-free.dev", "A37"),
        ("session", "https://65e60559.ngrok-free.dev", None),  # one origin
        ("oauth-connect", "https://www.65e60559.ngrok-free.dev", None),  # the last step needs no cookie
        ("token", "http://localhost:3000", None),
    ],
)
def test_cors_without_credentials_is_a_fault_only_where_a_cookie_has_to_cross_origins(
    rehearsed: Rehearsed, engine: str, page: str, failure: str | None
) -> None:
    kit = rehearsed("today", engine)
    assert kit.world
    kit.world.strapi.providers[kit.flow.provider]["callback"] = f"{page}/connect/{kit.flow.provider}/redirect"
    assert checks.run(kit, ("cors",))[0].status == PASSED
    kit.world.strapi.config.credentials = False
    kit.changed()
    found = checks.run(kit, ("cors",))[0]
    assert found.failure == failure
    assert failure is None or "access-control-allow-credentials: (missing)" in found.evidence
    assert (found.status == PASSED) is (failure is None)


def test_somebodys_own_front_end_may_wait_where_it_likes(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    assert kit.world
    kit.settings = replace(kit.settings, frontend_url="http://localhost:5173")
    kit.world.strapi.providers[kit.flow.provider]["callback"] = f"{kit.public_url}/welcome"
    assert checks.run(kit, ("provider-settings",))[0].status == PASSED
