"""The lines and the file that go into the user's own projects."""

from __future__ import annotations

import json
import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from helpers.core.errors import InputError
from helpers.core.flows import PROFILE_URL, TODAY, TOKEN_URL
from helpers.core.urls import Urls
from helpers.project import front_end_start, overlay, strapi_project
from helpers.project.folder import Folder
from helpers.project.front_end_project import FrontEnd
from helpers.project.journal import Journal
from helpers.project.strapi_project import Project

URLS = Urls("https://shop.ngrok-free.dev", TODAY.provider)
PUBLIC = "https://shop.ngrok-free.dev"
OVERLAY = "config/env/development/server.js"
STRAPI = {"@strapi/strapi": "5.54.0", "@strapi/plugin-users-permissions": "5.54.0"}
CONFIG = """\
module.exports = ({ env }) => ({
  host: env('HOST', '0.0.0.0'),
  port: env.int('PORT', 1337),
});
"""
NO_ADDRESS = Urls("", TODAY.provider)


def read(env_file: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=StringIO(env_file)))


def test_the_front_end_gets_the_same_address_under_the_name_its_tool_hands_on():
    assert read(strapi_project.frontend_env(URLS)) == {
        "REACT_APP_BACKEND_URL": "https://shop.ngrok-free.dev",
        "VITE_BACKEND_URL": "https://shop.ngrok-free.dev",
        "NEXT_PUBLIC_BACKEND_URL": "https://shop.ngrok-free.dev",
    }


def test_without_a_public_address_there_is_nothing_to_paste():
    assert strapi_project.frontend_env(NO_ADDRESS) == ""


def test_the_provider_file_is_todays_login_to_the_letter():
    source = strapi_project.provider_source()
    for text in (TODAY.provider, TODAY.authorize_url, TODAY.scope, TOKEN_URL):
        assert source.count(f"'{text}'") == 1
    assert f"'{PROFILE_URL}?fields=id," in source


def test_the_provider_file_brings_no_credentials_and_starts_switched_off():
    source = strapi_project.provider_source()
    settings = source[source.index("const grantConfig") : source.index("authorize_url")]
    assert re.findall(r"\b(?:key|secret|callback): '([^']*)'", settings) == ["", "", ""]
    assert "enabled: false" in source


def test_the_provider_file_protects_the_login_on_every_strapi():
    assert "state: true" in strapi_project.provider_source()


# Real folders


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


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / ".kit" / "changes.jsonl")


# Strapi


def test_a_project_gets_its_address_and_its_provider_and_gives_both_back(tmp_path: Path, journal: Journal):
    folder = strapi(tmp_path / "shop")
    before = contents(folder)
    (Project(folder).address(PUBLIC) + Project(folder).provider()).apply(journal)
    after = contents(folder)
    assert after[OVERLAY].decode() == overlay.source(PUBLIC, "js")
    assert after[strapi_project.PROVIDER_FILE].decode() == strapi_project.provider_source()
    assert after[strapi_project.ENTRY_FILE].decode() == strapi_project.entry_source()
    assert {name: after[name] for name in before} == before
    assert journal.undo() == [
        "shop/" + strapi_project.ENTRY_FILE,
        "shop/" + strapi_project.PROVIDER_FILE,
        "shop/" + OVERLAY,
    ]
    assert contents(folder) == before
    assert not (folder / "src").exists()
    assert not (folder / "config/env").exists()


def test_a_second_time_there_is_nothing_to_do(tmp_path: Path, journal: Journal):
    folder = strapi(tmp_path / "shop")
    (Project(folder).address(PUBLIC) + Project(folder).provider()).apply(journal)
    plan = Project(folder).address(PUBLIC) + Project(folder).provider()
    assert (plan.changes, plan.by_hand, plan.diff()) == ((), (), "")


def test_the_diff_names_the_project_and_what_comes(tmp_path: Path):
    diff = Project(strapi(tmp_path / "shop")).address(PUBLIC).diff()
    assert f"+++ b/shop/{OVERLAY}\n" in diff
    assert f"+module.exports = {{ url: '{PUBLIC}' }};\n" in diff


def test_a_typescript_project_gets_typescript(tmp_path: Path, journal: Journal):
    folder = strapi(tmp_path / "shop", **{"tsconfig.json": "{}"})
    (Project(folder).address(PUBLIC) + Project(folder).provider()).apply(journal)
    assert (folder / OVERLAY.replace(".js", ".ts")).read_text() == overlay.source(PUBLIC, "ts")
    written, entry = (folder / file.replace(".js", ".ts") for file in FILES)
    assert written.read_text(encoding="utf-8") == strapi_project.provider_source("ts")
    assert entry.read_text(encoding="utf-8") == strapi_project.entry_source("ts")


def test_another_address_replaces_the_one_that_the_kit_wrote(tmp_path: Path, journal: Journal):
    folder = strapi(tmp_path / "shop")
    before = contents(folder)
    Project(folder).address("https://old.ngrok-free.dev").apply(journal)
    Project(folder).address(PUBLIC).apply(journal)
    assert Project(folder).overlays() == {OVERLAY: PUBLIC}
    journal.undo()
    assert contents(folder) == before


@pytest.mark.parametrize("name", [OVERLAY, OVERLAY.replace(".js", ".ts")])
def test_an_overlay_of_the_persons_own_is_never_overwritten(tmp_path: Path, name: str):
    plan = Project(strapi(tmp_path, **{name: "module.exports = { port: 1338 };\n"})).address(PUBLIC)
    (refusal,) = plan.by_hand
    assert plan.changes == ()
    assert name in str(refusal)
    assert refusal.snippet == f"url: '{PUBLIC}',"


def test_one_of_their_own_that_has_the_address_is_well(tmp_path: Path):
    own = f"module.exports = {{ port: 1338, url: '{PUBLIC}' }};\n"
    assert Project(strapi(tmp_path, **{OVERLAY: own})).address(PUBLIC) == strapi_project.Plan()


def test_another_node_env_has_its_own_folder(tmp_path: Path):
    folder = strapi(tmp_path, **{".env": "NODE_ENV=staging\n"})
    (by_file,) = Project(folder).address(PUBLIC).changes
    (as_asked,) = Project(folder).address(PUBLIC, "test").changes
    assert by_file.path == folder / "config/env/staging/server.js"
    assert as_asked.path == folder / "config/env/test/server.js"


def test_a_node_env_that_leads_out_of_the_project_is_not_followed(tmp_path: Path):
    folder = strapi(tmp_path / "shop", **{".env": "NODE_ENV=../../../..\n"})
    with pytest.raises(InputError, match="leads out of the project"):
        Project(folder).address(PUBLIC)


FILES = (strapi_project.PROVIDER_FILE, strapi_project.ENTRY_FILE)


def extension(tmp_path: Path, language: str, entry: str, **more: str) -> Project:
    """A project with this ``strapi-server`` file."""
    name = strapi_project.ENTRY_FILE.replace(".js", f".{language}")
    files = {name: entry, "tsconfig.json": "{}"} if language == "ts" else {name: entry}
    return Project(strapi(tmp_path, **files, **more))


@pytest.mark.parametrize("language", ["js", "ts"])
def test_an_extension_of_the_users_own_gets_the_provider_beside_it_and_a_line_to_paste(
    tmp_path: Path, language: str
):
    plan = extension(tmp_path, language, "module.exports = (plugin) => plugin;\n").provider()
    (change,), (refusal,) = plan.changes, plan.by_hand
    assert change.path.name == f"instagram-business.{language}"
    assert f"strapi-server.{language} of your own" in str(refusal)
    assert refusal.snippet == strapi_project.entry_lines(language)


@pytest.mark.parametrize(
    ("language", "entry"),
    [
        (
            "js",
            "module.exports = (plugin) => {\n  require('./instagram-business')(plugin);\n  return plugin;\n}",
        ),
        ("js", 'const instagram = require("./instagram-business.js");\nmodule.exports = instagram;'),
        ("ts", "import add from './instagram-business';\nexport default (plugin) => add(plugin);"),
    ],
)
def test_an_extension_that_brings_the_provider_along_needs_nothing(tmp_path: Path, language: str, entry: str):
    plan = extension(tmp_path, language, entry).provider()
    assert [change.path.name for change in plan.changes] == [f"instagram-business.{language}"]
    assert plan.by_hand == ()


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "\n \n",
        "'use strict';\n",
        "// the extensions of this shop\n",
        "/**\n * require('./instagram-business')\n */\n\n'use strict';\n",
        "// require('./instagram-business')(plugin)\r\n",
    ],
)
@pytest.mark.parametrize("language", ["js", "ts"])
def test_an_entry_file_that_does_nothing_is_written_and_keeps_its_remarks(
    tmp_path: Path, journal: Journal, language: str, entry: str
):
    project = extension(tmp_path, language, entry)
    file = project.folder.root / strapi_project.ENTRY_FILE.replace(".js", f".{language}")
    before = file.read_bytes()
    assert project.provider().by_hand == ()
    project.provider().apply(journal)
    after = file.read_bytes()
    assert after.startswith(before.strip())
    assert after.replace(b"\r\n", b"\n").endswith(strapi_project.entry_source(language).encode())
    assert project.provider() == strapi_project.Plan()
    journal.undo()
    assert file.read_bytes() == before


def test_a_provider_file_that_was_changed_is_never_overwritten(tmp_path: Path):
    changed = strapi_project.provider_source() + "// and our own\n"
    files = {strapi_project.PROVIDER_FILE: changed, strapi_project.ENTRY_FILE: strapi_project.entry_source()}
    plan = Project(strapi(tmp_path, **files)).provider()
    (refusal,) = plan.by_hand
    assert plan.changes == ()
    assert strapi_project.PROVIDER_FILE in str(refusal)
    assert refusal.snippet == strapi_project.provider_source()


def test_the_same_provider_file_with_windows_line_endings_is_the_same(tmp_path: Path):
    folder = strapi(tmp_path)
    (folder / strapi_project.PROVIDER_FILE).parent.mkdir(parents=True)
    sources = (strapi_project.provider_source(), strapi_project.entry_source())
    for file, source in zip(FILES, sources, strict=True):
        (folder / file).write_bytes(source.replace("\n", "\r\n").encode())
    assert Project(folder).provider() == strapi_project.Plan()


# Folders that it cannot be


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


def test_a_read_only_file_is_said_before_anything_is_applied(tmp_path: Path):
    folder = strapi(tmp_path)
    (folder / "config/env/development").mkdir(parents=True)
    (folder / OVERLAY).write_text(overlay.source("https://old.ngrok-free.dev", "js"))
    (folder / OVERLAY).chmod(0o444)
    with pytest.raises(InputError, match=r"config/env/development/server\.js is read-only"):
        Project(folder).address(PUBLIC)


@pytest.mark.parametrize("name", ["config", "src"])
def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path, name: str):
    folder, outside = strapi(tmp_path / "shop"), tmp_path / "outside"
    outside.mkdir()
    target = outside / Path(name).name
    if name == "src":
        target.mkdir()
    else:
        (folder / name).rename(target)
    (folder / name).symlink_to(target)
    before = contents(tmp_path)
    refused = Project(folder).address(PUBLIC) if name == "config" else Project(folder).provider()
    assert refused.changes == ()
    assert all("is a link that leads out of the project, to " in str(each) for each in refused.by_hand)
    sources = (
        [overlay.source(PUBLIC, "js")]
        if name == "config"
        else [strapi_project.provider_source(), strapi_project.entry_source()]
    )
    assert [each.snippet for each in refused.by_hand] == sources
    assert contents(tmp_path) == before


@pytest.mark.parametrize(("name", "files"), [("config", [OVERLAY]), ("src", FILES)])
def test_what_was_put_behind_a_link_by_hand_is_seen(tmp_path: Path, name: str, files: list[str]):
    folder, outside = strapi(tmp_path / "shop"), tmp_path / "outside"
    outside.mkdir()
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / name).mkdir(exist_ok=True)
    (folder / name).rename(outside / name)
    (folder / name).symlink_to(outside / name)
    for refusal, file in zip(
        (Project(folder).address(PUBLIC) + Project(folder).provider()).by_hand, files, strict=True
    ):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(refusal.snippet)
    plan = Project(folder).address(PUBLIC) if name == "config" else Project(folder).provider()
    assert (plan.changes, plan.by_hand) == ((), ())


def test_a_linked_env_file_says_which_environment_it_is(tmp_path: Path):
    folder = strapi(tmp_path / "shop")
    (folder / ".env").unlink()
    (tmp_path / "shared.env").write_text("NODE_ENV=staging\n")
    (folder / ".env").symlink_to(tmp_path / "shared.env")
    (change,) = Project(folder).address(PUBLIC).changes
    assert change.path == folder / "config/env/staging/server.js"
    assert (tmp_path / "shared.env").read_text() == "NODE_ENV=staging\n"


def test_a_link_within_the_project_stays_one(tmp_path: Path, journal: Journal):
    folder = make(tmp_path / "page", {"vite": "8"}, **{"shared.env": "A=1\n"})
    (folder / ".env").symlink_to("shared.env")
    FrontEnd(folder).address(PUBLIC).apply(journal)
    assert (folder / ".env").is_symlink()
    assert f"VITE_BACKEND_URL={PUBLIC}" in (folder / "shared.env").read_text()


@pytest.mark.parametrize("target", [".env", "circle/.env"])
def test_links_in_a_circle_get_a_sentence(tmp_path: Path, target: str):
    folder = make(tmp_path, {"vite": "8"})
    (folder / ".env").symlink_to(target)
    (folder / "circle").symlink_to("circle")
    with pytest.raises(InputError, match="leads nowhere"):
        Folder(folder).set_variable(".env", "A", "1")


def test_an_env_file_in_another_encoding_gets_a_sentence(tmp_path: Path):
    folder = make(tmp_path, {"vite": "8"})
    (folder / ".env").write_bytes("A=1\n".encode("utf-16"))
    with pytest.raises(InputError, match=r"\.env is not UTF-8 text"):
        Folder(folder).set_variable(".env", "A", "1")


# The front end


@pytest.mark.parametrize(
    ("needs", "variable"),
    [
        ({"react-scripts": "5.0.1"}, "REACT_APP_BACKEND_URL"),
        ({"vite": "^7.0.0", "react": "19"}, "VITE_BACKEND_URL"),
        ({"next": "16.0.0"}, "NEXT_PUBLIC_BACKEND_URL"),
    ],
)
def test_a_front_end_gets_the_variable_of_its_tool(
    tmp_path: Path, journal: Journal, needs: dict[str, str], variable: str
):
    folder = make(tmp_path / "page", needs)
    before = contents(folder)
    FrontEnd(folder).address(PUBLIC).apply(journal)
    assert (folder / ".env").read_text() == f"{variable}={PUBLIC}\n"
    assert FrontEnd(folder).address(PUBLIC).changes == ()
    journal.undo()
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        ({".env": "A=1\n"}, ".env"),
        ({".env": "A=1\n", ".env.local": ""}, ".env.local"),
        ({".env": "VITE_BACKEND_URL=x\n", ".env.local": ""}, ".env"),
        ({".env": "VITE_BACKEND_URL=x\n", ".env.development": "VITE_BACKEND_URL=y\n"}, ".env.development"),
    ],
)
def test_the_variable_is_set_where_it_counts(tmp_path: Path, files: dict[str, str], changed: str):
    (change,) = FrontEnd(make(tmp_path, {"vite": "7"}, **files)).address(PUBLIC).changes
    assert change.path.name == changed


def test_a_front_end_of_an_unknown_tool_gets_a_sentence(tmp_path: Path):
    with pytest.raises(InputError, match="none of Next, Create React App, SvelteKit") as caught:
        FrontEnd(make(tmp_path, {"ember-source": "6"}))
    assert caught.value.failure == "D06"


def test_an_old_react_scripts_on_a_current_node_is_warned_of(tmp_path: Path):
    warning = FrontEnd(make(tmp_path, {"react-scripts": "^3.4.1"})).warning(node=20)
    assert warning
    assert warning.failure == "D05"
    assert "react-scripts 3" in str(warning)


@pytest.mark.parametrize(
    ("accepted", "installed", "node"),
    [
        ("^3.4.1", "", 16),
        ("5.0.1", "", 22),
        ("^3.4.1", "5.0.1", 22),
        ("^3.4.1", "", None),
        ("latest", "", 22),
    ],
)
def test_a_front_end_that_starts_is_not_warned_of(
    tmp_path: Path, accepted: str, installed: str, node: int | None
):
    files = {"node_modules/react-scripts/package.json": f'{{"version": "{installed}"}}'} if installed else {}
    assert FrontEnd(make(tmp_path, {"react-scripts": accepted}, **files)).warning(node) is None


def test_a_front_end_that_asks_for_the_legacy_provider_is_not_warned_of(tmp_path: Path):
    manifest = {
        "dependencies": {"react-scripts": "4.0.3"},
        "scripts": {"start": "NODE_OPTIONS=--openssl-legacy-provider react-scripts start"},
    }
    (tmp_path / "package.json").write_text(json.dumps(manifest))
    assert FrontEnd(tmp_path).warning(node=22) is None


@pytest.mark.parametrize(("said", "major"), [("v20.20.2", 20), ("", None)])
def test_the_installed_node_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, major: int | None
):
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {said}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert front_end_start.installed_node() == major


def test_without_node_there_is_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert front_end_start.installed_node() is None
