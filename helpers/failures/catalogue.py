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
    # Expressions, in any case, that find it in answers, logs, pages, addresses. Signs are nobody else's words
    # and prove it; words prove it beside an anchor of its party; hints never do.
    signs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()  # beside one of these it is somebody else's matter, and a guess at most
    at: tuple[str, ...] = ()  # steps of a login in which its signs and words name it
    status: dict[str, int] = field(default_factory=dict)  # by step: the bare status that means it there
    follows: tuple[str, ...] = ()  # failures by name, and checks, that it merely follows from
    apart: dict[str, str] = field(default_factory=dict)  # by id: how to tell it from one with the same sign

    def proven_by(self, text: str) -> bool:
        """Whether a sign of it stands in the text, whoever said that."""
        return any(re.search(sign, text, re.I) for sign in self.signs)

    def found_in(self, text: str) -> re.Match[str] | None:
        """A sign or word of it in a text of which its party is known."""
        found = (re.search(each, text, re.I) for each in (*self.signs, *self.words))
        return next((match for match in found if match), None)


@dataclass(frozen=True)
class Anchor:
    """Words that only one party says; ``party`` is the letter of its failures, empty for somebody else's."""

    party: str
    says: str  # for the reader; braces stand for groups of the sign
    sign: str  # an expression, in any case


@functools.cache
def all_failures() -> dict[str, Failure]:
    entries = {id_: entry for file, _ in PARTIES.values() for id_, entry in _read(file).items()}
    # Unpacked, so that a missing or unknown key fails here and not in front of a reader.
    return {id_: Failure(id_, **{name: _frozen(value) for name, value in entry.items()})
            for id_, entry in entries.items()}  # fmt: skip


def _read(file: str) -> dict[str, Any]:
    import tomllib  # only when something has failed

    return tomllib.loads(files("helpers.failures").joinpath(f"{file}.toml").read_text(encoding="utf-8"))


@functools.cache
def anchors() -> tuple[Anchor, ...]:
    ours = [Anchor(letter, each["says"], each["sign"])
            for letter in PARTIES for each in _of(letter).get("own", ())]  # fmt: skip
    theirs = [Anchor("", says, sign) for says, sign in _read("anchors")["foreign"].items()]
    return (*ours, *theirs)


def next_look(letter: str) -> str:
    """Where a party's own evidence is to be had, for a text that does not hold enough of it."""
    return str(_of(letter).get("next", ""))


def _of(letter: str) -> dict[str, Any]:
    """A party's own words; one that is new may have none yet."""
    return dict(_read("anchors").get(PARTIES[letter][0], {}))


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
