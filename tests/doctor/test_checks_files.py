"""What the doctor reads in files: projects that cannot start, front ends, saved secrets, machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.core.errors import KitError
from helpers.doctor import check_files, checks
from helpers.doctor.checks import FAILED, PASSED
from helpers.kit import Kit
from helpers.project import startup_trouble
from helpers.project.folder import Folder
from helpers.project.front_end_project import FrontEnd

Rehearsed = Callable[..., Kit]
PUBLIC = "https://shop.ngrok-free.dev"


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


def test_a_missing_salt_is_why_strapi_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = "export default ({ env }) => ({ apiToken: { salt: env('API_TOKEN_SALT') }, "
    admin += "transfer: { token: { salt: env('TRANSFER_TOKEN_SALT') } } });"  # it starts without this one
    strapi_project(tmp_path, **{"config/admin.ts": admin})
    trouble = startup_trouble.trouble(str(tmp_path))
    assert failure_of(trouble) == "A48"
    assert trouble
    assert trouble.evidence == "config/admin reads API_TOKEN_SALT, and .env does not set it"
    monkeypatch.setenv("API_TOKEN_SALT", "from outside")
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
    assert checks.run(kit, ("project",))[0].failure == failure


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
    assert checks.run(kit, ("notebooks",))[0].status == PASSED
    saved.write_text(json.dumps({"widgets": {"value": token}}))
    found = checks.run(kit, ("notebooks",))[0]
    assert (found.status, found.failure) == (FAILED, "E05")
    assert token not in str(found)


@pytest.mark.parametrize("name", ["JUPYTERHUB_USER", "CODESPACES", "SSH_CONNECTION", "BINDER_SERVICE_HOST"])
def test_a_kernel_elsewhere_is_told_and_fails_only_where_localhost_must_be_opened(
    rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch, record_property: Callable[..., None], name: str
) -> None:
    monkeypatch.setenv(name, "someone")
    kit = rehearsed("documented", "token")
    assert checks.run(kit, ("machine",))[0].status == PASSED
    kit.settings = replace(kit.settings, mode="live")
    assert checks.run(kit, ("machine",))[0].failure == "E03"
    record_property("provokes", "E03")
    shared = rehearsed("today", "session")
    shared.settings = replace(shared.settings, mode="live")
    assert checks.run(shared, ("machine",))[0].status == PASSED


def test_the_documented_sample_secret_is_no_leak(rehearsed: Rehearsed, tmp_path: Path) -> None:
    page = tmp_path / "notebooks/03.ipynb"
    page.parent.mkdir()
    page.write_text(check_files.SAMPLE_CLIENT_SECRET)
    assert checks.run(rehearsed(), ("notebooks",))[0].status == PASSED
