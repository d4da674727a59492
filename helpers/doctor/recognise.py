"""From what a person sees to what it is: an error text, a log, or an address out of the browser's bar.

Evidence counts, not words: a failure is sure only by a sign that nobody else has, or by words beside an
anchor of its party. The English tails and codes of a translated page count too:
``Ungültige Anfrage: … : Invalid redirect_uri``.
"""

from __future__ import annotations

import html
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from re import _parser  # type: ignore[attr-defined]
from typing import Any
from urllib.parse import unquote_plus

from helpers import failures
from helpers.doctor.excerpt import excerpt
from helpers.failures import Anchor, Failure, known

_GUESSES = 3
_TELLING = 6  # what shared words must weigh together, measured on texts that were not tuned on
_CODE = 200  # characters that an error code is worth: it tells more than any sentence around it
# What programs print and people do not write.
_QUOTES = " \n\"'`*>."
_PROGRAMS = re.compile(r"""[][{}<>=/\\|_"#*]|[:.]\S|[a-z][A-Z]|\d\d""")
# ``"code": "not_found"`` names an error; a code that logs somebody in is no word.
_ERROR_NAME = re.compile(r'"code":\s*"[A-Za-z]+([_-][A-Za-z]+)*\d{0,4}"')


@dataclass(frozen=True)
class Match:
    """``score``: how many characters of the text it explains. ``sure`` is False for a guess."""

    failure: Failure
    why: str
    score: float
    sure: bool = True


@dataclass(frozen=True)
class Reading:
    """What a text holds: whose words (``seen``), which failures (best first), and where to look next."""

    seen: tuple[str, ...]
    matches: tuple[Match, ...]
    next: str


def read(text: str, *, masked: bool = False) -> Reading:
    """The entries that fit, best first; guesses only when nothing is sure.

    ``masked`` says that the text held a secret before it came here.
    """
    shown = _Text(_readable(text))
    found = [(anchor, match) for anchor in failures.anchors() if (match := shown.search(anchor.sign))]
    ours = [(anchor, match) for anchor, match in found if anchor.party]
    parties = {anchor.party for anchor, _ in ours}
    foreign = len(ours) < len(found)
    sure = _rated(shown, parties=set() if foreign else parties)
    guesses = [] if sure or (foreign and not parties) else _guesses(shown, parties)
    leak = [_leak()] if masked or ((sure or ours) and _holds_a_secret(text)) else []
    seen = tuple(dict.fromkeys(_said(anchor, match) for anchor, match in ours if anchor.says))
    return Reading(seen, (*sure, *guesses, *leak), "" if sure else _next(parties, foreign))


def _readable(text: str) -> str:
    """As it is, and once more as its author meant it: out of an address, out of HTML."""
    shown = excerpt(text)[0].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    shown = re.sub(r"[ \t]*\n[ \t]*", "\n", shown)
    meant = html.unescape(re.sub(r"<[^<>]*>", " ", unquote_plus(shown)))
    return shown if meant == shown else f"{shown}\n{' '.join(meant.split())}"


class _Text:
    """A text, searched in any case and once for each sign; what it cannot match is passed over untried."""

    def __init__(self, shown: str) -> None:
        self.shown, self.low = shown, shown.lower()
        self._found: dict[str, re.Match[str] | None] = {}

    def search(self, expression: str) -> re.Match[str] | None:
        if expression not in self._found:
            self._found[expression] = self._search(expression)
        return self._found[expression]

    def _search(self, expression: str) -> re.Match[str] | None:
        if not all(any(literal in self.low for literal in each) for each in _literals(expression)):
            return None
        return _compiled(expression).search(self.shown)


def _rated(shown: _Text, *, parties: set[str]) -> list[Match]:
    rated = []
    for entry in failures.all_failures().values():
        words = entry.words if entry.id[0] in parties else ()
        if (found := _found((*entry.signs, *words), shown)) and not _found(entry.unless, shown):
            rated.append(Match(entry, f"It says: {_short(found[0])}", _explained(found)))
    return _causes_first(_best_first(rated))


def _causes_first(matches: list[Match]) -> list[Match]:
    """What merely follows from another one of them stands behind it."""
    names = {match.failure.name for match in matches}
    return sorted(matches, key=lambda match: not names.isdisjoint(match.failure.follows))


def _guesses(shown: _Text, parties: set[str]) -> list[Match]:
    """By bare words; after those, by what an entry of a party that was seen says, too.

    What somebody tells in sentences of his own names no party; a program's output without one is nobody's.
    """
    bare, shared, said = [], [], _words(shown.low)
    told = not _PROGRAMS.search(shown.shown.strip(_QUOTES))
    for entry in failures.all_failures().values():
        near = entry.id[0] in parties
        if found := _found((*entry.signs, *entry.words, *entry.hints), shown):
            why = f"Only a guess: it says {_short(found[0])}"
            bare.append(Match(entry, why, _CODE * near + _explained(found), sure=False))
        elif (near or told) and len(common := said & _vocabulary()[entry.id]) > 1:
            why = f"Only a guess: it shares the words {', '.join(sorted(common))}"
            shared += [Match(entry, why, score, sure=False)] if (score := _shared(entry, common)) else []
    return [*_best_first(bare), *_best_first(shared)][:_GUESSES]


def _shared(entry: Failure, common: frozenset[str]) -> float:
    """How much of an entry's own words these are, the rare ones most; 0 if they tell too little."""
    weights = _weights()
    if sum(weights[word] for word in common) <= _TELLING:
        return 0
    return sum(weights[word] ** 2 for word in common) / math.hypot(
        *(weights[word] for word in _vocabulary()[entry.id])
    )


def _best_first(matches: list[Match]) -> list[Match]:
    return sorted(matches, key=lambda match: -match.score)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]{4,}", text.lower()))


@cache
def _vocabulary() -> dict[str, frozenset[str]]:
    """The words of each entry, and those of what others say of it."""
    return {id_: _words(_text(entry)) for id_, entry in failures.all_failures().items()}


def _text(entry: Failure) -> str:
    expressions = " ".join((*entry.signs, *entry.words, *entry.hints))
    said = re.sub(r"\\.", " ", expressions)  # the b of a boundary belongs to no word
    return f"{entry.title} {' '.join(entry.signal)} {entry.cause} {entry.see} {said}"


@cache
def _weights() -> dict[str, float]:
    """What few entries say tells more."""
    vocabulary = _vocabulary()
    number = Counter(word for words in vocabulary.values() for word in words)
    return {word: math.log(len(vocabulary) / count) for word, count in number.items()}


def _found(expressions: Iterable[str], shown: _Text) -> list[re.Match[str]]:
    return [match for each in expressions if (match := shown.search(each))]


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(_wrapped(expression), re.I)


def _wrapped(expression: str) -> str:
    """A terminal, or a mail, breaks a line wherever there is a blank."""
    return expression.replace(" ", r"\s")


@cache
def _literals(expression: str) -> list[frozenset[str]]:
    """One of each set stands in whatever it matches; to look for them first is a hundred times faster."""
    found = [each for each in _required(_parser.parse(_wrapped(expression), re.I)) if _shortest(each)]
    return sorted(found, key=_shortest, reverse=True)  # the longest are the rarest


def _required(parts: Iterable[tuple[Any, Any]]) -> list[frozenset[str]]:
    found: list[frozenset[str]] = []
    run = ""
    for kind, value in parts:
        if kind is _parser.LITERAL:
            run += chr(value).lower()
            continue
        found, run = [*found, frozenset({run})], ""
        if kind is _parser.SUBPATTERN:
            found += _required(value[-1])
        elif kind is _parser.BRANCH:
            found.append(frozenset().union(*(max(_required(each), key=_shortest) for each in value[1])))
        elif kind is _parser.MAX_REPEAT and value[0]:
            found += _required(value[2])
    return [*found, frozenset({run})]


def _shortest(literals: frozenset[str]) -> int:
    return min(map(len, literals))


def _explained(found: list[re.Match[str]]) -> int:
    """How many characters lie in any of the matches; each counts once, a code for more."""
    total = reached = 0
    for begin, end in sorted(match.span() for match in found):
        total, reached = total + max(0, end - max(begin, reached)), max(reached, end)
    return total + _CODE * any("ERR_" in match[0] for match in found)


def _short(match: re.Match[str]) -> str:
    return " ".join(match[0].split())[:120]


def _holds_a_secret(text: str) -> bool:
    return excerpt(_ERROR_NAME.sub("", text))[1]


def _leak() -> Match:
    told = "The text holds a secret. It is masked here; mask it wherever it came from."
    return Match(failures.get(known.SECRET_IN_OUTPUT), told, 0)


def _said(anchor: Anchor, match: re.Match[str]) -> str:
    return anchor.says.format(**match.groupdict())


def _next(parties: set[str], foreign: bool) -> str:
    if foreign and not parties:
        return "This is another program's message, not one of Strapi, Instagram, ngrok or Jupyter."
    if not parties:
        return "Paste more of it: the lines before it, the address in the browser, the name of the program."
    return failures.next_look(min(parties))
