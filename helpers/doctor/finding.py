"""How a check that has not failed ends: with a note for the reader, or by waiting for something else."""

from __future__ import annotations

from dataclasses import dataclass

from helpers import failures


@dataclass(frozen=True)
class Finding:
    """Nothing is broken, but ``failure`` is what the reader may meet next."""

    evidence: str
    failure: str

    @property
    def fix(self) -> tuple[str, ...]:
        return failures.get(self.failure).fix


class Skip(Exception):
    """This check waits for something else; the text says for what."""
