"""One request through an observer, and the hop that it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from multidict import CIMultiDict

from helpers.gateway.attempt import Hop
from helpers.gateway.capture import Role
from helpers.gateway.observe import Observed
from helpers.gateway.witness import Witness

AT_STRAPI = Role("auth", "browser", "strapi")
Headers = list[tuple[bytes, bytes]]


class Asked:
    """A request, as far as an observer looks at one."""

    def __init__(self, target: str = "/", headers: Headers | None = None) -> None:
        self.method, self.raw_path, self.path = "GET", target, target.partition("?")[0]
        self.headers = CIMultiDict(
            (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
            for name, value in [(b"Host", b"x.dev"), *(headers or [])]
        )
        self.remote = "127.0.0.1"
        self.seen: Any = None
        self.tell: Any = None


def answering(
    status: int = 200, headers: Headers | None = None, *chunks: bytes, body: tuple[bytes, ...] = ()
) -> Callable[..., Any]:
    """What passes a request on: it tells what it reads and what it is told."""

    async def app(request: Asked) -> None:
        for part in body:
            request.seen.asked(part)
        request.seen.answering(status, headers or [])
        for chunk in chunks:
            request.seen.answered(chunk)
        request.tell()

    return app


def see(
    app: Callable[..., Any],
    path: str = "/api/auth/instagram/callback",
    query: bytes = b"",
    headers: Headers | None = None,
    role: Role | None = AT_STRAPI,
    **options: Any,
) -> Witness:
    """Send one request through an observer; returns its witness."""
    witness = Witness()
    asked = Asked(path + ("?" + query.decode("utf-8", "surrogateescape") if query else ""), headers)

    async def run() -> None:
        await Observed(app, witness, lambda *_: role, reads=False, **options)(asked)
        await asyncio.sleep(0)  # what is done aside
        await asyncio.sleep(0)

    asyncio.run(run())
    return witness


def only(witness: Witness) -> Hop:
    (attempt,) = witness.attempts
    (hop,) = attempt
    return hop
