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

import helpers.notebook
from helpers.core.flows import DOCUMENTED, TODAY
from helpers.notebook.steps import CHAPTERS, STEPS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
SET_UP, PRACTICE, GO_LIVE = NAMES = ["1_set_up.ipynb", "2_practice.ipynb", "3_go_live.ipynb"]
each_notebook = pytest.mark.parametrize("name", NAMES)
HEAD = ("Goal", "Minutes", "You need", "At the end you hold")


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


def cells(name: str, kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in load(name)["cells"] if cell["cell_type"] == kind]


def prose(name: str) -> str:
    return "\n\n".join(cells(name, "markdown"))


def test_one_setup_is_one_notebook_and_practice_and_going_live_another_each():
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
    assert set(levels[1:]) <= {2, 3}
    assert levels[1] == 2
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


def test_each_notebook_leads_to_the_other():
    assert f"[{PRACTICE}]({PRACTICE})" in prose(SET_UP)
    assert f"[{SET_UP}]({SET_UP})" in prose(PRACTICE)


# Chapters and steps


def headings(level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", unfolded(prose(SET_UP)), re.MULTILINE)


def unfolded(text: str) -> str:
    return re.sub(r"<details>.*?</details>|```.*?```", "", text, flags=re.DOTALL)


def chapters() -> dict[str, list[dict[str, Any]]]:
    """The cells of each chapter, by its heading."""
    found: dict[str, list[dict[str, Any]]] = {}
    for cell in load(SET_UP)["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and (named := re.search(r"^## (.+)$", text, re.MULTILINE)):
            found[named[1]] = []
        if found:
            list(found.values())[-1].append(cell)
    return found


def test_the_chapters_are_those_of_the_board_and_of_the_heads():
    assert tuple(headings(2)) == CHAPTERS == tuple(chapters())


def test_every_chapter_begins_with_the_same_line_that_gives_the_setup():
    for number, cells_ in enumerate(chapters().values()):
        first = next(cell for cell in cells_ if cell["cell_type"] == "code")
        line = f"from helpers.notebook import chapter\n\nsetup = chapter({number})"
        assert "".join(first["source"]) == line
        assert cells_.index(first) == 1, "it stands right below the heading"


def test_every_row_of_the_board_leads_to_a_heading():
    assert [step.heading for step in STEPS if step.heading not in headings(3)] == []


def test_the_setup_is_short_enough_to_be_read():
    assert len(load(SET_UP)["cells"]) <= 45
    assert counted(unfolded(prose(SET_UP))) <= 1800


def test_nothing_is_said_about_errors_before_anything_has_happened():
    text = unfolded(prose(SET_UP))
    before = text[: text.index("## 5 When it does not work")]
    assert re.findall(r"\berrors?\b|\bfailures?\b|\bbroken\b|\b[A-E]\d\d\b", before) == []


def test_what_the_notebooks_can_import_is_small_and_each_name_has_one_sentence():
    assert len(helpers.notebook.__all__) <= 25
    for name in helpers.notebook.__all__:
        told = docstring("helpers.notebook", name)
        assert told
        assert re.fullmatch(r"[^\n]+\.", told), f"{name}: {told}"


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


def counted(text: str) -> int:
    return len([word for word in re.sub(r"\]\(.*?\)", "]", text).split() if re.search(r"\w", word)])


def test_a_rehearsal_takes_the_minutes_that_are_promised():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    promised = re.search(
        r"The rehearsal takes (\d+) minutes \(([\d,]+) words .*: (\d+) clicks, (\d+) pastes", readme
    )
    assert promised
    total, words, clicks, pastes = (int(number.replace(",", "")) for number in promised.groups())
    read = counted(unfolded(prose(SET_UP)))
    assert words == round(read, -2)
    assert f"**Minutes:** {total} in rehearsal" in prose(SET_UP)
    assert total == 10
    assert "Ten minutes" in prose(SET_UP)
    assert round(read / WORDS_A_MINUTE + (clicks + pastes) * SECONDS_A_PRESS / 60) <= total


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
    found = called(name)
    assert {module for module, *_ in found} == {"helpers.notebook"}
    assert sorted(helper for helper in found if not docstring(*helper)) == []


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
    """A chapter's prose."""
    cells_ = list(chapters().values())[int(number)]
    return "\n\n".join("".join(cell["source"]) for cell in cells_ if cell["cell_type"] == "markdown")


@pytest.mark.parametrize(("number", "text"), DOCUMENTED_TEXTS)
def test_a_documented_label_or_value_is_there_to_the_letter(number: str, text: str):
    assert text in notebook(number)


def numbers(text: str) -> list[str]:
    return re.findall(r"^### (\d\.\d) ", text, re.MULTILINE)


def test_the_documented_steps_keep_their_numbers():
    """Each has a heading of its own, so that the board, the README and a guide can lead to it."""
    assert numbers(notebook("01")) == ["1.1", "1.2", "1.3"]
    assert numbers(notebook("02")) == [f"2.{step}" for step in range(1, 10)]
    assert numbers(notebook("03")) == ["3.0", "3.1", "3.2", "3.3"]
    assert numbers(notebook("04")) == ["4.1", "4.2"]


@pytest.mark.parametrize("number", ["01", "02", "03", "04"])
def test_beside_the_page_stands_what_to_do_today(number: str):
    text = notebook(number)
    assert "**On the page:**" in text
    assert re.search(r"\*\*Today|Today:|in Meta's dashboard today|\*\*Do\.\*\*", text)


@pytest.mark.parametrize("number", ["01", "02", "03", "04"])
def test_every_step_says_why_and_ends_with_a_check(number: str):
    text = notebook(number)
    code = ["".join(each["source"]) for each in list(chapters().values())[int(number)]]
    assert "**Do.**" in text
    assert "**Why.**" in text
    assert any('await check("' in cell for cell in code)


def test_the_retired_login_says_so_with_its_date_where_it_is_chosen():
    assert DOCUMENTED.retired
    (choice,) = re.findall(r"^### Choose$.*", notebook("00"), re.MULTILINE | re.DOTALL)
    assert DOCUMENTED.retired.isoformat() in choice
    assert "closed" in choice
    assert "Instagram Basic Display" in choice


def test_who_can_log_in_at_all_is_said_before_anything_is_done():
    text = notebook("00")
    section = text[text.index("who can log in at all") : text.index("### Choose")]
    for told in ("**professional**", "*Business*", "*Creator*", "Personal accounts", "**Instagram Tester**"):
        assert told in section
    assert "App Review" in section
    assert "no e-mail address" in section


def test_what_was_read_in_metas_dashboard_has_its_date():
    (day,) = re.findall(r"as of \*\*(\d{4}-\d\d-\d\d)\*\*", notebook("02"))
    assert date.fromisoformat(day) >= date(2026, 11, 23)


def test_metas_three_setups_are_told_apart_and_none_is_guessed():
    """Each row: label, basic permission, how a token begins, API host."""
    (section,) = re.findall(r"<details><summary>Your dashboard says.*?</details>", notebook("02"), re.DOTALL)
    rows = re.findall(
        r"^\| \W*API setup with (\w+) login\W* \| `(\w+)` \| `(\w+)` \| `(\S+)` \|$", section, re.M
    )
    others = ("instagram_basic", "EAA", "graph.facebook.com")
    spoken = (TODAY.scope, "IGAA", "graph.instagram.com")
    assert rows == [("Instagram", *spoken), ("Facebook", *others), ("Unified", *others)]
    assert "This kit speaks the first one only." in section
    assert f"open **Permissions** and add `{TODAY.scope}`" in section[section.index("is missing") :]
    assert re.findall(r"https?://|/(?:authorize|dialog|access_token)\b", section) == []
    (step5,) = re.findall(r"^### 2\.5 .*?(?=^### 2\.6)", notebook("02"), re.M | re.DOTALL)
    assert "(not *with Facebook login*, not *with Unified login*)" in step5


def test_metas_pages_are_those_of_the_kit():
    assert "https://developers.facebook.com/apps/" in notebook("02")
    assert "https://www.instagram.com/accounts/manage_access/" in notebook("02")


# Links

# In backticks: in a rehearsal or on a hub they lead nowhere.
PAGES_OF_THIS_MACHINE = {
    "http://localhost:1337",
    "http://localhost:1337/admin",
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
    assert "Press **Run > Run All Cells**" in cells(name, "markdown")[0]


@each_notebook
def test_a_link_says_where_it_leads(name: str):
    texts = re.findall(r"\[([^\]]+)\]\(", prose(name))
    assert [text for text in texts if text.lower() in ("here", "link", "this", "this page")] == []
