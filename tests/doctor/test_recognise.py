"""What people really see leads to the failure that it is; what nobody knows leads nowhere for sure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpers.doctor.recognise import Match, read
from tests.support.error_texts import CORPORA, FOREIGN, GUESSED, OPEN, SURE, each

# Whose every text is another one's too: that one comes first and says how to tell them apart.
BEHIND = {"E02": "C10"}


def failures_in(text: str) -> list[Match]:
    """Without the secret that a text may hold, which says nothing about what it is."""
    return [match for match in read(text).matches if match.failure.id != "E06"]


@pytest.mark.parametrize(("id_", "text"), SURE, ids=[id_ for id_, _ in SURE])
def test_a_real_text_leads_to_its_failure_first(id_: str, text: str) -> None:
    sure = [match.failure for match in read(text).matches if match.sure]
    assert sure, text
    first = sure[0]
    assert first.id == BEHIND.get(id_, id_), [failure.id for failure in sure]
    if first.id != id_:
        assert id_ in [failure.id for failure in sure]
        assert id_ in first.apart


@pytest.mark.parametrize(("id_", "text"), GUESSED, ids=[id_ for id_, _ in GUESSED])
def test_bare_words_lead_to_their_failure_first_and_are_called_a_guess(id_: str, text: str) -> None:
    first = read(text).matches[0]
    assert (first.failure.id, first.sure) == (id_, False)


@pytest.mark.parametrize("text", [text for _, text in OPEN])
def test_what_is_not_known_yet_is_never_called_sure(text: str) -> None:
    assert not [match.failure.id for match in failures_in(text) if match.sure]


@pytest.mark.parametrize(("tool", "text"), FOREIGN, ids=[tool for tool, _ in FOREIGN])
def test_another_programs_text_claims_nothing(tool: str, text: str) -> None:
    assert not [match.why for match in read(text).matches if match.sure]


def test_the_figures_of_all_texts_are_kept(record_property: Callable[[str, object], None]) -> None:
    """Precision: of what is called sure, how much is right. Recall: of what could be told, how much is."""
    for name, corpus in CORPORA.items():
        texts = [pair for kind in ("sure", "guess", "open") for pair in each(corpus, kind)]
        told = [(BEHIND.get(id_, id_), failures_in(text)) for id_, text in texts]
        sure = [(id_, found) for id_, found in told if found and found[0].sure]
        right = [found for id_, found in sure if found[0].failure.id == id_]
        three = [found for id_, found in told if id_ in [each.failure.id for each in found[:3]]]
        assert len(right) == len(sure)
        figures = (
            f"precision {len(right) / len(sure):.0%}, recall {len(right) / len(texts):.0%} sure and "
            f"{len(three) / len(texts):.0%} in the first three"
        )
        record_property("recognised", f"{name}: {len(texts)} texts, {figures}")
    claimed = [text for _, text in FOREIGN if any(match.sure for match in read(text).matches)]
    tools = {tool for tool, _ in FOREIGN}
    told_of = f"{len(FOREIGN)} texts of {len(tools)} tools"
    record_property("recognised", f"foreign: {len(claimed)} of {told_of} claimed")
    assert len(FOREIGN) >= 300
    assert len(tools) >= 60
