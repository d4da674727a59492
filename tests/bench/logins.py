"""The round trip against others that do the same: scripts, OAuth libraries, a real browser."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from helpers.core import settings
from helpers.core.flows import HOSTS
from helpers.core.urls import ME
from helpers.kit import Kit
from helpers.rehearsal.internet import Internet
from tests.bench.measuring import Row, alternately, ratio, timed
from tests.bench.provider import Provider, allow

_CHROMIUM = "/usr/bin/chromium"


@contextmanager
def rehearsed() -> Iterator[Kit]:
    kit = Kit(settings.load({}, home=Path(tempfile.mkdtemp())))
    try:
        kit.rehearse_up_to(4)
        assert kit.world
        kit.world.strapi.limit.most = 10**9  # Strapi's ten logins a minute would end the measurement
        yield kit
    finally:
        kit.close()


def rows() -> list[Row]:
    with rehearsed() as kit:
        return [*_programs(kit), *_browser(kit)]


_WHAT = "witnessed round trip / "


def _programs(kit: Kit) -> list[Row]:
    script, straight = plain(kit, through_gateway=True), plain(kit, through_gateway=False)
    ours = partial(timed, witnessed(kit))
    with Provider(kit) as provider:
        others = [
            ("a plain httpx script through the same gateway", script, "at most 1.15x"),
            ("a plain httpx script straight to Strapi", straight, ""),
            ("google-auth-oauthlib, without Strapi", provider.google, ""),
            ("httpx-oauth, without Strapi", provider.httpx_oauth, "below 1x"),
        ]
        return [
            Row(_WHAT + name, ratio(*alternately(ours, partial(timed, other))), promise)
            for name, other, promise in others
        ]


def _browser(kit: Kit) -> list[Row]:
    if not os.path.exists(_CHROMIUM):
        return [Row(_WHAT + "the same login in Chromium", "not measured: no Chromium here")]
    ours = partial(timed, witnessed(kit))
    cold = alternately(ours, partial(timed, partial(_started, kit)), rounds=5)
    with chromium(kit) as login:
        warm = alternately(ours, partial(timed, login), rounds=10)
    beside = f" ({_times(*warm):.0f} times without the start)"
    return [
        Row(
            _WHAT + "the same login in Chromium, started for it",
            f"{ratio(*cold)}, {_times(*cold):.0f} times faster{beside}",
            "at least 20 times faster, the browser's start included",
        ),
        Row(
            _WHAT + "the same login in a Chromium that runs already",
            f"{ratio(*warm)}, {_times(*warm):.0f} times faster",
        ),
    ]


def _times(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(theirs) / statistics.median(ours)


def _started(kit: Kit) -> None:
    with chromium(kit) as login:
        login()


def witnessed(kit: Kit) -> Callable[[], object]:
    def login() -> None:
        began = time.monotonic()
        robot = kit.browser()
        robot.finish(robot.start(), allow=True)
        kit.logins.wait(timeout=10, since=began)

    return login


def plain(kit: Kit, *, through_gateway: bool) -> Callable[[], object]:
    """The hops of a login, written down without the kit: nothing is recorded, nothing judged."""
    assert kit.world
    internet = kit.world.internet if through_gateway else _without_gateway(kit)

    def login() -> None:
        with httpx.Client(transport=internet.transport()) as client:
            page = client.get(kit.urls.connect, follow_redirects=True)
            answer = allow(client, page)
            redirect = client.get(answer.headers["location"])  # to Strapi, which sends on to the front end
            if through_gateway:
                client.get(redirect.headers["location"]).raise_for_status()
            auth = client.get(kit.urls.auth, params=httpx.URL(redirect.headers["location"]).params)
            token = auth.raise_for_status().json()["jwt"]
            if not through_gateway:  # which proves a login with this question itself
                me = client.get(kit.urls.public + ME, headers={"authorization": f"Bearer {token}"})
                me.raise_for_status()

    return login


def _without_gateway(kit: Kit) -> Internet:
    assert kit.world
    direct = Internet()
    for host in HOSTS:
        dialled = kit.world.internet.readdress(httpx.Request("GET", f"https://{host}"))
        direct.add(host, dialled.url.port or 80)
    direct.add(kit.world.domain, urlsplit(kit.settings.strapi_url).port or 80)
    return direct


@contextmanager
def chromium(kit: Kit) -> Iterator[Callable[[], object]]:
    """A login by clicks in a browser that runs already, each in a fresh profile."""
    from playwright.sync_api import sync_playwright

    assert kit.world
    address = kit.world.internet.tab_url(kit.urls.connect)
    username = kit.world.instagram.account.username
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=_CHROMIUM, args=flags)

        def login() -> None:
            context = running.new_context()
            page = context.new_page()
            page.goto(address)
            page.get_by_role("button", name="Allow").click()
            page.get_by_text(username).first.wait_for()
            context.close()

        yield login
        running.close()
