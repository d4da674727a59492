"""Extensions that people have already keep working beside the provider file, and without it again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.core.flows import TODAY
from helpers.core.urls import Urls
from helpers.project.strapi_project import ENTRY_FILE, PROVIDER_FILE, entry_lines
from tests.real import strapi as real
from tests.real.provider_file import TYPESCRIPT, run

pytestmark = pytest.mark.real

ROUTE = """
  plugin.routes['content-api'].routes.push({
    method: 'GET',
    path: '/own',
    handler: (ctx) => { ctx.body = strapi.own || 'not registered'; },
    config: { auth: false, prefix: '' },
  });
"""
# Each says "ran" at /api/own when its own register was called; LINE is where the provider comes in.
SHAPES = {
    "a register that does not wait": """
module.exports = (plugin) => {
  LINE
  const register = plugin.register;
  plugin.register = ({ strapi }) => { register({ strapi }); strapi.own = 'ran'; };
  ROUTE
  return plugin;
};
""",
    "wrapped before the provider": """
module.exports = (plugin) => {
  const original = plugin.register;
  plugin.register = async (context) => { await original(context); context.strapi.own = 'ran'; };
  ROUTE
  LINE
  return plugin;
};
""",
    "an async function that returns a copy": """
module.exports = async (plugin) => {
  LINE
  ROUTE
  return {
    ...plugin,
    async register(context) { await plugin.register(context); context.strapi.own = 'ran'; },
  };
};
""",
    "another user service": """
module.exports = (plugin) => {
  const { user } = plugin.services;
  plugin.services.user = (context) => ({ ...user(context), own: () => 'ran' });
  const { register } = plugin;
  plugin.register = async ({ strapi }) => {
    await register({ strapi });
    strapi.own = strapi.plugin('users-permissions').service('user').own();
  };
  ROUTE
  LINE
  return plugin;
};
""",
    "another field and a provider of its own": """
module.exports = (plugin) => {
  plugin.contentTypes.user.schema.attributes.nickname = { type: 'string' };
  const { register } = plugin;
  plugin.register = async ({ strapi }) => {
    await register({ strapi });
    strapi.plugin('users-permissions').service('providers-registry').add('own', {
      icon: '', enabled: false, grantConfig: { key: '', secret: '' }, authCallback: async () => ({}),
    });
    strapi.own = 'ran';
  };
  ROUTE
  LINE
  return plugin;
};
""",
}
DEAUTHORIZE = Urls("", TODAY.provider).deauthorize


@pytest.fixture(scope="module", params=[real.NEWEST, real.OLDEST])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def start(project: Path, folder: Path, version: str) -> tuple[str, int, dict[str, Any]]:
    """What the extension's own route says, how a callback answers, and the providers that Strapi stored."""
    folder.mkdir()
    strapi = real.RealStrapi(folder, version, register=False)
    strapi.project = project
    with strapi:
        own = httpx.get(f"{strapi.url}/api/own").text
        refused = httpx.post(strapi.url + DEAUTHORIZE, data={"signed_request": "a.b"}).status_code
        with closing(sqlite3.connect(folder / "data.db")) as database:
            query = (
                "SELECT value FROM strapi_core_store_settings WHERE key = 'plugin_users-permissions_grant'"
            )
            (stored,) = database.execute(query).fetchone()
    return own, refused, json.loads(stored)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_own_extension_works_with_the_provider_and_without_it_again(
    tmp_path: Path, version: str, shape: str
) -> None:
    project = shutil.copytree(real.install(version), tmp_path / "shop", symlinks=True)
    source = SHAPES[shape].replace("ROUTE", ROUTE)
    (project / ENTRY_FILE).write_text(source.replace("LINE", entry_lines()))
    own, refused, providers = start(project, tmp_path / "in", version)
    assert (own, refused, TODAY.provider in providers) == ("ran", 400, True)

    (project / ENTRY_FILE).write_text(source.replace("LINE", ""))
    (project / PROVIDER_FILE).unlink()
    own, refused, providers = start(project, tmp_path / "out", version)
    assert (own, refused in (404, 405), TODAY.provider in providers) == ("ran", True, False)


def test_the_lines_for_typescript_compile_in_an_extension_of_ones_own(tmp_path: Path, version: str) -> None:
    at_the_top, in_the_function = entry_lines("ts").split("\n\n")
    entry = f"""{at_the_top}
import type {{}} from '@strapi/strapi';

export default (plugin: ReturnType<typeof strapi.plugin>) => {{
  {in_the_function}
  return plugin;
}};
"""
    (tmp_path / "node_modules").symlink_to(real.install(version) / "node_modules")
    (tmp_path / "instagram-business.ts").write_text(TYPESCRIPT.read_text())
    (tmp_path / "strapi-server.ts").write_text(entry)
    options = {"strict": True, "noEmit": True, "incremental": False}
    settings = {"extends": "@strapi/typescript-utils/tsconfigs/server", "compilerOptions": options}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    assert "strapi-server.ts" in run("node_modules/typescript/bin/tsc", "--listFiles", folder=tmp_path)
