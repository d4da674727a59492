"""Every error text that was ever tried, by the failure that it means or by the tool that says it."""

from __future__ import annotations

import tomllib
from pathlib import Path

_HERE = Path(__file__).parents[1] / "doctor"
Corpus = dict[str, dict[str, list[str]]]


def _read(name: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((_HERE / f"{name}_texts.toml").read_text(encoding="utf-8"))


_LATER = (
    "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
    "thirteenth", "fourteenth", "fifteenth", "sixteenth",
)  # fmt: skip
# The sets held out were tuned to once they had been measured; what they showed before stands in each.
CORPORA: dict[str, Corpus] = {
    "tuned on": _read("real"),
    "held out": _read("heldout"),
    "held out, further": _read("further"),
    **{f"held out, {number}": _read(number) for number in _LATER},
}
OURS = CORPORA["tuned on"]


def each(corpus: Corpus, kind: str) -> list[tuple[str, str]]:
    return [(id_, text) for id_, texts in corpus.get(kind, {}).items() for text in texts]


SURE, GUESSED, OPEN = (
    [pair for corpus in CORPORA.values() for pair in each(corpus, kind)] for kind in ("sure", "guess", "open")
)
FOREIGN = [
    (tool, text)
    for name in ("foreign", "foreign_further")
    for tool, texts in _read(name).items()
    for text in texts
]
