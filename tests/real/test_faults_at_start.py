"""What is wrong in the files of a real Strapi: the doctor names it, and so does what Strapi prints."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from helpers.core import settings
from helpers.doctor import checks
from helpers.doctor.recognise import read
from helpers.kit import Kit
from tests.real.strapi import NEWEST, VERSIONS, RealStrapi, install
from tests.real.test_faults_by_version import LiveKit
from tests.real.test_login import Stage

pytestmark = pytest.mark.real

Record = Callable[[str, object], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy whose files may be broken."""
    return shutil.copytree(install(NEWEST), tmp_path / "shop", symlinks=True)


def first_cause(kit: Kit) -> str | None:
    return next((cause.failure for cause, _ in checks.causes(checks.run(kit))), None)


def use_purest(project: Path) -> dict[str, str]:
    extension = project / "src/extensions/users-permissions/strapi-server.js"
    extension.write_text("const purest = require('purest');\n" + extension.read_text())
    return {}


def no_keys(project: Path) -> dict[str, str]:
    return {"APP_KEYS": ""}


def no_salt(project: Path) -> dict[str, str]:
    (project / ".env").write_text("APP_KEYS=one,two\n")
    return {"API_TOKEN_SALT": ""}


@pytest.mark.parametrize(("id_", "break_it"), [("A24", no_keys), ("A48", no_salt), ("A39", use_purest)])
def test_a_strapi_that_does_not_start_is_named(
    project: Path,
    tmp_path: Path,
    id_: str,
    break_it: Callable[[Path], dict[str, str]],
    record_property: Record,
) -> None:
    strapi = RealStrapi(tmp_path, NEWEST, environment=break_it(project))
    strapi.project = project
    with pytest.raises(RuntimeError, match="ended by itself"), strapi:
        pass
    assert read(strapi.log.read_text()).matches[0].failure.id == id_
    facts = {"KIT_MODE": "live", "STRAPI_URL": strapi.url, "STRAPI_PROJECT": str(project)}
    kit = Kit(settings.load(facts, home=tmp_path))
    try:
        assert first_cause(kit) == id_
    finally:
        kit.close()
    record_property("provokes", id_)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_secret_that_only_production_misses_is_named(version: str, tmp_path: Path) -> None:
    """In development Strapi makes this one itself."""
    strapi = RealStrapi(tmp_path, version, environment={"JWT_SECRET": "", "NODE_ENV": "production"})
    with pytest.raises(RuntimeError, match="ended by itself"), strapi:
        pass
    told = read(strapi.log.read_text()).matches
    assert [(match.failure.id, match.sure) for match in told] == [("A48", True)]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_strapi_logs_where_administrators_have_no_secret_is_named(version: str, tmp_path: Path) -> None:
    strapi = RealStrapi(tmp_path, version, environment={"ADMIN_JWT_SECRET": ""})
    with pytest.raises(httpx.HTTPStatusError, match="500"), strapi:
        pass
    assert read(strapi.log.read_text()).matches[0].failure.id == "A48"


def test_a_proxy_setting_that_strapi_no_longer_reads_is_named(
    project: Path, tmp_path: Path, record_property: Record
) -> None:
    server = project / "config/server.js"
    server.write_text(re.sub(r"proxy: .*", "proxy: true,", server.read_text()))
    stage = Stage(tmp_path, NEWEST, NODE_ENV="production")
    stage.strapi.project = project
    try:
        with stage.strapi:
            kit = LiveKit(stage, tmp_path)
            kit.settings = replace(kit.settings, strapi_project=str(project))
            kit.make_whole()
            assert first_cause(kit) == "A23"
            kit.close()
    finally:
        stage.close()
    record_property("provokes", "A23")
