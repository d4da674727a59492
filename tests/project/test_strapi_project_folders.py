"""Which folders are a Strapi project, and what is said about the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.core.errors import InputError
from helpers.project.strapi_project import Project
from tests.support.projects import CONFIG, STRAPI, make, strapi


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        ({}, "is not a Strapi project"),
        ({"strapi": "3.6.8"}, "is a Strapi 3"),
        ({"@strapi/strapi": "5.54.0"}, "has no Users & Permissions plugin"),
    ],
)
def test_another_project_gets_a_sentence(tmp_path: Path, needs: dict[str, str], said: str):
    folder = make(tmp_path / "shop", needs, **{"config/server.js": CONFIG})
    with pytest.raises(InputError, match=rf"/shop {said}"):
        Project(folder)


def test_a_plugin_in_the_package_above_is_not_loaded_and_gets_the_line_to_add(tmp_path: Path):
    make(tmp_path, {"@strapi/plugin-users-permissions": "5.54.0"})
    folder = make(tmp_path / "apps/cms", {"@strapi/strapi": "5.54.0"}, **{"config/server.js": CONFIG})
    with pytest.raises(InputError, match=r"leaves @strapi/\S+ to \S+; Strapi loads only") as caught:
        Project(folder)
    assert '"@strapi/plugin-users-permissions": "5.54.0" to dependencies in' in caught.value.fix[0]


def test_a_plugin_among_the_packages_for_development_is_not_loaded_and_gets_the_line_to_add(tmp_path: Path):
    folder = make(tmp_path, {"@strapi/strapi": "5.54.0"}, **{"config/server.js": CONFIG})
    package = json.loads((folder / "package.json").read_text())
    package["devDependencies"] = {"@strapi/plugin-users-permissions": "5.54.0"}
    (folder / "package.json").write_text(json.dumps(package))
    with pytest.raises(
        InputError, match="in devDependencies; Strapi loads only what dependencies name"
    ) as caught:
        Project(folder)
    assert '"@strapi/plugin-users-permissions": "5.54.0" to dependencies in' in caught.value.fix[0]


def test_a_plugin_that_the_settings_name_with_its_folder_counts(tmp_path: Path):
    plugins = "module.exports = { 'users-permissions': { enabled: true, resolve: '../../node_modules/x' } };"
    files = {"config/server.js": CONFIG, "config/plugins.js": plugins}
    Project(make(tmp_path, {"@strapi/strapi": "5.54.0"}, **files))


@pytest.mark.parametrize("where", ["peer", "above"])
def test_a_strapi_that_a_monorepo_installs_once_is_one(tmp_path: Path, where: str):
    plugin = {"@strapi/plugin-users-permissions": "5.54.0"}
    folder = make(tmp_path / "apps/cms", plugin, **{"config/server.js": CONFIG})
    if where == "above":
        make(tmp_path, {"@strapi/strapi": "5.54.0"})
    else:
        package = {"dependencies": plugin, "peerDependencies": {"@strapi/strapi": "^5"}}
        (folder / "package.json").write_text(json.dumps(package))
    assert Project(folder).language == "js"


def test_a_plugin_for_strapi_is_not_a_strapi_project(tmp_path: Path):
    with pytest.raises(InputError, match="is not a Strapi project"):
        Project(make(tmp_path, STRAPI))


def test_a_folder_that_is_not_there_gets_a_sentence(tmp_path: Path):
    with pytest.raises(InputError, match=r"There is no folder .*/nowhere"):
        Project(tmp_path / "nowhere")


def test_a_folder_without_a_package_gets_a_sentence(tmp_path: Path):
    with pytest.raises(InputError, match=r"there is no package\.json in it"):
        Project(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"dependencies": 1}', "\udcff"])
def test_a_package_that_npm_could_not_read_gets_a_sentence(tmp_path: Path, content: str):
    (tmp_path / "package.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match=r"package\.json is not a package\.json that npm could read"):
        Project(tmp_path)


@pytest.mark.parametrize("names", [("apps/cms",), ("apps/cms", "legacy")])
def test_a_monorepo_names_its_strapis(tmp_path: Path, names: tuple[str, ...]):
    make(tmp_path, {"@strapi/strapi": "5.54.0"})
    make(tmp_path / "apps" / "web", {"next": "16.0.0"})
    strapi(tmp_path / "node_modules" / "other")
    for name in names:
        strapi(tmp_path / name)
    with pytest.raises(InputError) as caught:
        Project(tmp_path)
    assert [name for name in ("apps/cms", "legacy", "apps/web", "other") if name in str(caught.value)] == [
        *names
    ]
    assert "choose" in str(caught.value)
