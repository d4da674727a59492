"""From what a person sees to what it is: an error text, a log, or an address out of the browser's bar.

The English tails and codes count, because the words before them are translated:
``Ungültige Anfrage: … : Invalid redirect_uri``.
"""

from __future__ import annotations

import html
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote_plus

from helpers import failures
from helpers.core.masking import redact
from helpers.failures import Failure, known

_MOST = 50_000  # characters; the telling ones of a log stand at its ends
_GUESSES = 3


@dataclass(frozen=True)
class Match:
    """``sure`` is False for a guess by the words that the text shares with an entry."""

    failure: Failure
    why: str
    score: float
    sure: bool = True


def recognise(text: str, *, masked: bool = False) -> list[Match]:
    """The entries that fit, best first, equals in the catalogue's order; guesses only when nothing is sure.

    ``masked`` says that the text held a secret before it came here.
    """
    seen = _readable(text)
    found = [match for entry in failures.all_failures().values() if (match := _sure(entry, seen))]
    if masked or redact(text) != text:
        leak = failures.get(known.SECRET_IN_OUTPUT)
        found.append(
            Match(leak, "The text holds a secret. It is masked here; mask it wherever it came from.", 0)
        )
    # Only the leak: what the text is about is still open.
    sure = [match for match in found if match.score]
    return (
        sorted(sure, key=lambda match: -match.score) + (found[len(sure) :])
        if sure
        else _guesses(seen) + found
    )


def _readable(text: str) -> str:
    """As it is, and once more as its author meant it: out of an address, out of HTML."""
    if len(text) > _MOST:
        text = text[: _MOST // 2] + text[-_MOST // 2 :]
    shown = redact(text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    meant = html.unescape(re.sub(r"<[^<>]*>", " ", unquote_plus(shown)))
    return shown if meant == shown else f"{shown}\n{' '.join(meant.split())}"


def _sure(entry: Failure, seen: str) -> Match | None:
    found = entry.found_in(seen)
    if not found:
        return None
    told = " ".join(found[0].split())[:120]
    return Match(entry, f"It says: {told}", failures.weight(found[0]))


def _guesses(seen: str) -> list[Match]:
    words, weights = _words(seen), _weights()
    rated = []
    for entry in failures.all_failures().values():
        shared = words & _words(_text(entry))
        score = sum(weights[word] for word in shared)
        if len(shared) > 1 and score > 5:
            why = f"Only a guess: it shares the words {', '.join(sorted(shared))}"
            rated.append(Match(entry, why, score, sure=False))
    return sorted(rated, key=lambda match: -match.score)[:_GUESSES]


def _text(entry: Failure) -> str:
    return f"{entry.title} {' '.join(entry.signal)} {entry.cause} {entry.see}"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower()))


@cache
def _weights() -> Counter[str]:
    """What few entries say tells more."""
    entries = failures.all_failures().values()
    number = Counter(word for entry in entries for word in _words(_text(entry)))
    return Counter({word: math.log(len(entries) / count) for word, count in number.items()})
