"""What does not stop a login is no failure: at most a note, and at best nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.core.errors import KitError
from helpers.doctor import checks
from helpers.doctor.checks import FAILED, PASSED, Result
from helpers.kit import Kit
from helpers.practice.fault import Fault, edited, log_in, nothing, saved
from helpers.project.front_end_project import FrontEnd
from tests.support.breaking import whole

PUBLIC = "https://shop.ngrok-free.dev"


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    with whole(Fault(nothing), tmp_path, ngrok=False) as kit:
        yield kit


def by_id(results: list[Result]) -> dict[str, Result]:
    return {result.id: result for result in results}


def test_a_proxy_setting_without_effect_is_a_note_until_it_breaks_a_login(kit: Kit) -> None:
    assert kit.world
    edited("config/server.js", r"\n}\);", "\n  proxy: true,\n});")(kit)
    found = by_id(checks.run(kit))["project"]
    assert (found.status, found.failure) == (PASSED, "A23")
    kit.world.strapi.config.production = True
    kit.changed()
    found = by_id(checks.run(kit))["project"]
    assert (found.status, found.failure) == (FAILED, "A23")


@pytest.mark.parametrize(
    ("scope", "failure"),
    [
        (["instagram_business_basic", "instagram_business_manage_insights"], None),
        (["instagram_business_manage_messages", "instagram_business_basic"], None),
        (["instagram_business_manage_insights"], "A40"),
        (["user_profile", "user_media"], "B02"),
        (["basic"], "B03"),
        ([], "B03"),
    ],
)
def test_only_a_permission_that_is_missing_is_a_fault(
    kit: Kit, scope: list[str], failure: str | None
) -> None:
    saved(scope=scope)(kit)
    assert checks.run(kit, ("provider",))[0].failure == failure
    if failure is None:
        log_in(kit)
        assert kit.logins.verdict(kit.logins.wait(timeout=10)).ok


@pytest.mark.parametrize(
    ("address", "failure"),
    [
        ("https://api.instagram.com/oauth/authorize", "B01"),
        ("https://www.facebook.com/v20.0/dialog/oauth", "B17"),
        ("https://id.example/authorize", None),
    ],
)
def test_a_login_that_begins_elsewhere_is_no_matter_of_permissions(
    kit: Kit, address: str, failure: str | None
) -> None:
    saved(authorize_url=address)(kit)
    found = checks.run(kit, ("provider",))[0]
    assert (found.status, found.failure) == (FAILED, failure)
    assert any("Save in Strapi (3.3) again" in step for step in found.fix)


# The front end's variable


def trouble(folder: Path, source: str, env: str = "", tool: str = "react-scripts") -> KitError | None:
    (folder / "package.json").write_text(json.dumps({"dependencies": {tool: "^5.0.1"}}))
    (folder / ".env").write_text(env)
    (folder / "src").mkdir()
    (folder / "src/Home.jsx").write_text(source)
    return FrontEnd(folder).trouble(PUBLIC)


LINK = "<a href={`${%s}/api/connect/instagram`}>Log in</a>"


@pytest.mark.parametrize(
    "source",
    [
        "const base = 'https://shop.ngrok-free.dev';\n" + LINK % "base",
        "const base = '';\n" + LINK % "base",
        "const base = process.env.REACT_APP_API || '';\n" + LINK % "base",
        "import { base } from './settings';\n" + LINK % "base",
        LINK % "process.env.REACT_APP_API ?? ''",
        "// REACT_APP_BACKEND_URL is for later\n<a href='/api/connect/instagram'>Log in</a>",
    ],
)
def test_a_link_without_a_variable_that_must_be_set_is_in_order(tmp_path: Path, source: str) -> None:
    assert trouble(tmp_path, source) is None


@pytest.mark.parametrize(
    ("source", "tool"),
    [
        (LINK % "process.env.REACT_APP_API", "react-scripts"),
        ("const base = process.env.REACT_APP_API;\n" + LINK % "base", "react-scripts"),
        (LINK % "import.meta.env.VITE_API", "vite"),
        ("export const base: string = import.meta.env.VITE_API\n" + LINK % "base", "vite"),
    ],
)
def test_a_variable_of_the_readers_own_name_counts(tmp_path: Path, source: str, tool: str) -> None:
    name = "VITE_API" if tool == "vite" else "REACT_APP_API"
    unset, stale, right = (tmp_path / each for each in ("unset", "stale", "right"))
    for folder in (unset, stale, right):
        folder.mkdir()
    found = trouble(unset, source, f"OTHER={PUBLIC}\n", tool)
    assert found
    assert found.failure == "D02"
    assert f"{name}={PUBLIC}" in found.fix[0]
    found = trouble(stale, source, f"{name}=https://old.ngrok-free.dev\n", tool)
    assert found
    assert found.failure == "D03"
    assert trouble(right, source, f"{name}={PUBLIC}\n", tool) is None


def test_an_earlier_tunnels_address_is_written_anew_before_the_restart(tmp_path: Path) -> None:
    source = LINK.replace("/api", "") % "process.env.REACT_APP_BACKEND_URL"
    found = trouble(tmp_path, source, "REACT_APP_BACKEND_URL=https://old.ngrok-free.dev/api\n")
    assert found
    assert found.failure == "D03"
    assert f"REACT_APP_BACKEND_URL={PUBLIC}/api " in found.fix[0]
    assert "start" in found.fix[1]
