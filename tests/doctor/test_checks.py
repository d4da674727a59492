"""The doctor on a healthy setup, its order, and what it says of files, cookies and machines."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from helpers.core import settings
from helpers.core.errors import KitError
from helpers.core.urls import same_site
from helpers.doctor import check_files, checks, diagnosis
from helpers.doctor.checks import FAILED, NOT_YET, PASSED, SKIPPED, UNKNOWN, Result
from helpers.kit import Kit
from helpers.project import startup_trouble
from helpers.project.folder import Folder
from helpers.project.front_end_project import FrontEnd
from helpers.project.strapi_project import Project
from helpers.tunnel.ngrok_agent import lease

Rehearsed = Callable[..., Kit]
PUBLIC = "https://shop.ngrok-free.dev"


@pytest.fixture
def rehearsed(tmp_path: Path) -> Iterator[Rehearsed]:
    kits: list[Kit] = []

    def rehearsed(flow: str = "today", engine: str | None = None) -> Kit:
        kits.append(Kit(settings.load({"KIT_FLOW": flow}, home=tmp_path), engine=engine))
        kits[-1].rehearse_up_to(4)
        return kits[-1]

    yield rehearsed
    for kit in kits:
        kit.close()


def by_id(kit: Kit) -> dict[str, Result]:
    return {result.id: result for result in checks.run(kit)}


# No false alarm


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
    assert by_id(kit)["login"].status == PASSED
    assert all(result.evidence for result in before.values())


def test_an_address_that_would_travel_with_git_is_named_with_the_way_out(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    project, overlay = kit.settings.strapi_project, "config/env/development/server.js"
    for command in (["init", "-q"], ["add", "--force", overlay]):
        subprocess.run(["git", "-c", "safe.directory=*", *command], cwd=project, check=True)
    found = checks.run_one(kit, "project")
    assert found.status == FAILED
    assert f"git tracks {overlay}" in found.evidence
    assert any(f"git rm --cached {overlay}" in step for step in found.fix)


def test_an_address_that_outlived_its_tunnel_is_named_with_the_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(str(files("helpers.rehearsal.strapi") / "project"), folder)
    kit = Kit(settings.load({"KIT_MODE": "live", "STRAPI_PROJECT": str(folder)}, home=tmp_path))
    try:
        Project(folder).address("https://old.ngrok-free.dev").apply(kit.undo.files)
        found = checks.run_one(kit, "project")
        assert (found.status, found.failure) == (PASSED, "A04")
        assert "https://old.ngrok-free.dev, and that tunnel is gone" in found.evidence
        assert "Take it out" in found.evidence
        kit.take_out_overlays()
        assert checks.run_one(kit, "project").failure is None
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
    result = checks.run_one(rehearsed(), "strapi")
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
    assert checks.run_one(kit, check).status == status
    kit.close()


# What is said of it


def result(id_: str, failure: str | None = None, status: str = FAILED) -> Result:
    return Result(id_, status, f"seen at {id_}", failure, ("do this",))


def test_the_headline_names_what_to_mend_first() -> None:
    healthy = [result("strapi", status=PASSED), result("login", status=NOT_YET)]
    assert diagnosis.headline(healthy) == "1 of 2 checks passed, no login was witnessed yet."
    broken = [result("strapi", "C06"), result("credentials", "B07")]
    assert diagnosis.headline(broken).startswith(
        "Mend this first: Nothing answers where Strapi should be [C06]."
    )
    assert diagnosis.headline(broken).endswith("1 more below.")
    broken += [result("provider", status=NOT_YET), result("cors", status=UNKNOWN)]
    assert diagnosis.headline(broken).endswith("1 more below. 2 of 4 not checked.")


@pytest.mark.parametrize("status", [NOT_YET, UNKNOWN])
def test_what_is_needed_and_was_not_checked_is_not_in_order(status: str) -> None:
    healthy = [result("strapi", status=PASSED), result("front-end-project", status=SKIPPED)]
    assert checks.in_order([*healthy, result("login", status=status)])
    results = [*healthy, result("provider", status=status), result("cors", status=status)]
    assert not checks.in_order(results)
    assert diagnosis.headline(results) == "1 of 4 checks passed, 2 of 4 not checked, 1 not needed here."


def test_the_terminal_has_a_line_per_check_and_the_cause_with_its_steps() -> None:
    lines = diagnosis.as_lines(
        [result("strapi", "C06"), result("provider", "C06"), result("cors", status=PASSED)]
    )
    assert [line for line in lines if line.startswith(("Failed", "OK"))] == [
        "Failed   Strapi is running: seen at strapi [C06]",
        "Failed   The provider is enabled in Strapi: seen at provider [C06]",
        "OK       The front end may read Strapi's answers: seen at cors",
    ]
    assert [line.strip() for line in lines].count("1. do this") == 2  # the cause's and the passed note's
    assert "         follows from: Strapi is running" in lines


def test_the_card_escapes_what_was_seen() -> None:
    shown = diagnosis.as_html([Result("strapi", FAILED, "<script>alert(1)</script>", "E04", ("<b>",))])
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert '<details class="kit-card" open>' in shown


# Files


def strapi_project(folder: Path, **changes: str) -> Folder:
    files = {
        "package.json": json.dumps({"dependencies": {"@strapi/strapi": "5.54.0"}}),
        "config/server.js": "module.exports = ({ env }) => ({ app: { keys: env.array('APP_KEYS') } });",
        ".env": "APP_KEYS=one,two\n",
    } | changes
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Folder(folder)


def failure_of(trouble: KitError | None) -> str | None:
    return trouble.failure if trouble else None


def test_a_project_that_can_start_has_no_trouble(tmp_path: Path) -> None:
    strapi_project(tmp_path)
    assert startup_trouble.trouble(str(tmp_path)) is None
    assert startup_trouble.trouble("") is None
    assert startup_trouble.trouble(str(tmp_path / "gone")) is None


def test_missing_app_keys_are_why_strapi_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strapi_project(tmp_path, **{".env": "APP_KEYS=\n"})
    assert failure_of(startup_trouble.trouble(str(tmp_path))) == "A24"
    monkeypatch.setenv("APP_KEYS", "from,outside")
    assert startup_trouble.trouble(str(tmp_path)) is None


def test_half_an_update_is_named_with_both_versions(tmp_path: Path) -> None:
    utils = json.dumps({"version": "5.54.0"})
    needs = {"@strapi/strapi": "5.52.3", "@strapi/plugin-users-permissions": "5.52.3"}
    strapi_project(
        tmp_path,
        **{
            "package.json": json.dumps({"dependencies": needs}),
            "node_modules/@strapi/utils/package.json": utils,
        },
    )
    trouble = startup_trouble.trouble(str(tmp_path))
    assert trouble
    assert "5.52.3" in trouble.evidence
    assert "@strapi/utils 5.54.0" in trouble.evidence


@pytest.mark.parametrize(
    ("wanted", "failure"),
    [(">=20.0.0 <=24.x.x", "E12"), (">=18", None), (">=14 <=16.x.x", "E12"), ("*", None)],
)
def test_a_node_that_the_project_does_not_take_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, failure: str | None
) -> None:
    node = tmp_path / "bin/node"
    node.parent.mkdir()
    node.write_text("#!/bin/sh\necho v18.20.1\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(node.parent), prepend=":")
    package = {"engines": {"node": wanted}, "dependencies": {"@strapi/strapi": "5.54.0"}}
    strapi_project(tmp_path / "shop", **{"package.json": json.dumps(package)})
    assert failure_of(startup_trouble.trouble(str(tmp_path / "shop"))) == failure


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({}, None),
        (
            {"config/server.js": "module.exports = ({ env }) => ({ url: env('', 'http://localhost') });"},
            "A03",
        ),
        ({"config/server.js": "// url: env('', 'x')\nmodule.exports = { proxy: { koa: true } };"}, None),
        ({"config/server.js": "module.exports = { proxy: true };"}, "A23"),
        ({"config/middlewares.js": "module.exports = ['strapi::errors', 'strapi::cors'];"}, "A07"),
        ({"config/middlewares.js": "module.exports = ['strapi::errors', 'strapi::session'];"}, None),
    ],
)
def test_strapis_own_files_are_read(
    rehearsed: Rehearsed, tmp_path: Path, changes: dict[str, str], failure: str | None
) -> None:
    needs = {"@strapi/strapi": "5.54.0", "@strapi/plugin-users-permissions": "5.54.0"}
    package = {"package.json": json.dumps({"dependencies": needs})}
    strapi_project(tmp_path / "shop", **package, **changes)
    kit = rehearsed()
    kit.settings = replace(kit.settings, strapi_project=str(tmp_path / "shop"))
    assert checks.run_one(kit, "project").failure == failure


@pytest.mark.parametrize(
    ("env", "failure"),
    [
        ("", "D02"),
        (f"VITE_BACKEND_URL={PUBLIC}\n", None),
        (f"REACT_APP_BACKEND_URL={PUBLIC}\n", "D06"),
        (f"VITE_BACKEND_URL={PUBLIC}/\n", "D04"),
        ("VITE_BACKEND_URL=http://localhost:1337\n", "D12"),
        ("VITE_BACKEND_URL=https://old.ngrok-free.dev\n", "D03"),
        (f"VITE_BACKEND_URL={PUBLIC}/api\n", "D01"),
    ],
)
def test_a_front_ends_address_of_the_backend_is_read(tmp_path: Path, env: str, failure: str | None) -> None:
    (tmp_path / "package.json").write_text('{"devDependencies": {"vite": "^7.0.0"}}')
    (tmp_path / ".env").write_text(env)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/Home.jsx").write_text(
        "<a href={`${import.meta.env.VITE_BACKEND_URL}/api/connect/instagram`}>Log in</a>"
    )
    assert failure_of(FrontEnd(tmp_path).trouble(PUBLIC)) == failure


def test_an_old_copy_of_the_example_needs_the_api_in_the_variable(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"devDependencies": {"vite": "^7.0.0"}}')
    (tmp_path / "src").mkdir()
    (tmp_path / "src/Home.js").write_text("<a href={`${backend}/connect/instagram`}>Log in</a>")
    for value, failure in ((PUBLIC, "D01"), (f"{PUBLIC}/api", None)):
        (tmp_path / ".env").write_text(f"VITE_BACKEND_URL={value}\n")
        assert failure_of(FrontEnd(tmp_path).trouble(PUBLIC)) == failure


def test_a_saved_secret_is_found_without_being_shown(rehearsed: Rehearsed, tmp_path: Path) -> None:
    kit = rehearsed()
    token = kit.settings.ngrok_authtoken.reveal()
    saved = tmp_path / "notebooks/.ipynb_checkpoints/01-checkpoint.ipynb"
    saved.parent.mkdir(parents=True)
    saved.write_text(json.dumps({"cells": []}))
    assert checks.run_one(kit, "notebooks").status == PASSED
    saved.write_text(json.dumps({"widgets": {"value": token}}))
    found = checks.run_one(kit, "notebooks")
    assert (found.status, found.failure) == (FAILED, "E05")
    assert token not in str(found)


@pytest.mark.parametrize("name", ["JUPYTERHUB_USER", "CODESPACES", "SSH_CONNECTION", "BINDER_SERVICE_HOST"])
def test_a_kernel_elsewhere_is_told_and_fails_only_where_localhost_must_be_opened(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch, record_property: Callable[..., None], name: str
) -> None:
    monkeypatch.setenv(name, "someone")
    kit = rehearsed("documented", "token")
    assert checks.run_one(kit, "machine").status == PASSED
    kit.settings = replace(kit.settings, mode="live")
    assert checks.run_one(kit, "machine").failure == "E03"
    record_property("provokes", "E03")
    shared = rehearsed("today", "session")
    shared.settings = replace(shared.settings, mode="live")
    assert checks.run_one(shared, "machine").status == PASSED


def test_the_documented_sample_secret_is_no_leak(rehearsed: Rehearsed, tmp_path: Path) -> None:
    page = tmp_path / "notebooks/03.ipynb"
    page.parent.mkdir()
    page.write_text(check_files.SAMPLE_CLIENT_SECRET)
    assert checks.run_one(rehearsed(), "notebooks").status == PASSED


# Sites


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://shop.example.com/x", "https://api.example.com", True),
        ("https://one.ngrok-free.dev", "https://two.ngrok-free.dev", False),
        ("http://localhost:3000", "http://localhost:1337", True),
        ("http://localhost:3000", PUBLIC, False),
        ("http://shop.example.com", "https://shop.example.com", False),
        ("http://127.0.0.1:3000", "http://10.0.0.1:3000", False),
    ],
)
def test_a_site_is_scheme_and_registered_name(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same


# The terminal


def test_the_agent_that_has_ended_is_named(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    process = kit.public_address.tunnel._process.proc  # type: ignore[union-attr]
    process.terminate()
    process.wait(10)
    results = checks.run(kit)
    cause, follow = checks.causes(results)[0]
    assert (cause.id, cause.failure) == ("tunnel", "C05")
    assert "public-address" in [each.id for each in follow]


def test_a_sign_of_a_killed_kernel_is_named(tmp_path: Path) -> None:
    kit = Kit(settings.load({"KIT_MODE": "live", "STRAPI_URL": "http://127.0.0.1:9"}, home=tmp_path))
    kit.use(ngrok_domain=PUBLIC.removeprefix("https://"))
    left = {"pid": 0, "kernel": 0, "upstream": "http://127.0.0.1:9"}
    lease(kit.folder).write_text(json.dumps(left))
    found = checks.run_one(kit, "tunnel")
    kit.close()
    assert found.failure == "E09"
    assert PUBLIC in found.evidence


def test_the_last_try_to_open_the_tunnel_is_remembered(rehearsed: Rehearsed) -> None:
    kit = rehearsed()
    kit.public_address.close()
    kit.settings = replace(kit.settings, ngrok_authtoken=type(kit.settings.ngrok_authtoken)(""))
    with pytest.raises(KitError):
        kit.open_address()
    assert checks.run_one(kit, "tunnel").status == FAILED


def test_strapi_is_asked_with_the_gateways_headers(rehearsed: Rehearsed) -> None:
    kit, seen = rehearsed(), []

    def note(request: httpx.Request) -> None:
        if request.url.path.startswith("/api/connect/"):
            seen.append(request.headers.get("x-forwarded-proto"))

    kit.changed()
    kit.http.event_hooks["request"].append(note)
    checks.run_one(kit, "provider")
    assert seen == ["https"]
