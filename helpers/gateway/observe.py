"""A handler whose requests are witnessed, as far as they belong to a login."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from aiohttp import web

from helpers.core.masking import Secret
from helpers.core.urls import parsed
from helpers.gateway.attempt import Hop
from helpers.gateway.capture import Exchange, Role
from helpers.gateway.witness import Witness
from helpers.web.serving import Handler, Request


class Observed:
    """Wraps a handler; ``role_of`` says, from method and path, which of its requests belong to a login.

    A handler that passes requests on finds the :class:`Exchange` in ``request.seen``, fills it and calls
    ``request.tell`` just before the last piece leaves. What any other returns is read here.
    ``follow_up`` gets the JWT of a completed login while it passes, and may use it once.
    """

    def __init__(
        self,
        app: Handler,
        witness: Witness,
        role_of: Callable[[str, str], Role | None],
        *,
        scheme: str = "https",
        origin: Callable[[], str] = str,
        mine: Callable[[Request], bool | None] = lambda _: None,
        reads: bool = True,
        follow_up: Callable[[Secret], Coroutine[Any, Any, Hop]] | None = None,
    ) -> None:
        self.app, self.witness, self.role_of = app, witness, role_of
        self.scheme, self.origin, self.mine = scheme, origin, mine
        self.reads, self.follow_up = reads, follow_up
        self._proofs: set[asyncio.Task[None]] = set()

    async def __call__(self, request: Request) -> web.StreamResponse:
        opens = "Upgrade" not in request.headers  # a websocket is no step of a login
        role = self.role_of(request.method, request.path) if opens else None
        return await (self._watch(role, request) if role else self.app(request))

    async def _watch(self, role: Role, request: Request) -> web.StreamResponse:
        origin = self.origin()
        seen = request.seen = Exchange(request, role, parsed(origin).netloc)
        seen.mine = self.mine(request)
        asks = request.headers.get("Origin", origin)
        seen.elsewhere = asks != origin or request.headers.get("Sec-Fetch-Site") == "cross-site"
        hops: list[Hop] = []

        def tell() -> None:
            # Before the last piece leaves: whoever has the whole answer may take the next step, and must not
            # be witnessed there before this one is told.
            if not hops:
                seen.ended = time.monotonic()
                hops.append(seen.hop(self.scheme))
                self.witness.record(hops[0])

        request.tell = tell
        try:
            if self.reads:
                seen.asked(await request.read())
            answer = await self.app(request)
            if seen.status is None and isinstance(answer, web.Response):
                headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
                seen.answering(answer.status, headers)
                seen.answered(bytes(answer.body or b""))  # type: ignore[arg-type]  # no payload of ours
        finally:
            tell()
            jwt = seen.body().get("jwt")
            if self.follow_up and hops[0].user and isinstance(jwt, str):
                # Aside: whoever has the answer may hang up now.
                proof = asyncio.create_task(self._prove(self.follow_up(Secret(jwt)), hops[0]))
                self._proofs.add(proof)
                proof.add_done_callback(self._proofs.discard)
        return answer

    async def _prove(self, asking: Coroutine[Any, Any, Hop], shown: Hop) -> None:
        self.witness.record(replace(await asking, marks=shown.marks, mine=shown.mine))
