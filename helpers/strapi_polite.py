"""Strapi as several checks and forms ask it at once: each thing once, because Strapi counts.

It allows ten ``connect`` requests a minute and five sign-ins in five minutes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from helpers.errors import KitError, Refused, Unreachable
from helpers.masking import Secret
from helpers.strapi import Admin, Connect, Strapi

_PATIENCE = 6.0  # seconds; Strapi answers these questions in milliseconds
_FRESH = 20.0  # seconds for which an answer is believed, unless something has changed


class PoliteStrapi(Strapi):
    """Remembers the last ``connect`` of one provider and the signed-in administrator."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        super().__init__(http, url, patience=_PATIENCE)
        self._starting, self._signing_in = threading.Lock(), threading.Lock()
        self._connect: tuple[float, str, Connect | KitError] | None = None
        self._admin: tuple[tuple[str, Secret], Admin | Refused] | None = None

    def forget(self) -> None:
        """Something has changed: ask anew next time. Who is signed in stays so."""
        self._connect = None

    def try_again(self) -> None:
        """Somebody asks for it expressly: a refused sign-in is no longer taken for an answer."""
        if self._admin and isinstance(self._admin[1], Refused):
            self._admin = None

    def connect(self, provider: str, public: str = "") -> Connect:
        with self._alone(self._starting):
            now, known = time.monotonic(), self._connect
            if known is None or known[1] != provider or now - known[0] > _FRESH:
                known = self._connect = (now, provider, self._ask(provider, public))
        if isinstance(known[2], KitError):
            raise known[2]
        return known[2]

    @contextmanager
    def _alone(self, lock: threading.Lock) -> Iterator[None]:
        """One question at a time; behind one that is never answered nobody waits for ever."""
        if not lock.acquire(timeout=_PATIENCE + 1):
            raise Unreachable(f"Strapi at {self.url} does not finish its answers", failure="C06")
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
                    self._admin = ((email, password), super().sign_in(email, password))
                except Refused as refusal:
                    self._admin = ((email, password), refusal)
            found = self._admin[1]
        if isinstance(found, Refused):
            raise found
        return found
