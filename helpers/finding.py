"""How a check that has not failed ends: with a note, by waiting for something else, or not at all."""

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


class NotYet(Exception):
    """This check waits for something that the person does; the text says for what."""


class DoesNotApply(Exception):
    """This mode or layout has no need of this check; the text says why."""
