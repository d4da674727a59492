"""From what a person sees to what it is: an error text, a log, or an address out of the browser's bar.

Evidence counts, not words: a failure is sure only by a sign that nobody else has, or by words beside an
anchor of its party. The English tails and codes of a translated page count too:
``Ungültige Anfrage: … : Invalid redirect_uri``.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from helpers import failures
from helpers.doctor.excerpt import excerpt
from helpers.doctor.shared_words import nearness, shared, words
from helpers.doctor.sign_search import Searched
from helpers.failures import Anchor, Failure, known

_GUESSES = 3
_CODE = 200  # characters that an error code is worth: it tells more than any sentence around it
_QUOTES = " \n\"'`*>."
# What programs print and people do not write.
_PROGRAMS = re.compile(r"""[][{}<>=/\\|_"#*]|[:.]\S|[a-z][A-Z]|\d\d""")
# ``"code": "not_found"`` names an error; a code that logs somebody in is no word.
_ERROR_NAME = re.compile(r'"code":\s*"[A-Za-z]+([_-][A-Za-z]+)*\d{0,4}"')


@dataclass(frozen=True)
class Match:
    """``score``: how many characters of the text it explains, or how near a mere guess is."""

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
    shown = Searched(_readable(text))
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


def _rated(shown: Searched, *, parties: set[str]) -> list[Match]:
    rated = []
    for entry in failures.all_failures().values():
        beside = entry.words if entry.id[0] in parties else ()
        if (found := shown.all((*entry.signs, *beside))) and not shown.all(entry.unless):
            rated.append(Match(entry, f"It says: {_short(found[0])}", _explained(found)))
    return _causes_first(_best_first(rated))


def _causes_first(matches: list[Match]) -> list[Match]:
    """What merely follows from another one of them stands behind it."""
    names = {match.failure.name for match in matches}
    return sorted(matches, key=lambda match: not names.isdisjoint(match.failure.follows))


def _guesses(shown: Searched, parties: set[str]) -> list[Match]:
    """By bare words; after those, by what an entry of a party that was seen says, too.

    What somebody tells in sentences of his own names no party; a program's output without one is nobody's,
    and shows more of an entry before it counts.
    """
    bare, near, said = [], [], words(shown.shown)
    told = not _PROGRAMS.search(shown.shown.strip(_QUOTES))
    for entry in failures.all_failures().values():
        ours = entry.id[0] in parties
        if found := shown.all((*entry.signs, *entry.words, *entry.hints)):
            why = f"Only a guess: it says {_short(found[0])}"
            bare.append(Match(entry, why, _CODE * ours + _explained(found), sure=False))
        elif common := shared(said, entry, nobodys=not (ours or told)):
            why = f"Only a guess: it shares the words {', '.join(sorted(common))}"
            near.append(Match(entry, why, nearness(common, entry), sure=False))
    return [*_best_first(bare), *_best_first(near)][:_GUESSES]


def _best_first(matches: list[Match]) -> list[Match]:
    return sorted(matches, key=lambda match: -match.score)


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
