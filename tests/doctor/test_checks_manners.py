"""What the doctor leaves as it was, how little it asks, and that it blames nobody wrongly."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from helpers.core import settings
from helpers.doctor import checks, diagnosis
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, UNKNOWN, Result
from helpers.kit import Kit
from helpers.notebook import check_views
from helpers.notebook.widgets import StatusLine
from helpers.strapi.client import Connect
from helpers.strapi.rate_limits import MOST, PoliteStrapi
from helpers.web.server import Server
from tests.support.servers import App, Request

Rehearsed = Callable[..., Kit]
COOKIE = "koa.sess; HttpOnly"


@pytest.fixture
def rehearsed(tmp_path: Path) -> Iterator[Rehearsed]:
    kits: list[Kit] = []

    def rehearsed(flow: str = "today", engine: str | None = None) -> Kit:
        kits.append(Kit(settings.load({"KIT_FLOW": flow}, home=tmp_path), engine=engine))
        kits[-1].rehearse_up_to(4)
        kits[-1].changed()
        return kits[-1]

    yield rehearsed
    for kit in kits:
        kit.close()


def by_id(results: list[Result]) -> dict[str, Result]:
    return {result.id: result for result in results}


def counted(kit: Kit) -> Counter[str]:
    """Every request from here on, by its address."""
    asked = Counter[str]()
    kit.http.event_hooks["request"].append(lambda request: asked.update([str(request.url)]))
    return asked


@pytest.mark.parametrize(
    ("flow", "engine"), [("today", "session"), ("documented", "session"), ("documented", "token")]
)
def test_the_doctor_leaves_no_hop_in_the_trace(rehearsed: Rehearsed, flow: str, engine: str) -> None:
    kit = rehearsed(flow, engine)
    for _ in range(2):
        results = checks.run(kit)
        assert [each.id for each in results if each.status == FAILED] == []
    assert kit.gateway.witness.attempts == []
    robot = kit.browser()
    robot.finish(robot.start(), allow=True)
    attempt = kit.logins.wait(timeout=10)
    hops = list(attempt)
    for _ in range(2):
        assert by_id(checks.run(kit))["login"].status == PASSED
    assert (kit.gateway.witness.attempts, list(attempt)) == ([attempt], hops)


def test_a_strapi_that_is_down_is_asked_once_by_all_checks_together(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    assert kit.world
    kit.world.strapi_server.stop()
    asked = counted(kit)
    results = checks.run(kit)
    assert sum(asked[url] for url in asked if url.startswith(kit.settings.strapi_url)) == 1
    (cause, follow), *others = checks.causes(results)
    assert (cause.id, cause.failure, others) == ("strapi", "C06", [])
    assert {"server-url", "provider", "provider-settings"} <= {each.id for each in follow}


def test_a_healthy_run_asks_for_each_thing_once(rehearsed: Rehearsed) -> None:
    kit = rehearsed("documented", "token")
    asked = counted(kit)
    checks.run(kit)
    auth = kit.settings.strapi_url + kit.urls.auth_path
    twice = {url: times for url, times in asked.items() if times > 1}
    # The tunnel is looked at as a program, as a browser and as a page of another origin.
    assert twice.pop(f"{kit.public_url}/.kit/hello") == 3
    assert twice.pop(auth) == 2  # which engine, and which origins it lets read
    assert twice == {}


def test_pressing_check_again_leaves_a_person_their_login(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    asked = counted(kit)
    for _ in range(12):
        kit.changed()
        assert by_id(checks.run(kit))["provider"].status == PASSED
    assert asked[kit.settings.strapi_url + kit.urls.connect_path] == MOST
    robot = kit.browser()
    robot.finish(robot.start(), allow=True)
    assert kit.logins.verdict(kit.logins.wait(timeout=10)).ok
    kit.save_provider(enabled=False)
    assert by_id(checks.run(kit))["provider"].failure == "A01"


def test_an_answer_that_was_not_asked_for_anew_says_its_age(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    for _ in range(6):
        kit.changed()
        results = by_id(checks.run(kit))
    assert kit.strapi._known
    kit.strapi._known = kit.strapi._known._replace(at=kit.strapi._known.at - 30)
    kit.changed()
    results = by_id(checks.run(kit))
    for told in ("server-url", "provider", "session-cookie"):
        assert "(seen 30 seconds ago: Strapi counts logins" in results[told].evidence
    assert kit.world
    kit.world.strapi_server.stop()
    assert "seconds ago" not in str(checks.run(kit))


@pytest.mark.parametrize("status", [429, 500, 404])
def test_a_login_that_strapi_refuses_is_told_by_one_check(rehearsed: Rehearsed, status: int) -> None:
    kit = rehearsed()
    assert kit.world
    if status == 429:
        kit.world.strapi.limit.most = 0
    elif status == 500:
        kit.world.strapi.config.production = True
    else:
        kit.world.strapi.config.prefix = "/v1"
    results = by_id(checks.run(kit))
    assert results["provider"].failure == {429: "A17", 500: "A22", 404: "A06"}[status]
    for waiting in ("server-url", "session-cookie"):
        assert results[waiting].status == NOT_YET
        assert "see The provider is enabled in Strapi" in results[waiting].evidence


def test_a_production_strapi_that_trusts_its_proxy_is_healthy(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    assert kit.world
    kit.world.strapi.config.production = kit.world.strapi.config.proxy = True
    results = checks.run(kit)
    assert [each for each in results if each.status == FAILED] == []
    assert "Secure" in by_id(results)["session-cookie"].evidence


def test_a_front_end_that_is_down_is_not_called_a_strapi_that_is_down(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    kit.public_address.close()
    kit.gateway.use_frontend("http://127.0.0.1:9")
    kit.open_address()
    results = checks.run(kit)
    cause, _ = checks.causes(results)[0]
    assert (cause.id, cause.failure) == ("front-end", None)
    assert "front end" in diagnosis.headline(results)
    assert "Strapi" not in diagnosis.headline(results)
    assert any("dev server" in step for step in cause.fix)


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
    assert checks.run_one(kit, "session-cookie").failure == failure


def test_a_tunnel_that_leads_straight_to_a_dev_server_is_named(
    rehearsed: Rehearsed, serve: Callable[[App], Server]
) -> None:
    kit = rehearsed()
    assert kit.world

    async def vite(request: Request) -> None:
        await request.answer(b'Blocked request. This host ("shop.ngrok-free.dev") is not allowed.', 403)

    kit.world.internet.add(kit.world.domain, serve(App("vite", vite)).port)
    assert checks.run_one(kit, "public-address").failure == "D13"


@pytest.mark.parametrize("prefix", ["/strapi", "/cms"])
def test_an_admin_panel_that_answers_the_internet_is_named(
    rehearsed: Rehearsed, serve: Callable[[App], Server], prefix: str
) -> None:
    kit = rehearsed()
    assert kit.world
    assert checks.run_one(kit, "public-address").status == PASSED

    async def leaks(request: Request) -> None:
        if request.path == f"{prefix}/admin/init":
            await request.answer(b'{"data":{"uuid":false,"hasAdmin":true}}')
        else:
            there = httpx.get(kit.gateway.url + request.target, trust_env=False)
            await request.answer(there.content, there.status_code)

    kit.world.internet.add(kit.world.domain, serve(App("leaks", leaks)).port)
    found = checks.run_one(kit, "public-address")
    assert found.status == checks.FAILED
    assert f"{prefix}/admin/init" in found.evidence


def test_a_front_end_that_asks_its_own_origin_needs_no_variable(rehearsed: Rehearsed, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    (project / "src").mkdir(parents=True)
    (project / "package.json").write_text('{"devDependencies": {"vite": "^7.0.0"}}')
    (project / "src/Home.jsx").write_text('<a href="/api/connect/instagram-business">Log in</a>')
    kit = rehearsed()
    kit.settings = replace(kit.settings, frontend_project=str(project))
    assert checks.run_one(kit, "front-end-project").status == PASSED


def test_a_page_that_ngrok_would_warn_is_asked_about_without_counting_as_a_login(
    rehearsed: Rehearsed,
) -> None:
    kit = rehearsed("documented", "token")
    assert kit.world
    seen: list[httpx.Request] = []
    kit.http.event_hooks["request"].append(seen.append)
    assert checks.run_one(kit, "cors").status == PASSED
    asked = [each for each in seen if each.headers.get("origin")]
    assert {each.headers["origin"] for each in asked} == {"http://localhost:3000"}
    assert not [each for each in asked if each.url.host == kit.world.domain and "/api/" in each.url.path]


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ([UNKNOWN] * 3, "note"),
        ([PASSED, UNKNOWN], "note"),
        ([PASSED, UNKNOWN, FAILED], "failed"),
        ([NOT_YET] * 3, "not-yet"),
        ([SKIPPED] * 3, "not-yet"),
        ([PASSED, NOT_YET], "not-yet"),
        ([PASSED, SKIPPED], "ok"),
    ],
)
def test_the_headline_is_green_only_when_something_passed_and_nothing_is_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, statuses: list[str], kind: str
) -> None:
    results = [Result("strapi", status, "seen") for status in statuses]
    monkeypatch.setattr(checks, "run", lambda _: results)
    kit = Kit(settings.load({"KIT_MODE": "live"}, home=tmp_path))

    async def scene() -> str:
        shown = check_views.Doctor(kit)
        await shown.measure()
        return shown.headline.kind

    assert asyncio.run(scene()) == kind
    kit.close()


def test_a_note_is_shown_as_a_note_and_not_as_a_failure() -> None:
    noted = Result("public-address", PASSED, "seen", "C07", ("Press Visit Site.",))
    assert diagnosis.headline([noted]) == "1 of 1 checks passed."
    assert diagnosis.as_lines([noted])[:2] == [
        "Note     The public address leads here: seen [C07]",
        "         1. Press Visit Site.",
    ]
    assert "<b>Note</b>" in diagnosis.as_html([noted])
    status = StatusLine()
    check_views.tell(status, noted)
    assert (status.kind, status.fix) == ("note", ["Press Visit Site."])


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
    assert by_id(results)["provider-settings"].failure == failure
    assert not [each for each in results if each.status == UNKNOWN]


def test_somebodys_own_front_end_may_wait_where_it_likes(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    assert kit.world
    kit.settings = replace(kit.settings, frontend_url="http://localhost:5173")
    kit.world.strapi.providers[kit.flow.provider]["callback"] = f"{kit.public_url}/welcome"
    assert checks.run_one(kit, "provider-settings").status == PASSED
