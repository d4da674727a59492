"""An ASGI middleware that turns the requests of a login into hops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpers.core.masking import Secret
from helpers.gateway.exchange import Exchange, Role
from helpers.gateway.forward import UNREACHED
from helpers.gateway.witness import Hop, Witness

__all__ = ["Observed", "Role"]


class Observed:
    """Wraps an application; ``role_of`` says which of its requests belong to a login.

    ``follow_up`` gets the JWT of a completed login while it passes, and may use it once.
    """

    def __init__(
        self,
        app: ASGIApp,
        witness: Witness,
        role_of: Callable[[Scope], Role | None],
        *,
        scheme: str = "https",
        follow_up: Callable[[Secret], Awaitable[Hop]] | None = None,
    ) -> None:
        self.app, self.witness, self.role_of = app, witness, role_of
        self.scheme, self.follow_up = scheme, follow_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        role = self.role_of(scope) if scope["type"] == "http" else None
        if role is None:
            await self.app(scope, receive, send)
        else:
            await self._watch(role, scope, receive, send)

    async def _watch(self, role: Role, scope: Scope, receive: Receive, send: Send) -> None:
        scope = {**scope, "headers": _readable(scope["headers"])}
        seen = Exchange(scope, role)
        hops: list[Hop] = []
        held: list[Message] = []

        def tell() -> None:
            hops.append(seen.hop(self.scheme, reached=UNREACHED not in scope))
            self.witness.record(hops[0])

        async def watched_receive() -> Message:
            message = await receive()
            seen.request(message)
            return message

        async def watched_send(message: Message) -> None:
            # One message late: whoever has the whole answer may take the next step, and must not be
            # witnessed there before this one is told.
            seen.answer(message)
            held.append(message)
            if seen.complete:
                tell()
            while len(held) > (0 if seen.complete else 1):
                await send(held.pop(0))

        try:
            await self.app(scope, watched_receive, watched_send)
        finally:
            if not hops:
                tell()
        jwt = seen.body().get("jwt")
        if self.follow_up and hops[0].user and isinstance(jwt, str):
            proof = await self.follow_up(Secret(jwt))
            self.witness.record(replace(proof, marks=hops[0].marks))


def _readable(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without leave to compress: such an answer could not be read while it passes."""
    kept = [(name, value) for name, value in headers if name != b"accept-encoding"]
    return [*kept, (b"accept-encoding", b"identity")]
