"""Everything the kit can tell a reader has gone wrong.

KitError
├─ InputError     what was typed cannot be right: type something else
├─ TunnelError    there is no public address: look at the ngrok account, agent or network
├─ Unreachable    a server does not answer: start it, or correct its address
├─ Refused        a server answered no: change the credentials or the setting it names
├─ Unexpected     a server answered nonsense: it is not the server we think it is
├─ Conflict       somebody else changed what we were changing: look, then try again
├─ LoginFailed    a witnessed login ended badly: the trace shows where
└─ Stopped        the wait ended, by its deadline or by the reader: start it again
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from helpers import failures
from helpers.core.masking import redact

__all__ = [
    "Conflict",
    "InputError",
    "KitError",
    "LoginFailed",
    "Refused",
    "Stopped",
    "TunnelError",
    "Unexpected",
    "Unreachable",
]


class KitError(Exception):
    """One sentence for the reader, with the evidence for it and the way out.

    ``failure`` is an id of the failure catalogue (``A18``); its fix is used when ``fix`` is empty.
    Message and evidence are redacted here, so no handler can forget to.
    """

    def __init__(
        self, message: str, *, failure: str | None = None, evidence: str = "", fix: Sequence[str] = ()
    ) -> None:
        super().__init__(redact(message))
        self.failure = failure
        self.evidence = redact(evidence)
        self.fix = tuple(fix) or (failures.get(failure).fix if failure else ())

    @classmethod
    def of(cls, failure: str, evidence: str = "") -> Self:
        """In the catalogue's own words."""
        return cls(failures.get(failure).title, failure=failure, evidence=evidence)

    def _render_traceback_(self) -> list[str]:
        """IPython shows these lines instead of a traceback."""
        return self.lines()

    def lines(self) -> list[str]:
        """What went wrong, what was seen of it, and what to do."""
        head = f"{self.failure}: {self}" if self.failure else str(self)
        evidence = [f"  Seen: {self.evidence}"] if self.evidence else []
        return [head, *evidence, *(f"  {n}. {step}" for n, step in enumerate(self.fix, 1))]


class InputError(KitError):
    """The text says what to type instead."""


class TunnelError(KitError):
    pass


class Unreachable(KitError):
    pass


class Refused(KitError):
    pass


class Unexpected(KitError):
    pass


class Conflict(KitError):
    pass


class LoginFailed(KitError):
    pass


class Stopped(KitError):
    pass
