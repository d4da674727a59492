"""The failure catalogue: what goes wrong, by id, with its cause and its fix.

The ids and texts are data (``failures.toml``), so that the notebooks, the terminal and the tests
speak of a failure in the same words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

__all__ = ["Failure", "all_failures", "get", "named", "weight"]

_CODE = re.compile(r"ERR_\w+")
_NUMBER_OR_NAME = re.compile(r"\d{3,}|[A-Z]\w*Error\b")


@dataclass(frozen=True)
class Failure:
    """One entry; what its fields hold is said at the top of ``failures.toml``."""

    id: str
    title: str
    signal: str
    cause: str
    fix: tuple[str, ...]
    source: str
    named_by: str = "you"
    proof: str = "seen"
    versions: str = ""
    see: str = ""
    signs: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    apart: dict[str, str] = field(default_factory=dict)

    def found_in(self, text: str) -> re.Match[str] | None:
        """The most telling of its signs in a text."""
        found = [match for sign in self.signs if (match := re.search(sign, text, re.I))]
        return max(found, key=lambda match: weight(match[0]), default=None)


def weight(words: str) -> int:
    """How much they tell: an error code more than any other number or name, and that more than mere words."""
    telling = 200 if _CODE.search(words) else 100 if _NUMBER_OR_NAME.search(words) else 0
    return telling + min(len(" ".join(words.split())), 99)


@functools.cache
def all_failures() -> dict[str, Failure]:
    import tomllib  # only when something has failed

    text = files("helpers.failures").joinpath("catalogue.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    # Unpacked, so that a missing or unknown key fails here and not in front of a reader.
    return {id_: Failure(id_, **{name: _frozen(value) for name, value in entry.items()})
            for id_, entry in entries.items()}  # fmt: skip


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def get(id_: str) -> Failure:
    return all_failures()[id_]


def named(said: str, *steps: str) -> str | None:
    """The id of the failure that the words of a login's step stand for, if they are known."""
    entries = (entry for entry in all_failures().values() if set(steps) & set(entry.at))
    return next((entry.id for entry in entries if entry.found_in(said)), None)
