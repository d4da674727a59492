"""What the doctor leaves as it was, how little it asks, and that it blames nobody wrongly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from helpers.doctor import checks, diagnosis
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, Result
from helpers.kit import Kit
from helpers.strapi.rate_limits import MOST

Rehearsed = Callable[..., Kit]


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


def test_a_front_end_that_asks_its_own_origin_needs_no_variable(rehearsed: Rehearsed, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    (project / "src").mkdir(parents=True)
    (project / "package.json").write_text('{"devDependencies": {"vite": "^7.0.0"}}')
    (project / "src/Home.jsx").write_text('<a href="/api/connect/instagram-business">Log in</a>')
    kit = rehearsed()
    kit.settings = replace(kit.settings, frontend_project=str(project))
    assert checks.run(kit, ("front-end-project",))[0].status == PASSED


def test_a_page_that_ngrok_would_warn_is_asked_about_without_counting_as_a_login(
    rehearsed: Rehearsed,
) -> None:
    kit = rehearsed("documented", "token")
    assert kit.world
    seen: list[httpx.Request] = []
    kit.http.event_hooks["request"].append(seen.append)
    assert checks.run(kit, ("cors",))[0].status == PASSED
    asked = [each for each in seen if each.headers.get("origin")]
    assert {each.headers["origin"] for each in asked} == {"http://localhost:3000"}
    assert not [each for each in asked if each.url.host == kit.world.domain and "/api/" in each.url.path]
