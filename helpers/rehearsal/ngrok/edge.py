"""The stand-in ngrok's edge: an endpoint, what crosses it, and what the edge answers by itself.

TLS is imagined to end here, so it speaks plain HTTP on a loopback port and says ``X-Forwarded-Proto: https``.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from helpers import failures
from helpers.failures import known
from helpers.gateway.forward import Upstream
from helpers.gateway.headers import Pairs, end_to_end
from helpers.gateway.upstream import Connection, Head, Unreached
from helpers.rehearsal.ngrok.pages import error_page, turned_away
from helpers.web.serving import Request

_GRACE = 1.0  # seconds for what is crossing when its endpoint goes offline
_PATIENCE = 300.0  # seconds between two signs of life of an upstream
_APPENDED = {b"x-forwarded-for", b"x-forwarded-proto"}


class Endpoint(Upstream):
    """One public address; ``recorded`` holds what crossed it, newest first, without bodies."""

    def __init__(
        self, name: str, host: str, origin: str, *, inspect: bool, faults: set[str], log: Callable[..., Any]
    ) -> None:
        super().__init__(name, origin, lambda: failures.get(known.STRAPI_DOES_NOT_ANSWER), patience=_PATIENCE)
        self.host, self.inspect, self._faults, self._log = host, inspect, faults, log
        self.count = 0
        self.recorded: deque[dict[str, Any]] = deque(maxlen=500)
        self._crossing: set[Any] = set()  # tasks

    async def close(self) -> None:
        """Let what is crossing arrive; what goes on for longer is cut off."""
        if self._crossing:
            await asyncio.wait(self._crossing, timeout=_GRACE)
        for task in self._crossing:
            task.cancel()
        await self.pool.__aexit__()

    async def take(self, request: Request) -> web.StreamResponse:
        if page := turned_away(self._faults, self.host, request.headers):
            return page
        async with self._recording(request):
            await self._log("info", "join connections", obj="join", l=self.origin, r=request.remote)
            if "Upgrade" in request.headers and not request.body_exists:
                from helpers.gateway import websocket

                return await websocket.forward(self, request, "", listens=False)
            return await self.forward(request, "")

    @asynccontextmanager
    async def _recording(self, request: Request) -> AsyncIterator[None]:
        self.count += 1
        began = time.perf_counter_ns()
        entry = {
            "id": f"airt_{self.count:012}",
            "tunnel_name": self.name,
            "remote_addr": request.remote,
            "start": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "duration": 0,
            "request": {
                "method": request.method,
                "proto": f"HTTP/{request.version.major}.{request.version.minor}",
                "uri": request.raw_path,
                "headers": _by_name(request.raw_headers),
            },
            "response": None,
        }
        request.session = entry, began
        if self.inspect:
            self.recorded.appendleft(entry)
        task = asyncio.current_task()
        self._crossing.add(task)
        try:
            yield
        finally:
            self._crossing.discard(task)
            entry["duration"] = time.perf_counter_ns() - began

    def headers(self, request: Request, public: str) -> Pairs:
        """What the upstream is told: https://ngrok.com/docs/universal-gateway/http/ (upstream headers)."""
        given = request.raw_headers
        kept = [pair for pair in end_to_end(given) if pair[0].lower() not in _APPENDED | {b"expect"}]
        for name, value in ((b"x-forwarded-for", request.remote or ""), (b"x-forwarded-proto", "https")):
            before = [old for key, old in given if key.lower() == name]
            kept.append((name, b", ".join([*before, value.encode()])))
        if "X-Forwarded-Host" not in request.headers:
            kept.append((b"x-forwarded-host", request.headers.get("Host", "").encode()))
        if "Transfer-Encoding" in request.headers:
            kept.append((b"transfer-encoding", b"chunked"))
        return kept

    async def answer(self, request: Request, head: Head, connection: Connection) -> web.StreamResponse:
        self._answered(request, head.status, head.headers)
        return await super().answer(request, head, connection)

    def own_answer(self, request: Request, error: Unreached) -> web.StreamResponse:
        page = error_page("3004" if error.spoke or error.silent else "8012", self.host, self.origin)
        headers = tuple((name.encode(), value.encode()) for name, value in page.headers.items())
        self._answered(request, page.status, headers)
        return page

    def _answered(self, request: Request, status: int, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        """Already here, for whoever has the answer may ask for this record."""
        entry, began = request.session
        entry["response"] = {"status": str(status), "status_code": status, "headers": _by_name(headers)}
        entry["duration"] = time.perf_counter_ns() - began


def _by_name(headers: tuple[tuple[bytes, bytes], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").title(), []).append(value.decode("latin-1"))
    return found
