"""One login as it was seen: hops without their secrets.

A login crosses several requests that share no id. What they do share are secrets (``state``, the code,
tokens, the session cookie), so each hop carries *marks*: keyed digests of those it showed. The key lives as
long as the process, the secrets themselves are never stored.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_KEY = secrets.token_bytes(32)
_MOST_HOPS = 40  # further ones are ignored, so that a busy gateway stays small


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
