"""The notebooks as they are committed: how they begin, how they read, how long they take."""

from __future__ import annotations

import re
import unicodedata

import nbformat

import helpers.notebook
from helpers.notebook.steps import CHAPTERS, STEPS
from tests.support.notebooks import (
    FOLDER,
    NAMES,
    ROOT,
    SET_UP,
    cells,
    chapters,
    counted,
    docstring,
    each_notebook,
    headings,
    load,
    prose,
    unfolded,
)

HEAD = ("Goal", "Minutes", "You need", "At the end you hold")


def test_one_setup_is_one_notebook_and_practice_and_going_live_another_each():
    assert sorted(path.name for path in FOLDER.glob("*.ipynb")) == NAMES


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


WORDS_A_MINUTE = 240  # of a text of this kind: Brysbaert 2019, doi.org/10.1016/j.jml.2019.104047
SECONDS_A_PRESS = 2


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
