"""What the gateway costs: per request, under load, for large bodies, in memory."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.measuring import Row, percentile

ROOT = Path(__file__).parents[2]
_KB, _MB = 1024, 1024 * 1024
_PIECE = b"x" * 65536
_WITNESSED = "/api/connect/instagram-business"  # the first hop of a login


@dataclass(frozen=True)
class Load:
    connections: int
    requests: int
    size: int
    up: bool = False  # the body is the request's, else the answer's
    path: str = ""

    def __str__(self) -> str:
        many = "one connection" if self.connections == 1 else f"{self.connections} at a time"
        body = f"{self.size // _KB} KB" if self.size < _MB else f"{self.size // _MB} MB"
        return f"{many}, {body}" + (" uploaded" if self.up else "")


_ONE = Load(1, 1000, _KB)
_LOADS = (
    Load(50, 2000, _KB), Load(200, 2000, _KB),
    Load(1, 20, 10 * _MB), Load(8, 40, 10 * _MB), Load(50, 250, 10 * _MB),
    Load(1, 20, 10 * _MB, up=True), Load(8, 40, 10 * _MB, up=True), Load(50, 250, 10 * _MB, up=True),
)  # fmt: skip


@dataclass
class Process:
    """A server in a process of its own, so that its time and memory are its own too."""

    process: subprocess.Popen[str] | None
    url: str
    pid: int

    def hops(self) -> int:
        """How many its witness keeps."""
        assert self.process
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def memory(self, field: str = "VmRSS") -> float:
        """In MB; ``VmHWM`` is the most since :meth:`forget_peak`."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"{field}:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0

    def forget_peak(self) -> None:
        with suppress(OSError):
            Path(f"/proc/{self.pid}/clear_refs").write_text("5")


@contextmanager
def serving(*arguments: str) -> Iterator[Process]:
    command = [sys.executable, "-m", "tests.bench.peer", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Process(process, process.stdout.readline().strip(), process.pid)
        process.stdin.close()


def rows() -> list[Row]:
    with serving("upstream") as upstream, serving("gateway", upstream.url) as gateway:
        # First: for two seconds after many requests at once, their idle connections cost each request 2 ms.
        one = _load(upstream, gateway, _ONE)
        at_rest = gateway.memory()
        large = [load for load in _LOADS if load.size > _MB and load.connections > 1]
        streamed = [_streaming(gateway, load, at_rest) for load in large]
        others = [_load(upstream, gateway, load) for load in _LOADS]
        return [one, *others, *streamed, _endurance(gateway)]


def _load(upstream: Process, gateway: Process, load: Load) -> Row:
    direct: list[float] = []
    through: list[float] = []
    walls = {"direct": 0.0, "through": 0.0}
    for _ in range(5):  # in turns: a busy moment hits both
        for name, server, times in (("direct", upstream, direct), ("through", gateway, through)):
            began = time.perf_counter()
            times += asyncio.run(load_on(server.url, replace(load, requests=load.requests // 5)))
            walls[name] += time.perf_counter() - began
    added = [percentile(through, p) - percentile(direct, p) for p in (50, 95)]
    value = (
        f"{added[0]:+.2f} ms p50, {added[1]:+.2f} ms p95 on {percentile(direct, 50):.2f} ms; "
        f"{len(through) / walls['through']:.0f} a second against {len(direct) / walls['direct']:.0f}"
    )
    return Row(f"gateway, {load}", value, "at most +3 ms p50" if load is _ONE else "")


async def load_on(url: str, load: Load) -> list[float]:
    each = max(1, load.requests // load.connections)
    times = await asyncio.gather(*(_connection(url, each, load) for _ in range(load.connections)))
    return [time for several in times for time in several]


async def _connection(url: str, requests: int, load: Load) -> list[float]:
    """One kept-alive connection, bare: a client library would cost more than what is measured."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=_MB)
    sent, answered = (load.size, _KB) if load.up else (0, load.size)
    head = f"Host: {parts.netloc}\r\n" + (f"Content-Length: {sent}\r\n" if sent else "")
    method, path = "POST" if sent else "GET", load.path or f"/api/bytes/{answered}"
    asked = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode()
    times = []
    for _ in range(requests):
        began = time.perf_counter()
        writer.write(asked)
        for _ in range(sent // len(_PIECE)):
            writer.write(_PIECE)
            await writer.drain()
        said = await reader.readuntil(b"\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 200"), said
        missing = answered
        while missing:
            missing -= len(await reader.read(min(missing, _MB)))
        times.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()
    return times


def _streaming(gateway: Process, load: Load, at_rest: float) -> Row:
    gateway.forget_peak()
    asyncio.run(load_on(gateway.url, replace(load, requests=2 * load.connections)))
    grown = gateway.memory("VmHWM") - at_rest
    promise = "below 80 MB" if load.connections == 8 else ""
    return Row(f"gateway's memory while bodies pass, {load}", f"+{grown:.1f} MB at the most", promise)


def _endurance(gateway: Process) -> Row:
    """Half of the requests begin a login, which the witness records."""
    loads = Load(20, 5_000, _KB), Load(20, 5_000, _KB, path=_WITNESSED)
    for load in loads:
        asyncio.run(load_on(gateway.url, replace(load, requests=1_000)))
    before = gateway.memory()
    for load in loads:
        asyncio.run(load_on(gateway.url, load))
    value = f"{gateway.memory() - before:+.1f} MB on {before:.0f} MB; {gateway.hops()} hops kept"
    return Row("gateway's memory after 10,000 more requests, 5,000 of them hops of a login", value, "flat")
