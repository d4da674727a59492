"""What the gateway costs: per request, under load, for large bodies, in memory."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.measuring import Row, percentile

ROOT = Path(__file__).parents[2]
_KB, _MB = 1024, 1024 * 1024
# Connections at a time, requests in all, bytes of each answer.
_LOADS = ((1, 1000, _KB), (50, 2000, _KB), (200, 2000, _KB), (1, 20, 10 * _MB), (8, 24, 10 * _MB))


@dataclass
class Process:
    """A server in a process of its own, so that its time and memory are its own too."""

    pid: int
    url: str

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
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Process(process.pid, process.stdout.readline().strip())
        finally:
            process.terminate()


def rows() -> list[Row]:
    with serving("upstream") as upstream, serving("gateway", upstream.url) as gateway:
        found = [_load(upstream, gateway, *load) for load in _LOADS]
        return [*found, _streaming(gateway), _endurance(gateway)]


def _load(upstream: Process, gateway: Process, connections: int, requests: int, size: int) -> Row:
    direct: list[float] = []
    through: list[float] = []
    walls = {"direct": 0.0, "through": 0.0}
    for _ in range(5):  # in turns: a busy moment hits both
        for name, server, times in (("direct", upstream, direct), ("through", gateway, through)):
            began = time.perf_counter()
            times += asyncio.run(_load_on(server.url, connections, requests // 5, size))
            walls[name] += time.perf_counter() - began
    added = [percentile(through, p) - percentile(direct, p) for p in (50, 95)]
    many = "one connection" if connections == 1 else f"{connections} at a time"
    body = f"{size // _KB} KB" if size < _MB else f"{size // _MB} MB"
    value = (
        f"+{added[0]:.2f} ms p50, +{added[1]:.2f} ms p95 on {percentile(direct, 50):.2f} ms; "
        f"{requests / walls['through']:.0f} a second against {requests / walls['direct']:.0f}"
    )
    promise = "at most +3 ms p50" if (connections, size) == (1, _KB) else ""
    return Row(f"gateway, {many}, {body}", value, promise)


async def _load_on(url: str, connections: int, requests: int, size: int) -> list[float]:
    each = max(1, requests // connections)
    times = await asyncio.gather(*(_connection(url, each, size) for _ in range(connections)))
    return [time for several in times for time in several]


async def _connection(url: str, requests: int, size: int) -> list[float]:
    """One kept-alive connection, bare: a client library would cost more than what is measured."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=_MB)
    asked = f"GET /api/bytes/{size} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    times = []
    for _ in range(requests):
        began = time.perf_counter()
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        missing = size
        while missing:
            missing -= len(await reader.read(min(missing, _MB)))
        times.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()
    return times


def _streaming(gateway: Process) -> Row:
    before = gateway.memory()
    gateway.forget_peak()
    asyncio.run(_load_on(gateway.url, 8, 24, 10 * _MB))
    grown = gateway.memory("VmHWM") - before
    return Row(
        "gateway's memory while eight bodies of 10 MB pass", f"+{grown:.1f} MB at the most", "below 80 MB"
    )


def _endurance(gateway: Process) -> Row:
    asyncio.run(_load_on(gateway.url, 20, 2_000, _KB))
    before = gateway.memory()
    asyncio.run(_load_on(gateway.url, 20, 10_000, _KB))
    value = f"{gateway.memory() - before:+.1f} MB on {before:.0f} MB"
    return Row("gateway's memory after 10,000 more requests", value, "flat")
