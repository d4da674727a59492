"""The pages of the failures are what the catalogue says, in the repository and in the notebook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpers import failures
from helpers.doctor import checks
from helpers.doctor.failure_page import card, index, markdown
from helpers.failures import Failure
from helpers.notebook.failure_forms import failure_pages
from helpers.practice.faults import FAULTS

PAGES = Path(__file__).parents[2] / "docs/failures"
CATALOGUE = failures.all_failures()
# Provoked elsewhere than in the table of faults.
MARKED = {
    id_
    for path in Path(__file__).parents[1].rglob("test_*.py")
    for id_ in re.findall(r'record_property\("provokes", "(\w+)"\)', path.read_text(encoding="utf-8"))
}


def test_the_pages_are_written_from_the_catalogue() -> None:
    """``make docs`` writes them."""
    expected = {f"{id_}.md": markdown(each) for id_, each in CATALOGUE.items()} | {"README.md": index()}
    assert {path.name: path.read_text(encoding="utf-8") for path in PAGES.iterdir()} == expected


@pytest.mark.parametrize("failure", CATALOGUE.values(), ids=CATALOGUE)
def test_every_page_answers_the_same_questions(failure: Failure) -> None:
    asked = re.findall("^## (.*)$", markdown(failure), re.M)
    assert asked[:4] == ["What you see", "Why", "What to do", "How to check"]
    assert asked[4:] in ([], ["Not the same as"])
    for link in re.findall(r"\]\(([^)]+)\)", markdown(failure)):
        assert (PAGES / link).exists()


@pytest.mark.parametrize("failure", CATALOGUE.values(), ids=CATALOGUE)
def test_every_failure_is_named_by_something_and_proven_somehow(failure: Failure) -> None:
    assert failure.named_by in {*checks.CHECKS, "text", "you"}
    assert failure.proof in ("provoked", "recognised", "seen")
    assert bool(failure.see) == (failure.proof == "seen") == (failure.named_by == "you")


def test_whatever_is_called_provoked_is_provoked_and_nothing_else() -> None:
    assert {id_ for id_, each in CATALOGUE.items() if each.proof == "provoked"} == FAULTS.keys() | MARKED


def test_at_least_seventy_are_provoked() -> None:
    assert len([each for each in CATALOGUE.values() if each.proof == "provoked"]) >= 70


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
