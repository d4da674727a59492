"""What was seen of a login: hops without their secrets, sorted into attempts.

A login crosses several requests that share no id. What they do share are secrets (``state``, the code,
tokens, the session cookie), so each hop carries *marks*: keyed digests of those it showed. A hop belongs
to the attempt with which it shares most of them. The key lives as long as the process, the secrets
themselves are never stored.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from helpers.core.errors import Stopped

_KEY = secrets.token_bytes(32)
# Older attempts are forgotten and further hops ignored, so that a busy gateway stays small.
_MOST_ATTEMPTS = 20
_MOST_HOPS = 40


def mark(value: str) -> bytes:
    return hashlib.blake2b(value.encode(errors="surrogatepass"), key=_KEY, digest_size=8).digest()


@dataclass(frozen=True)
class Hop:
    """One request of a login, as far as it may be known."""

    step: str  # connect, authorize, consent, callback, token, redirect, auth, profile, me
    sender: str
    receiver: str
    method: str
    url: str  # values of parameters masked
    status: int | None  # None: nobody here could see the answer
    ms: float | None
    at: float = field(default_factory=time.monotonic)
    location: str = ""  # where the answer redirects to, masked
    message: str = ""  # what the answer says went wrong
    cookies: tuple[str, ...] = ()  # names and flags of the cookies it sets
    user: dict[str, str] | None = None
    account: str = ""  # the provider's own number for who logs in
    refresh: str = ""  # where Strapi put a refresh token: "cookie" or "answer"
    marks: frozenset[bytes] = frozenset()  # of what this login alone knows
    sent_cookies: frozenset[bytes] = frozenset()  # marks too, but some cookies are the same for everybody
    mine: bool | None = None  # whether the person's own browser sent it; None: nobody can tell
    peer: bytes = b""  # a mark of the address it came from
    elsewhere: bool = False  # sent by a page of another site, to which browsers give no cookie of ours
    reached: bool = True  # False: the receiver never answered, the gateway did in its place

    def as_json(self) -> dict[str, object]:
        ms = None if self.ms is None else round(self.ms, 1)
        return {
            "from": self.sender,
            "to": self.receiver,
            "method": self.method,
            "url": self.url,
            "status": self.status,
            "ms": ms,
        }


class Attempt:
    """One login from its first hop on; hops are in the order in which they began."""

    def __init__(self, first: Hop) -> None:
        self.hops: list[Hop] = [first]
        self.marks = first.marks
        self.adopted = False  # the person said that it was they

    @property
    def mine(self) -> bool | None:
        """Whether it is the person's own, as far as that can be told."""
        said = {hop.mine for hop in self.hops}
        return True if self.adopted or True in said else None if said == {None} else False

    @property
    def strangers(self) -> bool:
        """A browser began it that did not come by the address we gave."""
        return self.mine is False

    def add(self, hop: Hop) -> None:
        if len(self.hops) < _MOST_HOPS:
            # A new list: somebody in another thread may be reading the old one.
            self.hops = sorted([*self.hops, hop], key=lambda each: each.at)
            self.marks |= hop.marks

    def kinship(self, hop: Hop) -> tuple[int, int]:
        """How much the hop shares with this attempt; what is in addresses counts before cookies."""
        return len(self.marks & hop.marks), len(self.marks & hop.sent_cookies)

    @property
    def at_instagram(self) -> bool:
        """The person was sent to Instagram and has not come back."""
        return self.hops[0].step == "connect" and self.last("callback") is None

    @property
    def stray(self) -> bool:
        """Nobody began a login here: a health check, a crawler or a bookmark opened one of its addresses."""
        return self.hops[0].step != "connect" and not self.marks

    def last(self, step: str) -> Hop | None:
        return next((hop for hop in reversed(self.hops) if hop.step == step), None)

    def __iter__(self) -> Iterator[Hop]:
        return iter(self.hops)

    def __len__(self) -> int:
        return len(self.hops)


class Witness:
    """Collects hops from any thread and wakes whoever waits for them."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], object]] = []

    def record(self, hop: Hop) -> None:
        with self._changed:
            attempt = self._attempt_of(hop)
            if attempt:
                attempt.add(hop)
            elif hop.step != "me":  # every page of a front end may ask that, login or not
                self._begin(Attempt(hop))
            self._changed.notify_all()
        self._tell()

    def _begin(self, attempt: Attempt) -> None:
        """Strangers push out strangers only."""
        self._attempts.append(attempt)
        alike = [each for each in self._attempts if each.strangers == attempt.strangers]
        if len(alike) > _MOST_ATTEMPTS:
            self._attempts.remove(alike[0])

    def _tell(self) -> None:
        for listener in list(self._listeners):
            with suppress(Exception):  # the login goes on, whatever becomes of those who watch it
                listener()

    def _attempt_of(self, hop: Hop) -> Attempt | None:
        if hop.step == "connect" or not self._attempts:
            return None
        # Of equals the latest.
        nearest = max(reversed(self._attempts), key=lambda attempt: attempt.kinship(hop))
        if nearest.kinship(hop) > (0, 0):
            return nearest
        if hop.step == "me":
            return None
        # Without any mark (a lost cookie is a failure worth showing) the latest login is the best guess. But
        # no page asks for the user of somebody who is still at Instagram: that is a stranger's question.
        others = (each for each in reversed(self._attempts) if hop.step != "auth" or not each.at_instagram)
        return next((each for each in others if _may_be_of(hop, each)), None)

    def adopt(self, attempt: Attempt) -> None:
        """*It was me*: from now on this login counts as the person's own."""
        with self._changed:
            attempt.adopted = True
            self._changed.notify_all()
        self._tell()

    def forget(self) -> None:
        """Another setup begins: what was seen of the former one is no business of it."""
        with self._changed:
            self._attempts.clear()
            self._changed.notify_all()

    def listen(self, listener: Callable[[], object]) -> None:
        """Call ``listener`` after each hop, on the thread that recorded it; its exceptions are dropped."""
        self._listeners.append(listener)

    @property
    def attempts(self) -> list[Attempt]:
        with self._changed:
            return list(self._attempts)

    @property
    def latest(self) -> Attempt | None:
        return next(iter(self.moved_last), None)

    @property
    def moved_last(self) -> list[Attempt]:
        """The latest first; one that began earlier may have moved since."""
        return sorted(self.attempts, key=lambda attempt: attempt.hops[-1].at, reverse=True)

    def wait(
        self,
        decided: Callable[[Attempt], bool],
        *,
        timeout: float,
        since: float = 0.0,
        cancelled: threading.Event | None = None,
    ) -> Attempt:
        """The first attempt begun after ``since`` (monotonic seconds) that is ``decided``.

        Raises:
            Stopped: ``timeout`` seconds passed, or ``cancelled`` was set (noticed within half a second).
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for attempt in self._attempts:
                    if attempt.hops[0].at >= since and decided(attempt):
                        return attempt
                left = deadline - time.monotonic()
                if cancelled is not None and cancelled.is_set():
                    raise Stopped("Stopped waiting, as asked")
                if left <= 0:
                    raise Stopped(f"No login arrived within {timeout:.0f} seconds")
                self._changed.wait(min(left, 0.5) if cancelled else left)


def _may_be_of(hop: Hop, attempt: Attempt) -> bool:
    """Whether a hop that shows nothing of any login may belong to this one."""
    alike = hop.peer == attempt.hops[0].peer
    if hop.mine is None or attempt.mine is None:
        return True
    if hop.mine or attempt.strangers:
        return hop.mine is attempt.mine and (alike or bool(hop.mine))
    # The person's page on another site gets no cookie. It speaks from where its login began.
    return hop.elsewhere and alike
