"""The failure catalogue: what goes wrong, by id, with its cause and its fix.

The ids and texts are data (``failures.toml``), so that the notebooks, the terminal and the tests
speak of a failure in the same words.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files

__all__ = ["Failure", "all_failures", "get"]


@dataclass(frozen=True)
class Failure:
    """One entry; what its fields hold is said at the top of ``failures.toml``."""

    id: str
    title: str
    signal: str
    cause: str
    fix: tuple[str, ...]
    source: str


@functools.cache
def all_failures() -> dict[str, Failure]:
    import tomllib  # only when something has failed

    text = files("helpers").joinpath("failures.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    # Unpacked, so that a missing or unknown key fails here and not in front of a reader.
    return {id_: Failure(id_, **entry | {"fix": tuple(entry["fix"])}) for id_, entry in entries.items()}


def get(id_: str) -> Failure:
    return all_failures()[id_]
