"""The robot keeps and sends cookies as browsers do where they are stricter than a program."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from helpers.core.errors import LoginFailed
from helpers.core.urls import Urls
from helpers.gateway.capture import MOST_COOKIE
from helpers.login.robot_browser import Browser
from helpers.practice.faults import FAULTS
from helpers.rehearsal.internet import Internet
from helpers.web.server import Server
from tests.support.breaking import whole

SITE = "https://shop.example"


@pytest.mark.parametrize(
    ("cookie", "kept"),
    [
        ("plain=1", True),
        ("none=1; SameSite=None; Secure", True),
        ("none=1; samesite=none", False),
        ("fits=" + "x" * (MOST_COOKIE - 4), True),
        ("fits=" + "x" * (MOST_COOKIE - 3), False),
    ],
)
def test_what_a_browser_drops_the_robot_drops(serve: Callable[..., Server], cookie: str, kept: bool) -> None:
    async def answer(request: Request) -> Response:
        return PlainTextResponse("", headers={"set-cookie": cookie})

    internet = Internet()
    internet.add("shop.example", serve(Starlette(routes=[Route("/", answer)])).port)
    robot = Browser(httpx.Client(transport=internet.transport()), Urls(SITE, "instagram"))
    with suppress(LoginFailed):  # it is no consent page
        robot.start(f"{SITE}/")
    internet.close()
    assert [each.name for each in robot.http.cookies.jar] == ([cookie.partition("=")[0]] if kept else [])


@pytest.mark.parametrize(("id_", "verdict"), [("A18", "A18"), ("D09", None)])
def test_only_a_cookie_for_all_sites_is_sent_from_another_site(
    id_: str, verdict: str | None, tmp_path: Path
) -> None:
    """The second login ends well because the robot, unlike most people's browsers, takes such cookies."""
    fault = FAULTS[id_]
    with whole(fault, tmp_path, ngrok=False) as kit:
        fault.play(kit)
        fault.walk(kit)
        found = kit.logins.verdict(kit.logins.wait(timeout=10))
    assert (found.ok, found.failure) == (verdict is None, verdict)
