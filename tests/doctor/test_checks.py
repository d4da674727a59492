"""The doctor on a healthy setup and on one that has not begun: no false alarm, and nobody kept waiting."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from helpers.core import settings
from helpers.doctor import checks
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, UNKNOWN, Result
from helpers.kit import Kit
from helpers.project.strapi_project import Project
from tests.support.git import needs_git

Rehearsed = Callable[..., Kit]


def by_id(kit: Kit) -> dict[str, Result]:
    return {result.id: result for result in checks.run(kit)}


@pytest.mark.parametrize(
    ("flow", "engine"),
    [("today", "session"), ("today", "oauth-connect"), ("today", "token"), ("documented", "token")],
)
def test_a_healthy_setup_passes_before_and_after_the_login(
    rehearsed: Rehearsed, flow: str, engine: str
) -> None:
    kit = rehearsed(flow, engine)
    before = by_id(kit)
    others = {id_: each.status for id_, each in before.items() if each.status != PASSED}
    assert others == {"login": NOT_YET}
    assert checks.in_order([*before.values()])
    robot = kit.browser()
    robot.finish(robot.start(), allow=True)
    kit.logins.wait(timeout=10)  # for the proof, which is asked for aside
    assert by_id(kit)["login"].status == PASSED
    assert all(result.evidence for result in before.values())


@needs_git
def test_an_address_that_would_travel_with_git_is_named_with_the_way_out(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    project, overlay = kit.settings.strapi_project, "config/env/development/server.js"
    for command in (["init", "-q"], ["add", "--force", overlay]):
        subprocess.run(["git", "-c", "safe.directory=*", *command], cwd=project, check=True)
    found = checks.run(kit, ("project",))[0]
    assert found.status == FAILED
    assert f"git tracks {overlay}" in found.evidence
    assert any(f"git rm --cached {overlay}" in step for step in found.fix)


def test_an_address_that_outlived_its_tunnel_is_named_with_the_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(str(files("helpers.rehearsal.strapi") / "project"), folder)
    kit = Kit(settings.load({"KIT_MODE": "live", "STRAPI_PROJECT": str(folder)}, home=tmp_path))
    try:
        Project(folder).address("https://old.ngrok-free.dev").apply(kit.undo.files)
        found = checks.run(kit, ("project",))[0]
        assert (found.status, found.failure) == (PASSED, "A04")
        assert "https://old.ngrok-free.dev, and that tunnel is gone" in found.evidence
        assert "Take it out" in found.evidence
        kit.take_out_overlays()
        assert checks.run(kit, ("project",))[0].failure is None
    finally:
        kit.close()


def test_a_setup_that_has_not_begun_names_what_each_check_waits_for(tmp_path: Path) -> None:
    kit = Kit(settings.load({"KIT_MODE": "live", "STRAPI_URL": "http://127.0.0.1:9"}, home=tmp_path))
    results = by_id(kit)
    kit.close()
    assert (results["strapi"].status, results["strapi"].failure) == (FAILED, "C06")
    assert results["front-end-project"].status == SKIPPED
    known = ("strapi", "machine", "front-end-project")
    others = [each for id_, each in results.items() if id_ not in known]
    assert {each.status for each in others} == {NOT_YET}
    assert all(each.evidence.startswith("waits for ") for each in others)


def test_one_run_starts_one_login_and_signs_in_once(rehearsed: Rehearsed) -> None:
    kit, asked = rehearsed(), Counter[str]()
    kit.changed()
    kit.http.event_hooks["request"].append(lambda request: asked.update([request.url.path]))
    checks.run(kit)
    assert asked["/api/connect/instagram-business"] == 1
    assert asked["/admin/login"] <= 1


def test_a_check_that_breaks_is_a_readable_line(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Kit) -> str:
        raise RuntimeError("code=verysecretcode oh no")

    monkeypatch.setitem(checks.CHECKS, "strapi", checks.Check("Strapi is running", broken))
    result = checks.run(rehearsed(), ("strapi",))[0]
    assert result.status == UNKNOWN
    assert "oh no" in result.evidence
    assert "verysecretcode" not in result.evidence


def test_a_check_out_of_time_is_unknown_and_holds_nobody_up(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def stuck(_: Kit) -> str:
        over.wait(30)
        return "at last"

    monkeypatch.setattr(checks, "DEADLINE", 0.3)
    monkeypatch.setitem(checks.CHECKS, "strapi", checks.Check("Strapi is running", stuck))
    results = {result.id: result for result in checks.run(rehearsed(), ("strapi", "credentials"))}
    over.set()
    assert (results["strapi"].status, results["credentials"].status) == (UNKNOWN, PASSED)


@pytest.mark.parametrize(
    ("given", "check", "status"),
    [
        ({}, "project", NOT_YET),
        ({"STRAPI_URL": "https://cms.example.com"}, "project", SKIPPED),
        ({}, "front-end-project", SKIPPED),
        ({"FRONTEND_URL": "http://localhost:3000"}, "front-end-project", NOT_YET),
        ({"FRONTEND_URL": "https://shop.example.com"}, "front-end-project", SKIPPED),
    ],
)
def test_files_are_waited_for_only_where_they_can_be(
    given: dict[str, str], check: str, status: str, tmp_path: Path
) -> None:
    kit = Kit(settings.load({"KIT_MODE": "live", **given}, home=tmp_path))
    assert checks.run(kit, (check,))[0].status == status
    kit.close()
