"""Compare what the kit relies on with what is published now: ``make drift``.

``drift.toml`` says what was seen, when, and which sentence of ours depends on it. Somebody else's sentence
is kept as a fingerprint of its words, so that layout, markup and punctuation may change as they like.
``drift.py FOLDER`` compares with copies kept there instead of asking the network.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).resolve().parent
_INLINE = r"</?(?:a|abbr|b|code|em|i|kbd|mark|small|span|strong|u)\b[^>]*>"
_HIDDEN = r"<(script|style|template)\b.*?</\1\s*>|<!--.*?-->"
_PATIENCE = 15.0  # seconds

Ask = Callable[[str], str | None]  # what stands at a name now; None: nobody could be asked


def words(text: str) -> list[str]:
    """The words of a page in HTML or Markdown, as a reader sees them."""
    text = re.sub(_HIDDEN, " ", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(_INLINE, "", text, flags=re.IGNORECASE)
    text = re.sub(r"<[^>]+>", " ", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    return re.findall(r"\w+", re.sub(r"[\u2018\u2019']", "", text).replace("_", " "))


def fingerprint(text: str) -> str:
    """How many words, and their digest."""
    found = words(text)
    return f"{len(found)}:{_digest(found)}"


def _digest(found: list[str]) -> str:
    return hashlib.sha256(" ".join(found).encode()).hexdigest()[:16]


def stands_in(page: str, print_: str) -> bool:
    count, digest = print_.split(":")
    found, size = words(page), int(count)
    return any(_digest(found[at : at + size]) == digest for at in range(len(found) - size + 1))


def changes(known: dict[str, Any], ask: Ask) -> tuple[list[str], list[str]]:
    """What has changed, each with the sentence here that it touches; and what could not be looked at."""
    changed: list[str] = []
    unseen: list[str] = []
    for each in known["package"]:
        name, seen = f"{each['registry']}:{each['name']}", each["version"]
        newest = ask(name)
        if newest is None:
            unseen.append(name)
        elif (now := newest.strip()) != seen:
            whole = ask(f"{name}@{now} whole") if each.get("whole") else ""
            told = f"{name} is {now}, it was {seen} on {each['seen']}"
            changed.append(
                _told(told + (f"; not published whole, {whole} is missing" if whole else ""), each)
            )
    for each in known["sentence"]:
        page = ask(each["source"])
        if page is None:
            unseen.append(each["source"])
        elif not stands_in(page, each["fingerprint"]):
            changed.append(
                _told(f"{each['source']} no longer says {each['about']} (seen {each['seen']})", each)
            )
    return changed, list(dict.fromkeys(unseen))


def _told(what: str, each: dict[str, Any]) -> str:
    return f"{what}\n  touches {each['touches']}: {each['says']}"


def ask_the_network(name: str) -> str | None:
    try:
        if name.startswith("npm:"):
            return _npm(name.removeprefix("npm:"))
        if name.startswith("pypi:"):
            package = name.removeprefix("pypi:")
            # Not --quiet: that silences the answer, too.
            said = _run(sys.executable, "-m", "pip", "index", "versions", package)
            return re.findall(r"\((\S+)\)", said)[0]
        answer = httpx.get(name, timeout=_PATIENCE, follow_redirects=True)
        if answer.status_code in (404, 410):
            return ""  # somebody did answer: the page is gone, and says nothing any more
        return answer.text if answer.status_code == 200 else None
    # ImportError: a SOCKS proxy of the environment.
    except (OSError, ValueError, IndexError, ImportError, httpx.HTTPError, subprocess.SubprocessError):
        return None


def _npm(name: str) -> str:
    """The newest version, or of ``NAME@VERSION whole`` the parts of the same version that are not there."""
    if not name.endswith(" whole"):
        return _run("npm", "view", name, "version")
    package, version = name.removesuffix(" whole").rsplit("@", 1)
    needed: dict[str, str] = json.loads(_run("npm", "view", f"{package}@{version}", "dependencies", "--json"))
    parts = [part for part, wanted in needed.items() if part.startswith("@strapi/") and wanted == version]
    return ", ".join(part for part in parts if not _published(f"{part}@{version}"))


def _published(package: str) -> bool:
    done = subprocess.run(
        ["npm", "view", package, "version"], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode and "E404" not in done.stderr:
        raise OSError(done.stderr[-200:])
    return bool(done.stdout.strip())


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    if not done.stdout.strip():
        raise ValueError(f"{command[0]} said nothing")
    return done.stdout.strip()


def copies(folder: Path) -> Ask:
    """Copies by name, with everything but letters and digits as ``_``."""

    def ask(name: str) -> str | None:
        path = folder / re.sub(r"\W+", "_", name)
        return path.read_text(encoding="utf-8") if path.exists() else None

    return ask


def main(arguments: list[str]) -> int:
    known = tomllib.loads((HERE / "drift.toml").read_text(encoding="utf-8"))
    changed, unseen = changes(known, copies(Path(arguments[0])) if arguments else ask_the_network)
    print("\n".join([*changed, *(f"Not looked at, nobody answered: {name}" for name in unseen)]))
    if not changed:
        print("Nothing else has changed." if unseen else "Nothing has changed.")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
