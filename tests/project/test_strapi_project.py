"""The lines and the files that go into the user's own Strapi project."""

from __future__ import annotations

import re
from io import StringIO
from itertools import takewhile
from pathlib import Path

import pytest
from dotenv import dotenv_values

from helpers.core.errors import InputError
from helpers.core.flows import PROFILE_URL, TODAY, TOKEN_URL
from helpers.core.urls import Urls
from helpers.project import overlay, strapi_project
from helpers.project.journal import Journal
from helpers.project.strapi_project import Project
from tests.support.projects import contents, strapi

URLS = Urls("https://shop.ngrok-free.dev", TODAY.provider)
PUBLIC = "https://shop.ngrok-free.dev"
OVERLAY = "config/env/development/server.js"
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


def words_and_signs(source: str) -> list[str]:
    """All that a formatter may not change, with imports and exports said in one way."""
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*|'use strict';", "", source, flags=re.DOTALL)
    code = re.sub(r"const (\{.*\}) = require\((.*)\);", r"import \1 from \2;", code)
    return re.findall(
        r"'[^'\n]*'|[\w$]+|!|[^\s\w,;(){}!]+", code.replace("module.exports =", "export default")
    )


def test_the_provider_file_says_the_same_in_both_languages_but_for_types():
    typescript = iter(words_and_signs(strapi_project.provider_source("ts")))
    only_there: list[str] = []
    for each in words_and_signs(strapi_project.provider_source("js")):
        only_there += takewhile(lambda other, each=each: other != each, typescript)
    assert not {*only_there} & {"!", "await", "return", "throw", "if"}
    assert "export" not in only_there  # nothing of the JavaScript was looked for in vain
    signs = [each for each in only_there if not re.search(r"\w", each)]
    # Of a type there is no sign that computes, and one dot: that of `typeof strapi.plugin`.
    assert {*signs} <= {":", "?:", "=", "=>", "|", "<", ">", "[", "]", "[]", "['", "'][", "]>[", "."}
    assert signs.count(".") == 1
    assert not [*typescript]
