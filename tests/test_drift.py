"""What has changed elsewhere is found and named, and what merely looks different is not; all offline."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.web.server import Server
from tests.support.servers import App, Request
from tests.test_tools import ROOT, tool

drift = tool("drift")
KNOWN: dict[str, Any] = tomllib.loads((ROOT / "tools" / "drift.toml").read_text(encoding="utf-8"))
STRAPIS, CLOSED, LOGIN = dict.fromkeys(each["source"] for each in KNOWN["sentence"])
SENTENCES = {
    STRAPIS: """<h1>Instagram provider</h1><div class="caution">The API was shut down. Strapi's built-in
        Instagram provider relies on this API and <strong>no longer works</strong>.
        Until Strapi updates the provider implementation,
        Instagram authentication is not available out of the box.</div>
        <p>Facebook doesn't accept localhost urls.</p>
        <ol><li>Visit the Developer Apps list page at <a href="https://developers.facebook.com/apps/">
        https://developers.facebook.com/apps/</a></li><li>Click on <strong>Add a New App</strong> button</li>
        <li>Click on the <strong>PRODUCTS &gt; Instagram &gt; Basic Display</strong> link in the left
        menu</li>
        <li>Valid OAuth Redirect URIs: <code>https://65e60559.ngrok.io/api/connect/instagram/callback</code></li>
        <li>On the App Review click on <b>Add to submission</b> for
        <b>instagram_graph_user_profile</b>.</li></ol>""",
    CLOSED: """On September 4, 2024, we announced it. Starting December 4, 2024, all requests to the Instagram
        Basic Display API will return an error message. We recommend that you migrate.""",
    LOGIN: """# Business Login\n\nBusiness Login is a custom login flow that allows your app to ask for
        permissions to access your app user's Instagram professional account data.\n
        The new `scope` values are:\n\n* `instagram_business_basic`\n
        * `instagram_business_content_publish`""",
}  # fmt: skip
VERSIONS = {f"{each['registry']}:{each['name']}": each["version"] for each in KNOWN["package"]}
OLD = SENTENCES | VERSIONS


def compared(new: dict[str, str]) -> tuple[list[str], list[str]]:
    found: tuple[list[str], list[str]] = drift.changes(KNOWN, new.get)
    return found


def replaced(source: str, old: str, new: str) -> dict[str, str]:
    assert old in OLD[source]
    return OLD | {source: OLD[source].replace(old, new)}


def test_the_old_copies_say_what_was_seen() -> None:
    assert compared(OLD) == ([], [])


PLANTED = [
    (replaced(STRAPIS, "is not available", "is available"), "**Works** on Strapi"),
    (replaced(STRAPIS, "<strong>no longer works</strong>", "works"), "its built-in provider speaks"),
    (replaced(STRAPIS, "Developer Apps list", "My Apps"), "Visit https://developers"),
    (replaced(STRAPIS, "Add a New App", "Create App"), "**Add a New App**"),
    (replaced(STRAPIS, "Basic Display</strong> link", "API setup</strong> link"), "**PRODUCTS > Instagram"),
    (replaced(STRAPIS, "/api/connect/instagram/", "/connect/instagram/"), "**Valid OAuth Redirect URIs**"),
    (replaced(STRAPIS, "graph_user_profile", "business_basic"), "**instagram_graph_user_profile**"),
    (replaced(CLOSED, "December 4", "March 1"), "**Closed by Meta on 2024-12-04.**"),
    (replaced(LOGIN, "professional account", "account"), "Professional accounts (Business or Creator)."),
    (replaced(LOGIN, "* `instagram_business_basic`", "* `instagram_basic`"), "instagram_business_basic"),
    (OLD | {"pypi:pyngrok": "10.0.0"}, "pyngrok=="),
    (OLD | {"npm:@strapi/strapi": "6.0.0", "npm:@strapi/strapi@6.0.0 whole": ""}, "on Strapi 4.26.2"),
]


@pytest.mark.parametrize(("new", "ours"), PLANTED, ids=[ours for _, ours in PLANTED])
def test_a_change_is_found_and_the_sentence_that_it_touches_is_named(new: dict[str, str], ours: str) -> None:
    (told,), unseen = compared(new)
    assert ours in told.split("touches ")[1]
    assert unseen == []


def everywhere(change: Callable[[str], str]) -> dict[str, str]:
    return VERSIONS | {source: change(text) for source, text in SENTENCES.items()}


COSMETIC = {
    "line breaks": everywhere(lambda text: re.sub(r"\s+", " ", text)),
    "indentation": everywhere(lambda text: text.replace(" ", "\n\t  ")),
    "capitals": everywhere(str.upper),
    "other tags": everywhere(lambda text: text.replace("li>", "p>").replace("<strong", "<em")),
    "no emphasis": everywhere(lambda text: re.sub(r"</?(strong|b|code)>|`", "", text)),
    "typographic quotes": everywhere(lambda text: text.replace("'", "\u2019")),
    "entities": everywhere(lambda text: text.replace("'", "&#39;").replace("\n", "&nbsp;\n")),
    "a banner and a script": everywhere(
        lambda text: f"<script>var a = 'b'</script><p>New!</p>{text}<p>End</p>"
    ),
    "other attributes": everywhere(lambda text: text.replace("<li>", '<li class="x" id="y">')),
    "punctuation": everywhere(lambda text: text.replace(".", " .").replace(",", ";")),
    "another section rewritten": everywhere(lambda text: text.replace("We recommend that you migrate.", "")),
}


@pytest.mark.parametrize("new", COSMETIC.values(), ids=COSMETIC)
def test_what_looks_different_and_says_the_same_is_no_change(new: dict[str, str]) -> None:
    assert new != OLD
    assert compared(new) == ([], [])


def test_a_version_that_is_not_published_whole_names_what_is_missing() -> None:
    new = {"npm:@strapi/strapi": "6.0.0", "npm:@strapi/strapi@6.0.0 whole": "@strapi/core"}
    (told,), _ = compared(OLD | new)
    assert "not published whole, @strapi/core is missing" in told


def test_without_a_network_it_says_so_and_ends_well(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "tools" / "drift.py", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.count("Not looked at, nobody answered: ") == len(OLD)
    assert done.stdout.endswith("Nothing else has changed.\n")


@pytest.mark.parametrize(("status", "asked"), [(200, "here"), (404, ""), (410, ""), (403, None), (500, None)])
def test_a_page_that_is_gone_says_nothing_any_more_and_one_that_is_refused_is_not_looked_at(
    status: int, asked: str | None, serve: Callable[..., Server]
) -> None:
    async def answers(request: Request) -> None:
        await request.answer(b"here", status)

    assert drift.ask_the_network(serve(App("page", answers)).url) == asked


def test_a_page_that_is_gone_is_a_change_of_every_sentence_on_it() -> None:
    changed, unseen = compared(OLD | {STRAPIS: ""})
    assert len(changed) == sum(each["source"] == STRAPIS for each in KNOWN["sentence"])
    assert unseen == []


def test_a_proxy_that_cannot_be_used_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert drift.ask_the_network(CLOSED) is None


def test_pip_is_asked_for_the_newest_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version in ("9.1.0", "10.2.0"):
        (tmp_path / f"pyngrok-{version}-py3-none-any.whl").touch()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert drift.ask_the_network("pypi:pyngrok") == "10.2.0"
    assert drift.ask_the_network("pypi:jupyterlab") is None


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("case $2 in *core@*) echo E404 >&2; exit 1;; *) echo 6.0.0;; esac", "@strapi/core"),
        ("echo 6.0.0", ""),
        ("case $2 in *core@*) echo ETIMEDOUT >&2; exit 1;; *) echo 6.0.0;; esac", None),
    ],
)
def test_npm_is_asked_for_each_part_of_the_same_version(
    script: str, told: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parts = '{"@strapi/core": "6.0.0", "@strapi/types": "6.0.0", "@strapi/ui": "2.1.0", "koa": "6.0.0"}'
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\ncase $3 in dependencies) echo '{parts}'; exit;; esac\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert drift.ask_the_network("npm:@strapi/strapi") == "6.0.0"
    assert drift.ask_the_network("npm:@strapi/strapi@6.0.0 whole") == told


def test_a_change_in_the_copies_of_a_folder_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "pypi_pyngrok").write_text("10.0.0\n")
    command = [sys.executable, ROOT / "tools" / "drift.py", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "touches requirements.lock: pyngrok==" in done.stdout


@pytest.mark.parametrize("each", [*KNOWN["package"], *KNOWN["sentence"]], ids=lambda each: each["says"][:30])
def test_the_sentence_that_is_touched_stands_in_this_repository(each: dict[str, str]) -> None:
    assert each["says"] in (ROOT / each["touches"]).read_text(encoding="utf-8")
