"""The stand-in ngrok's servers: an edge for all addresses, and a line to each agent."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from helpers.rehearsal.ngrok.account import UNREACHABLE, refuses_session, sentence
from helpers.rehearsal.ngrok.edge import Endpoint
from helpers.rehearsal.ngrok.local_api import Api
from helpers.rehearsal.ngrok.pages import error_page
from helpers.web import same_user
from helpers.web.server import Server
from helpers.web.serving import Request, serving

_LONGEST = 1024 * 1024  # bytes of what an agent says of itself


class Cloud(Server):
    """An edge, which goes by the name that is asked for; ``address`` is for ``KIT_NGROK_CLOUD``."""

    def __init__(self, *, names: tuple[str, ...] = ()) -> None:
        self._hosts = set(names)
        super().__init__(self._by_host, names=lambda: self._hosts, around=self._lines)
        self.sessions: set[Session] = set()
        self.connected: dict[asyncio.Task[None], asyncio.StreamWriter] = {}  # agents and others
        self.held: set[str] = set()  # by agents of colleagues, on other machines
        self.address = ""

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """Those of all agents, by host."""
        return {each.host: each for session in list(self.sessions) for each in session.endpoints.values()}

    @asynccontextmanager
    async def _lines(self) -> AsyncIterator[None]:
        self._ends = False
        server = await asyncio.start_server(self._connects, "127.0.0.1", 0, limit=_LONGEST)
        self.address = str(server.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            server.close()
            self._ends = True
            for session in list(self.sessions):
                await session.end()
            connected = dict(self.connected)
            for task, writer in connected.items():
                task.cancel()
                writer.close()
            await asyncio.gather(*connected, return_exceptions=True)

    def _connects(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Remembered at once: a task that is cancelled before its first step closes nothing."""
        if self._ends:
            writer.close()
            return
        task = asyncio.ensure_future(self._agent(reader, writer))
        self.connected[task] = writer
        task.add_done_callback(self.connected.pop)

    async def _agent(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer.get_extra_info(name) for name in ("peername", "sockname")]
        # Whatever connects need not be an agent.
        with suppress(OSError, ValueError, LookupError, TypeError):
            if same_user.is_ours(*ends):
                session = Session(self, json.loads(await reader.readline()), reader, writer)
                self._hosts.update(session.domains)
                self.sessions.add(session)
                await session.run()
        writer.close()

    async def _by_host(self, request: Request) -> web.StreamResponse:
        host = request.headers.get("Host", "").partition(":")[0].lower()
        endpoint = self.endpoints.get(host)
        return await endpoint.take(request) if endpoint else error_page("3200", host)


class Session:
    """One agent, as long as its connection lives."""

    def __init__(
        self, cloud: Cloud, told: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.cloud, self._reader, self._writer = cloud, reader, writer
        self.token, self.version, self._web_addr = told["token"], told["version"], told["web_addr"]
        self.faults = set(told.get("KIT_NGROK_FAULT", "").split(","))
        self.domains = told.get("KIT_NGROK_DOMAIN", "").split(",")
        self.limit = int(told.get("KIT_NGROK_SESSIONS", "3"))
        self.endpoints: dict[str, Endpoint] = {}  # by their names
        self._turn, self._written = asyncio.Lock(), asyncio.Semaphore(0)
        self._online = asyncio.ensure_future(self._come_online())

    async def run(self) -> None:
        try:
            while said := await self._reader.read(1024):
                for _ in said:
                    self._written.release()
        finally:
            await self.end()

    async def end(self) -> None:
        self.cloud.sessions.discard(self)
        endpoints = list(self.endpoints.values())
        self.endpoints.clear()
        for endpoint in endpoints:
            await endpoint.close()
        self._online.cancel()
        await asyncio.gather(self._online, return_exceptions=True)
        self._writer.close()

    async def log(self, level: str, message: str, **facts: Any) -> None:
        """Comes back when the line is written; an agent whose log nobody reads stands still."""
        async with self._turn:
            self._say("log", level, message, facts)
            await self._written.acquire()

    def _say(self, *words: Any) -> None:
        self._writer.write(json.dumps(words).encode() + b"\n")

    async def _come_online(self) -> None:
        try:
            listener, address = await self._listen()
        except OSError as error:
            self._say("fail", f"listen tcp {self._web_addr}: bind: {error.strerror}")
            return
        async with serving(listener, Api(self).answer):
            await self.log("info", "starting web service", obj="web", addr=address, allow_hosts="[]")
            while lost := [text for name, text in UNREACHABLE.items() if name in self.faults]:
                await self.log("eror", "failed to reconnect session", obj="tunnels.session", err=lost[0])
                await asyncio.sleep(0.25)
            if "slow" in self.faults:
                await asyncio.sleep(0.5)
            if code := next(filter(str.isdigit, self.faults), "") or self._refused():
                said = sentence(code, token=self.token, limit=self.limit)
                self._say("fail", f"authentication failed: {said}")
            else:
                await self.log("info", "client session established", obj="tunnels.session")
                await self.log("info", "tunnel session started", obj="tunnels.session")
            await asyncio.Event().wait()

    def _refused(self) -> str:
        others = [each for each in self.cloud.sessions if each.token == self.token and each is not self]
        return refuses_session(self.token, len(others), self.limit)

    async def _listen(self) -> tuple[socket.socket, str]:
        """At the address of the configuration, or else at the first free port from 4040 on."""
        _, _, first = (self._web_addr or "127.0.0.1:4040").rpartition(":")
        host = "127.0.0.1"  # whatever it says: nothing of the kit listens to other machines
        for port in range(int(first), int(first) + 1000):
            try:
                return socket.create_server((host, port)), f"{host}:{port}"
            except OSError:
                if self._web_addr:
                    raise
                taken = f"{host}:{port}"
                said = "can't bind default web address, trying alternatives"
                await self.log("warn", said, obj="web", addr=taken)
        raise OSError

    def dies(self) -> None:
        asyncio.get_running_loop().call_later(0.2, self._say, "die")
