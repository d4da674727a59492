"""Strapi as several checks and forms ask it at once: each thing once, because Strapi counts.

It allows ten ``connect`` requests a minute and five sign-ins in five minutes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx

from helpers.core.errors import KitError, Refused, Unreachable
from helpers.core.masking import Secret
from helpers.failures import known
from helpers.strapi.client import Admin, Connect, Strapi

_PATIENCE = 6.0  # seconds; Strapi answers these questions in milliseconds
_FRESH = 20.0  # seconds for which an answer is believed, unless somebody wants to know anew
_MINUTE = 60.0  # seconds
MOST = 5  # logins begun in a minute, however often somebody wants to know anew; the others are people's


class _Known(NamedTuple):
    """The answer to the last ``connect``: when and what was asked, and after how many changes."""

    at: float
    asked: tuple[str, str]
    changes: int
    answer: Connect | KitError


class PoliteStrapi(Strapi):
    """Remembers the last ``connect`` of one provider and the signed-in administrator."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        super().__init__(http, url, patience=_PATIENCE)
        self._starting, self._signing_in = threading.Lock(), threading.Lock()
        self._known: _Known | None = None
        self._begun: list[float] = []  # when the logins of the last minute were
        self._changes, self._wanted_anew = 0, False
        self._admin: tuple[tuple[str, Secret], Admin | Refused] | None = None

    def forget(self) -> None:
        """Something may have changed: ask anew next time, if enough of the minute's logins are left."""
        self._wanted_anew = True

    def changed(self) -> None:
        """The kit itself has changed what Strapi answers: nothing older is told any more."""
        self._changes += 1

    @property
    def age(self) -> float:
        """How many seconds old the remembered answer is, if somebody has wanted to know anew since."""
        return time.monotonic() - self._known.at if self._known and self._wanted_anew else 0.0

    def try_again(self) -> None:
        """Somebody asks for it expressly: a refused sign-in is no longer taken for an answer."""
        if self._admin and isinstance(self._admin[1], Refused):
            self._admin = None

    def connect(self, provider: str, public: str = "") -> Connect:
        with self._alone(self._starting):
            known, now = self._known, time.monotonic()
            if known is None or self._must_ask(known, (provider, public), now):
                self._begun.append(now)
                self._wanted_anew, changes = False, self._changes
                answer = self._ask(provider, public)
                known = self._known = _Known(now, (provider, public), changes, answer)
        if isinstance(known.answer, KitError):
            raise known.answer
        return known.answer

    def _must_ask(self, known: _Known, question: tuple[str, str], now: float) -> bool:
        if known.asked != question or known.changes != self._changes:
            return True
        self._begun = [at for at in self._begun if now - at < _MINUTE]
        return len(self._begun) < MOST and (self._wanted_anew or now - known.at > _FRESH)

    @contextmanager
    def _alone(self, lock: threading.Lock) -> Iterator[None]:
        """One question at a time; behind one that is never answered nobody waits for ever."""
        if not lock.acquire(timeout=_PATIENCE + 1):
            raise Unreachable(
                f"Strapi at {self.url} does not finish its answers", failure=known.STRAPI_DOES_NOT_ANSWER
            )
        try:
            yield
        finally:
            lock.release()

    def _ask(self, provider: str, public: str) -> Connect | KitError:
        try:
            return super().connect(provider, public)
        except KitError as error:
            return error

    def sign_in(self, email: str, password: Secret) -> Admin:
        """The same pair is sent once: a wrong one, tried by every check, would lock the account."""
        with self._alone(self._signing_in):
            if self._admin is None or self._admin[0] != (email, password):
                try:
                    admin = super().sign_in(email, password)
                    admin.changed = self.changed
                    self._admin = ((email, password), admin)
                except Refused as refusal:
                    self._admin = ((email, password), refusal)
            found = self._admin[1]
        if isinstance(found, Refused):
            raise found
        return found
