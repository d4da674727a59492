"""What an attendee's browser does: start the server at the hub, start kernels, run cells."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

CELL = 120.0  # seconds; far above the kit's own deadlines


class Server:
    """One attendee's server, behind the hub's proxy."""

    def __init__(self, hub: httpx.AsyncClient, name: str) -> None:
        self.hub, self.name = hub, name
        self.api = f"/user/{name}/api"

    async def start(self) -> None:
        """Returns when it answers; at once if it is running."""
        if (await self.hub.get(f"/hub/api/users/{self.name}")).raise_for_status().json().get("servers"):
            return
        (await self.hub.post(f"/hub/api/users/{self.name}/server")).raise_for_status()
        async with self.hub.stream("GET", f"/hub/api/users/{self.name}/server/progress") as events:
            async for line in events.aiter_lines():
                told = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if told.get("failed"):
                    raise RuntimeError(f"{self.name}: {told.get('message')}")
                if told.get("ready"):
                    return
        raise RuntimeError(f"{self.name}: the server did not start")

    @asynccontextmanager
    async def kernel(self) -> AsyncIterator[ClientConnection]:
        made = await self.hub.post(f"{self.api}/kernels", json={"name": "python3", "path": "notebooks"})
        made.raise_for_status()
        id_ = made.json()["id"]
        address = f"ws://{self.hub.base_url.netloc.decode()}{self.api}/kernels/{id_}/channels"
        headers = {"authorization": self.hub.headers["authorization"]}
        async with connect(address, additional_headers=headers, max_size=None, proxy=None) as socket:
            yield socket
        (await self.hub.delete(f"{self.api}/kernels/{id_}")).raise_for_status()


async def evaluate(kernel: ClientConnection, expression: str) -> str:
    """The ``repr`` of what the kernel makes of it."""
    async with asyncio.timeout(CELL):
        answer = await _run(kernel, "", {"asked": expression})
    return str(answer["user_expressions"]["asked"]["data"]["text/plain"])


async def run_notebook(kernel: ClientConnection, cells: list[str]) -> list[str]:
    """What went wrong, cell by cell; later cells still run, as they do for nbval."""
    failures = []
    for number, code in enumerate(cells, 1):
        try:
            async with asyncio.timeout(CELL):
                answer = await _run(kernel, code)
            if answer["status"] != "ok":
                failures.append(f"cell {number}: {answer.get('ename')}: {answer.get('evalue')}")
        except TimeoutError:
            failures.append(f"cell {number}: not done after {CELL:g} s")
    return failures


async def _run(
    kernel: ClientConnection, code: str, expressions: dict[str, str] | None = None
) -> dict[str, Any]:
    """The content of the kernel's reply."""
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": expressions or {},
               "allow_stdin": False, "stop_on_error": False}  # fmt: skip
    id_ = uuid.uuid4().hex
    header = {"msg_id": id_, "msg_type": "execute_request", "username": "", "session": id_, "version": "5.3"}
    asked = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    await kernel.send(json.dumps(asked))
    async for text in kernel:
        said: dict[str, Any] = json.loads(text) if isinstance(text, str) else {}
        if said.get("parent_header", {}).get("msg_id") == id_ and said["msg_type"] == "execute_reply":
            return dict(said["content"])
    return {"status": "error", "ename": "Closed", "evalue": "the kernel's connection was closed"}
