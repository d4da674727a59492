"""The failure catalogue: what goes wrong, by id and by name, with its cause and its fix.

The texts are data, one file per party beside this one, so that the notebooks, the terminal and the tests
speak of a failure in the same words. Ids never change and are never used again for something else.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

# The letter of an id, and the file and the words for the party where its failures sit.
PARTIES = {
    "A": ("strapi", "Strapi"),
    "B": ("instagram", "Instagram and Meta"),
    "C": ("ngrok", "ngrok"),
    "D": ("front_end", "The front end"),
    "E": ("notebook", "The notebook"),
    "F": ("deployment", "The deployed setup"),
}
_CODE = re.compile(r"ERR_\w+")
_NUMBER_OR_NAME = re.compile(r"\d{3,}|[A-Z]\w*Error\b")


@dataclass(frozen=True)
class Failure:
    """One entry.

    Angle brackets in its texts stand for the reader's own values: ``<public host>`` is the name in the
    tunnel's address, ``<provider>`` is instagram-business or instagram, as in Strapi's list of providers.
    """

    id: str
    name: str  # for code: ``known.py`` has it as a constant
    title: str  # what the person experiences
    signal: tuple[str, ...]  # what a program or a person sees, to the letter
    cause: str
    fix: tuple[str, ...]  # what to do, in order
    source: str  # where it is documented or was reported; empty: measured here, or read in published code
    named_by: str = (
        "you"  # the doctor's check that names it, "login" (the trace) or "text" (when it is pasted)
    )
    versions: str = ""  # where it can happen, if not everywhere
    see: str = ""  # what nobody but the person in front of the browser can see
    signs: tuple[str, ...] = ()  # expressions that find it in answers, logs, pages, addresses, in any case
    at: tuple[str, ...] = ()  # steps of a login in which a sign names it
    status: dict[str, int] = field(default_factory=dict)  # by step: the bare status that means it there
    follows: tuple[str, ...] = ()  # failures by name, and checks, that it merely follows from
    apart: dict[str, str] = field(default_factory=dict)  # by id: how to tell it from one with the same sign

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

    here = files("helpers.failures")
    texts = (here.joinpath(f"{file}.toml").read_text(encoding="utf-8") for file, _ in PARTIES.values())
    entries = {id_: entry for text in texts for id_, entry in tomllib.loads(text).items()}
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


def at_status(step: str, status: int | None) -> str | None:
    """The id of the failure that a step's bare status stands for, if it stands for one."""
    entries = all_failures().values()
    return next(
        (entry.id for entry in entries if status is not None and entry.status.get(step) == status), None
    )
