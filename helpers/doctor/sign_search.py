"""A text in which many expressions are looked for, most of them in vain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from re import _parser  # type: ignore[attr-defined]
from typing import Any


class Searched:
    """Searched in any case and once for each sign; what it cannot match is passed over untried."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self._low = re.sub(r"\s", " ", shown.lower())
        self._found: dict[str, re.Match[str] | None] = {}

    def search(self, expression: str) -> re.Match[str] | None:
        if expression not in self._found:
            self._found[expression] = self._search(expression)
        return self._found[expression]

    def all(self, expressions: Iterable[str]) -> list[re.Match[str]]:
        return [match for each in expressions if (match := self.search(each))]

    def _search(self, expression: str) -> re.Match[str] | None:
        if not all(any(literal in self._low for literal in each) for each in _literals(expression)):
            return None
        return _compiled(expression).search(self.shown)


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    # A terminal, or a mail, breaks a line wherever there is a blank.
    return re.compile(expression.replace(" ", r"\s"), re.I)


@cache
def _literals(expression: str) -> list[frozenset[str]]:
    """One of each set stands in whatever it matches; to look for them first is a hundred times faster."""
    found = [each for each in _required(_parser.parse(expression, re.I)) if _shortest(each)]
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
