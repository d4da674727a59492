"""The pages of the failures are what the catalogue says, in the repository and in the notebook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpers import failures
from helpers.doctor import checks, golive
from helpers.doctor.failure_page import card, index, markdown
from helpers.failures import PARTIES, Failure
from helpers.notebook.failure_forms import failure_pages
from tests.support.breaking import PROVOKED

PAGES = Path(__file__).parents[2] / "docs/failures"
CATALOGUE = failures.all_failures()
each_page = pytest.mark.parametrize("letter", PARTIES)


def test_the_pages_are_written_from_the_catalogue() -> None:
    """``make docs`` writes them."""
    expected = {f"{file}.md": markdown(letter) for letter, (file, _) in PARTIES.items()} | {
        "README.md": index()
    }
    assert {path.name: path.read_text(encoding="utf-8") for path in PAGES.iterdir()} == expected


@each_page
def test_every_entry_answers_the_same_questions(letter: str) -> None:
    entries = [each for each in CATALOGUE.values() if each.id[0] == letter]
    written = markdown(letter).split("\n## ")[1:]
    assert [entry.partition("\n")[0] for entry in written] == [f"{each.id} {each.name}" for each in entries]
    for entry in written:
        asked = re.findall("^### (.*)$", entry, re.M)
        assert asked[:4] == ["What you see", "Why", "What to do", "How to check"]
        assert asked[4:] in ([], ["Not the same as"])


@pytest.mark.parametrize("failure", CATALOGUE.values(), ids=CATALOGUE)
def test_every_failure_is_named_by_something_and_proven_somehow(failure: Failure) -> None:
    assert failure.named_by in {*checks.CHECKS, *golive.CHECKS, "text", "you"}
    assert bool(failure.see) == (failure.named_by == "you")
    assert not (failure.see and failure.id in PROVOKED)


def test_at_least_seventy_are_provoked() -> None:
    assert CATALOGUE.keys() >= PROVOKED
    assert len(PROVOKED) >= 70


def test_the_list_begins_with_what_only_the_reader_can_see() -> None:
    chosen, page = failure_pages().children
    ids = [id_ for _, id_ in chosen.options[1:]]
    seen = [id_ for id_, each in CATALOGUE.items() if each.see]
    assert ids[: len(seen)] == seen
    assert sorted(ids) == list(CATALOGUE)
    chosen.value = "B14"
    assert CATALOGUE["B14"].see in page.value
    chosen.value = ""
    assert page.value == ""


def test_a_card_escapes_what_it_shows() -> None:
    assert "<provider>" not in card(CATALOGUE["A15"])
    assert "&lt;provider&gt;" in card(CATALOGUE["A15"])
