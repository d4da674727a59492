"""The failure catalogue is complete, well-formed and safe to show; the code names no failure it lacks."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helpers import failures
from helpers.failures import Failure, known

CATALOGUE = failures.all_failures()
COUNTS = {"A": 48, "B": 25, "C": 27, "D": 15, "E": 15, "F": 16}
HELPERS = Path(failures.__file__).parents[1]

ID = re.compile(r"[A-F]\d\d")
THREAD = re.compile(r"/(issues|pull)/\d+$|/security/advisories/GHSA(-\w{4}){3}$")
# A run of letters and digits too long for a word: keys, tokens and hashes look like this.
OPAQUE = re.compile(r"(?=\w*\d)(?=\w*[a-z])\w{20,}", re.IGNORECASE)


def texts(failure: Failure) -> list[str]:
    return [failure.title, *failure.signal, failure.cause, *failure.fix, failure.source]


each_failure = pytest.mark.parametrize("failure", CATALOGUE.values(), ids=CATALOGUE.keys())


def test_every_known_failure_is_there_in_order():
    expected = [f"{letter}{n:02}" for letter, count in COUNTS.items() for n in range(1, count + 1)]
    assert list(CATALOGUE) == expected
    assert len(CATALOGUE) == 146


@each_failure
def test_an_entry_fits_its_card(failure: Failure):
    assert 10 <= len(failure.title) <= 70
    assert not failure.title.endswith(".")
    assert 0 < len(" | ".join(failure.signal)) <= 180
    assert 30 <= len(failure.cause) <= 250
    assert 1 <= len(failure.fix) <= 4
    assert all(10 <= len(step) <= 160 for step in failure.fix)


@each_failure
def test_an_entry_is_made_of_plain_sentences(failure: Failure):
    for sentence in (failure.cause, *failure.fix):
        assert sentence.endswith(".")
    for text in texts(failure):
        assert text == " ".join(text.split()), "one line, single blanks"
        assert text.isascii()
        assert text.isprintable()
    assert len(set(failure.fix)) == len(failure.fix)


@each_failure
def test_an_entry_stands_alone(failure: Failure):
    """A reader has one card in front of them: it must not send them to another one."""
    assert not any(re.search(rf"\b{ID.pattern}\b", text) for text in texts(failure))


@each_failure
def test_every_way_to_recognise_a_failure_is_a_text_of_its_own(failure: Failure):
    alternatives = failure.signal
    assert all(len(text) >= 9 for text in alternatives), "shorter ones would be found anywhere"
    assert len(set(alternatives)) == len(alternatives)


@each_failure
def test_a_source_is_a_full_https_link_or_nothing(failure: Failure):
    if failure.source:
        link = urlsplit(failure.source)
        assert (link.scheme, link.query, link.fragment) == ("https", "", "")
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", link.netloc)
        assert re.fullmatch(r"(/[\w.-]+)+", link.path), "a page, not just a site"


def test_github_sources_are_threads_and_ngrok_sources_name_the_code():
    for failure in CATALOGUE.values():
        link = urlsplit(failure.source)
        if link.netloc == "github.com":
            assert THREAD.search(link.path), failure.id
        if link.netloc == "ngrok.com" and "ERR_NGROK_" in " ".join(failure.signal):
            page = link.path.rpartition("/")[2].upper()
            assert page in failure.signal or page == "FREE-PLAN-LIMITS", failure.id


def test_no_two_failures_share_a_title():
    titles = Counter(failure.title.casefold() for failure in CATALOGUE.values())
    assert titles.most_common(1)[0][1] == 1


@each_failure
def test_an_entry_holds_nothing_that_looks_like_a_secret(failure: Failure):
    for text in texts(failure):
        assert not OPAQUE.search(text)


@pytest.mark.parametrize(
    "secret", ["0123456789abcdef" * 2, "2" + "AbCdEf" * 5 + "_7" + "uVwX" * 5, "IGAA" + "Ab1" * 8]
)
def test_the_secret_check_would_notice_one(secret: str):
    assert OPAQUE.search(f"Type {secret} here.")


def test_code_has_every_failure_by_its_name_and_nothing_else():
    constants = {name: value for name, value in vars(known).items() if name.isupper()}
    assert constants == {each.name.upper().replace("-", "_"): each.id for each in CATALOGUE.values()}
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", each.name) for each in CATALOGUE.values())


def ids_in(source: str) -> set[str]:
    """Every string in a program that has the form of a failure id."""
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {n.value for n in nodes if isinstance(n.value, str) and ID.fullmatch(n.value)}


@pytest.mark.parametrize("path", sorted(HELPERS.rglob("*.py")), ids=lambda p: str(p.relative_to(HELPERS)))
def test_the_code_names_failures_and_writes_no_ids(path: Path):
    if path.name != "known.py":
        assert ids_in(path.read_text(encoding="utf-8")) == set()


def test_ids_are_found_wherever_the_code_writes_them():
    source = 'raise Refused("no", failure="Z99" if late else "A99")\nMARKS = {"429": "B98"}\nget("C97")'
    assert ids_in(source) == {"A99", "B98", "C97"}


def test_a_bare_status_stands_for_what_it_means_at_its_step():
    assert failures.at_status("connect", 429) == "A17"
    assert failures.at_status("me", 401) == "A33"
    assert failures.at_status("connect", 401) == "A45"
    assert failures.at_status("connect", 418) is None
    assert failures.at_status("connect", None) is None


def test_a_step_and_its_status_stand_for_one_failure():
    meant = Counter(pair for each in CATALOGUE.values() for pair in each.status.items())
    assert meant.total() == 13
    assert set(meant.values()) == {1}


def test_a_failure_is_looked_up_by_its_id():
    failure = failures.get("A18")
    assert failure.id == "A18"
    assert "completed provider session" in failure.signal[0]
    with pytest.raises(KeyError):
        failures.get("A99")


@pytest.mark.parametrize("letter", failures.PARTIES)
def test_every_party_has_words_of_its_own_and_says_where_to_look_next(letter: str) -> None:
    assert any(anchor.party == letter for anchor in failures.anchors())
    assert failures.next_look(letter).endswith(".")
