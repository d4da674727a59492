"""The notebooks as they are committed, without running them."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest

from helpers.core.flows import DOCUMENTED, TODAY

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
NAMES = [
    "00_start.ipynb",
    "01_public_address.ipynb",
    "02_instagram_app.ipynb",
    "03_strapi_provider.ipynb",
    "04_log_in.ipynb",
    "05_what_went_wrong.ipynb",
]
each_notebook = pytest.mark.parametrize("name", NAMES)
HEAD = ("Goal", "Minutes", "You need", "At the end you hold")


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


def cells(name: str, kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in load(name)["cells"] if cell["cell_type"] == kind]


def prose(name: str) -> str:
    return "\n\n".join(cells(name, "markdown"))


def test_there_are_six_notebooks_in_order():
    assert sorted(path.name for path in FOLDER.glob("*.ipynb")) == NAMES


# The file


@each_notebook
def test_a_notebook_is_valid(name: str):
    notebook = nbformat.from_dict(load(name))
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


@each_notebook
def test_a_notebook_is_committed_as_it_was_before_anybody_ran_it(name: str):
    notebook = load(name)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    # A version would change with every machine that saves it.
    assert notebook["metadata"]["language_info"] == {"name": "python"}


# How it reads


@each_notebook
def test_a_notebook_has_one_title_and_its_sections_below_it(name: str):
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(name), re.MULTILINE)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    assert cells(name, "markdown")[0].startswith("# ")


@each_notebook
def test_a_notebook_begins_with_what_it_takes_and_gives(name: str):
    assert load(name)["cells"][0]["cell_type"] == "markdown"
    first = cells(name, "markdown")[0]
    found = re.findall(r"^- \*\*(.+?):\*\* \S.*", first, re.MULTILINE)
    assert tuple(found) == HEAD
    minutes = re.search(r"\*\*Minutes:\*\* (.*)", first)
    assert minutes
    assert re.match(r"\d", minutes[1])


@each_notebook
def test_a_notebook_ends_with_what_to_open_next(name: str):
    assert load(name)["cells"][-1]["cell_type"] == "markdown"
    last = re.split(r"^## ", prose(name), flags=re.MULTILINE)[-1]
    assert last.startswith("Next\n")
    following = re.search(r"\]\((\d\d_\w+\.ipynb)\)", last)
    assert following
    assert following[1] == NAMES[(NAMES.index(name) + 1) % len(NAMES)]


@each_notebook
def test_lines_that_belong_apart_do_not_run_into_one_paragraph(name: str):
    """In Markdown a single line break is a blank."""
    for text in cells(name, "markdown"):
        for line, following in zip(text.split("\n"), text.split("\n")[1:], strict=False):
            if following.startswith("**") and line and not line.startswith(("|", "#", "-")):
                assert line.endswith(("  ", "\\")), f"{line!r} and {following!r} are one paragraph"


@each_notebook
def test_a_notebook_has_no_emoji(name: str):
    everything = "".join(cells(name, "markdown") + cells(name, "code"))
    assert sorted({char for char in everything if unicodedata.category(char) in ("So", "Cs", "Co")}) == []


# How long it takes

WORDS_A_MINUTE = 240  # of a text of this kind: Brysbaert 2019, doi.org/10.1016/j.jml.2019.104047
SECONDS_A_PRESS = 2


def minutes(name: str) -> int:
    found = re.search(r"\*\*Minutes:\*\* (\d+)", prose(name))
    assert found
    return int(found[1])


def words(name: str) -> int:
    """What a reader of a rehearsal reads: nothing that is folded, drawn or for the practice room."""
    text = re.sub(r"<details>.*?</details>|```.*?```|## The practice room.*?(?=^## )", "", prose(name),
                  flags=re.DOTALL | re.MULTILINE)  # fmt: skip
    return len([word for word in re.sub(r"\]\(.*?\)", "]", text).split() if re.search(r"\w", word)])


def test_a_rehearsal_takes_the_minutes_that_are_promised():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    promised = re.search(r"The rehearsal takes (\d+) minutes .*: (\d+) clicks, (\d+) pastes", readme)
    assert promised
    total, clicks, pastes = map(int, promised.groups())
    reading = {name: words(name) / WORDS_A_MINUTE for name in NAMES}
    assert {name: time for name, time in reading.items() if time > minutes(name) + 0.5} == {}
    assert sum(map(minutes, NAMES)) == total == 10
    assert "Ten minutes" in notebook("00")
    assert round(sum(reading.values()) + (clicks + pastes) * SECONDS_A_PRESS / 60) <= total


# Code


def tree(name: str) -> list[ast.AST]:
    return [node for source in cells(name, "code") for node in ast.walk(parsed(source))]


def parsed(source: str) -> ast.Module:
    """Notebooks may await outside of functions."""
    compiled = compile(source, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(compiled, ast.Module)
    return compiled


@each_notebook
def test_a_code_cell_is_one_to_six_lines(name: str):
    sizes = {
        source: len([line for line in source.splitlines() if line.strip()]) for source in cells(name, "code")
    }
    assert [source for source, size in sizes.items() if not 1 <= size <= 6] == []


@each_notebook
def test_a_code_cell_calls_helpers_and_has_no_machinery(name: str):
    plain = (
        ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.Assign, ast.Expr, ast.Await, ast.Call,
        ast.keyword, ast.Attribute, ast.Name, ast.Constant, ast.Load, ast.Store,
    )  # fmt: skip
    assert [ast.unparse(node) for node in tree(name) if not isinstance(node, plain)] == []


def docstring(module: str, *names: str) -> str | None:
    """Of a function or class, or of a method of a class that is named first."""
    found: Any = importlib.import_module(module)
    for name in names:
        found = getattr(found, name)
    assert inspect.isfunction(found) or inspect.isclass(found)
    return found.__doc__


def called(name: str) -> set[tuple[str, str]]:
    """Module and name of everything of the kit's that the cells call."""
    known: dict[str, tuple[str, str]] = {}
    for node in tree(name):
        if isinstance(node, ast.ImportFrom):
            known |= {alias.name: (node.module or "", alias.name) for alias in node.names}
    found = set()
    for node in tree(name):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(known[node.func.id])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert isinstance(node.func.value, ast.Name)
            found.add((".".join(known[node.func.value.id]), node.func.attr))
    return found


@each_notebook
def test_every_helper_that_a_cell_calls_says_what_it_does(name: str):
    helpers = called(name)
    assert ("helpers.notebook", "open_kit") in helpers
    assert {module for module, *_ in helpers} == {"helpers.notebook"}
    assert sorted(helper for helper in helpers if not docstring(*helper)) == []


@each_notebook
def test_everything_imported_is_used(name: str):
    used = {node.id for node in tree(name) if isinstance(node, ast.Name)}
    imported = {
        a.asname or a.name for node in tree(name) if isinstance(node, ast.ImportFrom) for a in node.names
    }
    assert imported <= used


# What Strapi's page says, to the letter

DOCUMENTED_TEXTS = [
    ("01", "Facebook doesn't accept localhost urls"),
    ("01", "ngrok http 1337"),
    ("01", "https://65e60559.ngrok.io"),
    ("01", "config/server.js"),
    ("01", "REACT_APP_BACKEND_URL"),
    ("01", "login-react"),
    ("02", "https://developers.facebook.com/apps/"),
    ("02", "**Add a New App**"),
    ("02", "**Display Name**"),
    ("02", "an **Instagram** product"),
    ("02", "**PRODUCTS > Instagram > Basic Display**"),
    ("02", "**Create new application**"),
    ("02", "**Valid OAuth Redirect URIs** `https://65e60559.ngrok.io/api/connect/instagram/callback`"),
    ("02", "**Deauthorize** `https://65e60559.ngrok.io`"),
    ("02", "**Data Deletion Requests** `https://65e60559.ngrok.io`"),
    ("02", "**App Review for Instagram Basic Display**"),
    ("02", "**Add to submission** for **instagram_graph_user_profile**"),
    ("02", "**Application ID** and **secret**"),
    ("03", "http://localhost:1337/admin/settings/users-permissions/providers"),
    ("03", "click **Instagram**"),
    ("03", "**Enable** `ON`"),
    ("03", "**Client ID** `563883201184965`"),
    ("03", "**Client Secret** `f5ba10a7dd78c2410ab6b8a35ab28226`"),
    ("03", "**The redirect URL to your front-end app** `http://localhost:3000/connect/instagram/redirect`"),
    ("04", "launch the backend and the login-react example"),
    ("04", "http://localhost:3000"),
]


def notebook(number: str) -> str:
    return prose(NAMES[int(number)])


@pytest.mark.parametrize(("number", "text"), DOCUMENTED_TEXTS)
def test_a_documented_label_or_value_is_there_to_the_letter(number: str, text: str):
    assert text in notebook(number)


def numbers(text: str) -> list[int]:
    """The documented steps that headings and table rows are about, in their order."""
    found: list[int] = []
    for first, to, row in re.findall(
        r"^## Steps? (\d)(?: (?:to|and) (\d))?|^\| \*\*(\d)\*\* ", text, re.MULTILINE
    ):
        found += [int(row)] if row else range(int(first), int(to or first) + 1)
    return found


def test_the_documented_steps_keep_their_numbers():
    before = re.findall(r"^## (Before step 1)", notebook("01"), re.MULTILINE)
    assert before == ["Before step 1"]
    assert numbers(notebook("02")) == [*range(1, 7), *range(1, 7), 7, 8, 9]
    assert numbers(notebook("03")) == [1, 2, 3]


@pytest.mark.parametrize("number", ["01", "02", "03", "04"])
def test_beside_the_page_stands_what_to_do_today(number: str):
    text = notebook(number)
    assert "**On the page:**" in text
    assert re.search(r"\*\*Today|Today:|in Meta's dashboard today|\*\*Do\.\*\*", text)


@pytest.mark.parametrize("number", ["01", "02", "03", "04"])
def test_every_step_says_why_and_ends_with_a_check(number: str):
    text, code = notebook(number), "\n".join(cells(NAMES[int(number)], "code"))
    assert "**Do.**" in text
    assert re.search(r"\*\*Why\.\*\*|## What happened", text)
    assert "await check(kit, " in code


def test_the_retired_login_says_so_with_its_date_where_it_is_chosen():
    assert DOCUMENTED.retired
    (choice,) = re.findall(r"^## Choose$.*?(?=^## )", notebook("00"), re.MULTILINE | re.DOTALL)
    assert DOCUMENTED.retired.isoformat() in choice
    assert "closed" in choice
    assert "Instagram Basic Display" in choice


def test_who_can_log_in_at_all_is_said_before_anything_is_done():
    text = notebook("00")
    section = text[text.index("who can log in at all") : text.index("## Choose")]
    for told in ("**professional**", "*Business*", "*Creator*", "Personal accounts", "**Instagram Tester**"):
        assert told in section
    assert "App Review" in section
    assert "no e-mail address" in section


def test_what_was_read_in_metas_dashboard_has_its_date():
    (day,) = re.findall(r"as of \*\*(\d{4}-\d\d-\d\d)\*\*", notebook("02"))
    assert date.fromisoformat(day) >= date(2026, 11, 23)


def test_metas_three_setups_are_told_apart_and_none_is_guessed():
    """Each row: label, basic permission, how a token begins, API host."""
    (section,) = re.findall(r"<details><summary>Which setup.*?</details>", notebook("02"), re.DOTALL)
    rows = re.findall(
        r"^\| \W*API setup with (\w+) login\W* \| `(\w+)` \| `(\w+)` \| `(\S+)` \|$", section, re.M
    )
    others = ("instagram_basic", "EAA", "graph.facebook.com")
    spoken = (TODAY.scope, "IGAA", "graph.instagram.com")
    assert rows == [("Instagram", *spoken), ("Facebook", *others), ("Unified", *others)]
    assert "This kit speaks the first one only." in section
    assert f"open **Permissions** and add `{TODAY.scope}`" in section[section.index("is missing") :]
    assert re.findall(r"https?://|/(?:authorize|dialog|access_token)\b", section) == []
    (step5,) = re.findall(r"^\| \*\*5\*\* .*\*\*API setup with Instagram login\*\* .*$", notebook("02"), re.M)
    assert "(not *with Facebook login*, not *with Unified login*)" in step5


def test_metas_pages_are_those_of_the_kit():
    assert "https://developers.facebook.com/apps/" in notebook("02")
    assert "https://www.instagram.com/accounts/manage_access/" in notebook("02")


# Links

# In backticks: in a rehearsal or on a hub they lead nowhere.
PAGES_OF_THIS_MACHINE = {
    "http://localhost:1337",
    "http://localhost:1337/admin/settings/users-permissions/providers",
    "http://localhost:3000",
    "http://localhost:3000/connect/instagram/redirect",
}


@each_notebook
def test_a_link_into_the_repository_leads_to_a_file(name: str):
    targets = re.findall(r"\]\((?!https?://)([^)#]*)", prose(name))
    assert [target for target in targets if not (FOLDER / target).is_file()] == []


@each_notebook
def test_a_link_to_the_outside_is_https_and_well_formed(name: str):
    text = prose(name).replace("<public host>", "public-host.example").replace("<provider>", "instagram")
    links = re.findall(r"https?://[^\s`'\")|]*[^\s`'\")|.,;:*]", text)
    assert [link for link in links if link.startswith("http://") and link not in PAGES_OF_THIS_MACHINE] == []
    for link in links:
        parts = urlsplit(link)
        assert re.fullmatch(r"localhost:\d+|([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link
        assert "//" not in parts.path


@each_notebook
def test_an_address_of_this_machine_is_no_link(name: str):
    text = re.sub(r"`[^`]*`", "", prose(name))
    assert re.findall(r"https?://localhost\S*", text) == []


@each_notebook
def test_a_notebook_says_first_how_it_is_run(name: str):
    assert "Press **Run > Run All Cells**, then scroll back up here." in cells(name, "markdown")[0]


@each_notebook
def test_a_link_says_where_it_leads(name: str):
    texts = re.findall(r"\[([^\]]+)\]\(", prose(name))
    assert [text for text in texts if text.lower() in ("here", "link", "this", "this page")] == []
