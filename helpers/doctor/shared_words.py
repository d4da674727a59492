"""How near a text is to an entry of the catalogue where nothing proves it: by the words that both say."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache

from helpers import failures
from helpers.failures import Failure

_TELLING = 6  # what they must weigh together, measured on texts that were not tuned on
_TELLING_OF_NOBODY = 14  # and in a program's output that names no party


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]{4,}", text.lower()))


def shared(said: frozenset[str], entry: Failure, *, nobodys: bool = False) -> frozenset[str]:
    """The words that an entry says, too; none where they tell too little.

    ``nobodys``: a program printed it, and nothing in it says which.
    """
    common = said & _vocabulary()[entry.id]
    least = _TELLING_OF_NOBODY if nobodys else _TELLING
    tells = len(common) > 1 and sum(_weights()[word] for word in common) > least
    return common if tells else frozenset()


def nearness(common: frozenset[str], entry: Failure) -> float:
    """How much of an entry these words are, the rare ones most."""
    weights = _weights()
    whole = math.hypot(*(weights[word] for word in _vocabulary()[entry.id]))
    return sum(weights[word] ** 2 for word in common) / whole


@cache
def _vocabulary() -> dict[str, frozenset[str]]:
    """The words of each entry, and those of what others say of it."""
    return {id_: words(_text(entry)) for id_, entry in failures.all_failures().items()}


def _text(entry: Failure) -> str:
    expressions = " ".join((*entry.signs, *entry.words, *entry.hints))
    said = re.sub(r"\\.", " ", expressions)  # the b of a boundary belongs to no word
    return f"{entry.title} {' '.join(entry.signal)} {entry.cause} {entry.see} {said}"


@cache
def _weights() -> dict[str, float]:
    """What few entries say tells more."""
    vocabulary = _vocabulary()
    number = Counter(word for own in vocabulary.values() for word in own)
    return {word: math.log(len(vocabulary) / count) for word, count in number.items()}
