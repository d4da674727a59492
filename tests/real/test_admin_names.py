"""What we tell people to open, switch and press in Strapi's admin is called that there, in each version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.test_fixes_lead_somewhere import CONSOLE, HELPERS, TEXTS, _strings
from tests.real.strapi import VERSIONS, install
from tests.support.notebooks import NAMES, prose

pytestmark = pytest.mark.real

# Names that are no translation, and the file of the plugin that has them: roles are made with the database.
ELSEWHERE = {
    "Public": "server/**/services/users-permissions.js",
    "Authenticated": "server/**/services/users-permissions.js",
    "Users-permissions": "admin/src/utils/formatPluginName.js",
}
# No names of Strapi's: a provider, and what stands in Instagram's own app.
OTHERS = {"instagram-business", "Account type"}

_NAME = r"[\w&'-]+(?: (?!and\b|is\b|in\b|that\b|press\b|of\b|under\b)[\w&'-]+)*"
_SAID = (
    re.compile(rf"\b(Settings(?: > {_NAME})+)"),
    re.compile(r"\b(?:[Ss]et|[Ss]witch) ([A-Z][a-z][\w -]*?) (?:to [A-Z]|on\b|off\b)"),
    re.compile(r"\b[Ss]et (?:[A-Z][a-z][\w -]*|blocked) to ([A-Z]\w+)"),
    re.compile(r"\bUnder (Users-permissions)\b"),
    re.compile(r"\bunder (Default role[\w ]*)"),
    re.compile(r"\bthe role (?!that\b)([A-Z]\w+)"),
    re.compile(r"\b(Content Manager|The redirect URL to your front-end app|Client ID|Client Secret)\b"),
    re.compile(r"\*(Enable[\w -]*)\*"),
    re.compile(r"\b[Pp]ress \*{0,2}(Save)\b(?! in)"),
)


def texts() -> Iterator[str]:
    """Fixes, code, pages, the provider file and notebooks; what is said of Instagram and ngrok apart."""
    yield from (text for where, text in TEXTS if where[0] not in "BC")
    for kind in ("*.html", "*.js", "*.ts"):
        yield from (path.read_text(encoding="utf-8") for path in HELPERS.rglob(kind))
    for name in NAMES:
        yield from prose(name).splitlines()


def said() -> dict[str, str]:
    """Each name, and a text that has it."""
    everything = [(text, each) for text in texts() for pattern in _SAID for each in pattern.findall(text)]
    at_meta = set(_strings(CONSOLE))
    strapis = [(text, each) for text, each in everything if " > " not in each or each not in at_meta]
    names = {part: text for text, each in strapis for part in each.split(" > ")}
    return {name: text for name, text in names.items() if name not in OTHERS}


def translations(packages: Path) -> set[str]:
    """All that the admin panel says in English."""
    admin = packages / "admin/dist"
    scripts = [*admin.rglob("translations/en.json.mjs"), *admin.glob("_chunks/en-*.mjs")]
    assert len(scripts) == 1, scripts
    found = re.findall(r'[:=] ("(?:[^"\\]|\\.)*")[,;\n]', scripts[0].read_text(encoding="utf-8"))
    plugin = packages / "plugin-users-permissions/admin/src/translations/en.json"
    return {json.loads(each) for each in found} | set(json.loads(plugin.read_text(encoding="utf-8")).values())


def test_what_is_compared_is_not_little() -> None:
    names = said()
    assert {"Users & Permissions plugin", "Providers", "Roles", "Advanced settings", "Enable", "Save"} <= set(
        names
    )
    assert ELSEWHERE.keys() <= names.keys()
    assert len(names) >= 18, sorted(names)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_name_in_strapis_admin_is_really_there(version: str) -> None:
    packages = install(version) / "node_modules/@strapi"
    there = translations(packages)
    assert len(there) > 500
    for name, file in ELSEWHERE.items():
        sources = [*(packages / "plugin-users-permissions").glob(file)]
        if any(f"'{name}'" in source.read_text(encoding="utf-8") for source in sources):
            there.add(name)
    assert {name: text for name, text in said().items() if name not in there} == {}
