"""The provider file itself: one source in two languages, strict enough for every project."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from helpers.project.strapi_project import entry_source
from tests.real import provider_file
from tests.real import strapi as real
from tests.real.provider_file import JAVASCRIPT, TYPESCRIPT


@pytest.mark.parametrize("file", [JAVASCRIPT, TYPESCRIPT], ids=lambda file: file.suffix)
def test_the_file_holds_no_id_and_no_secret(file: Path) -> None:
    text = file.read_text()
    assert re.findall(r"^\s*(?:key|secret|callback): (.*?),", text, re.MULTILINE) == ["''"] * 3
    assert not re.search(r"[0-9a-f]{32}|\d{10}", text)


@pytest.mark.real
def test_the_javascript_file_is_made_from_the_typescript_file() -> None:
    assert JAVASCRIPT.read_text() == provider_file.javascript()


@pytest.mark.real
@pytest.mark.parametrize("version", [real.NEWEST, real.OLDEST])
def test_the_typescript_file_compiles_in_the_strictest_strapi_project(tmp_path: Path, version: str) -> None:
    (tmp_path / "node_modules").symlink_to(real.install(version) / "node_modules")
    (tmp_path / "instagram-business.ts").write_text(TYPESCRIPT.read_text())
    (tmp_path / "strapi-server.ts").write_text(entry_source("ts"))
    strict = ("strict", "noUncheckedIndexedAccess", "exactOptionalPropertyTypes", "noUnusedLocals")
    settings = {
        "extends": "@strapi/typescript-utils/tsconfigs/server",
        "compilerOptions": {**dict.fromkeys(strict, True), "noEmit": True, "incremental": False},
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    listed = provider_file.run("node_modules/typescript/bin/tsc", "--listFiles", folder=tmp_path)
    assert listed.count("instagram-business.ts") == 1
