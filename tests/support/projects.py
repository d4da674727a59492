"""Folders of projects, as little of one as a test needs."""

from __future__ import annotations

import json
from pathlib import Path

STRAPI = {"@strapi/strapi": "5.54.0", "@strapi/plugin-users-permissions": "5.54.0"}
CONFIG = """\
module.exports = ({ env }) => ({
  host: env('HOST', '0.0.0.0'),
  port: env.int('PORT', 1337),
});
"""


def make(folder: Path, needs: dict[str, str], **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"dependencies": needs}), encoding="utf-8")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def strapi(folder: Path, **files: str) -> Path:
    return make(folder, STRAPI, **{"config/server.js": CONFIG, ".env": "JWT_SECRET=hunter2\n"} | files)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
