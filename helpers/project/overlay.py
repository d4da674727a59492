"""The public address in a file of its own, which Strapi merges over ``config/server``.

Nothing of the person's is edited. Under ``strapi develop`` Strapi restarts by itself when the file comes,
changes or goes, which it does not for a changed ``.env``.
"""

from __future__ import annotations

import re

_WRITER = (
    "// Written by the Instagram login kit; to be rid of it, press Put it back there or delete this file."
)
_WHY = (
    "// Strapi merges it over config/server while you develop. Keep it out of git: it is your address alone."
)
_URL = re.compile(r"\burl: '([^']*)'")


def path(environment: str, language: str) -> str:
    """Where Strapi looks for it, in the project's folder."""
    return f"config/env/{environment}/server.{language}"


def line(public: str) -> str:
    """What is to be added to a file of the person's own."""
    return f"url: '{public}',"


def source(public: str, language: str) -> str:
    export = "export default" if language == "ts" else "module.exports ="
    return f"{_WRITER}\n{_WHY}\n{export} {{ url: '{public}' }};\n"


def is_ours(content: bytes) -> bool:
    return content.decode(errors="replace").startswith(_WRITER.split(";")[0])


def address_in(content: bytes) -> str:
    """The public address in an overlay; empty where none stands."""
    found = _URL.search(content.decode(errors="replace"))
    return found[1] if found else ""
