"""The gateway beside what people would put there instead: under a crowd, and with large bodies."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench import rivals
from tests.bench.gateway import Load, Process, load_on, serving
from tests.bench.measuring import Row, percentile

_LOADS = ((1, 1000), (50, 6000), (200, 6000))  # connections, requests in all
_BODIES = Load(8, 24, 10 * 1024**2), Load(8, 24, 10 * 1024**2, up=True)
_ROUNDS = 3  # in turns: a busy moment hits all
_TICK = os.sysconf("SC_CLK_TCK")
_PROMISES = {
    1: "at most +0.6 ms p50",
    50: "half of http-proxy's throughput, p95 at most 40 ms, at most 0.35 ms of CPU",
    200: "0.4 of http-proxy's throughput, at most 0.40 ms of CPU",
}


Servers = dict[str, tuple[str, int]]  # address and process


def rows() -> list[Row]:
    with _side_by_side("bare") as servers:
        crowds = [_row(servers, connections, requests) for connections, requests in _LOADS]
    with _side_by_side("upstream") as servers:
        return [*crowds, *(_large(servers, load) for load in _BODIES)]


@contextmanager
def _side_by_side(upstream: str) -> Iterator[Servers]:
    with ExitStack() as stack:
        behind = stack.enter_context(serving(upstream))
        gateway = stack.enter_context(serving("gateway", behind.url))
        yield {
            "directly": (behind.url, behind.pid),
            "nginx": stack.enter_context(rivals.nginx(behind.url)),
            "http-proxy": stack.enter_context(rivals.http_proxy(behind.url)),
            "the gateway": (gateway.url, gateway.pid),
        }


def _large(servers: Servers, load: Load) -> Row:
    """Bytes a second, and how much of what passes is held on the way."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    processes = {name: Process(None, url, pid) for name, (url, pid) in servers.items()}
    rest = {name: each.memory() for name, each in processes.items()}
    for each in processes.values():
        each.forget_peak()
    for _ in range(_ROUNDS):
        for name, (url, _pid) in servers.items():
            began = time.perf_counter()
            with suppress(AssertionError):  # nginx says 502 when its connection has just been closed
                asyncio.run(load_on(url, load))
                rates[name].append(load.requests * load.size / 1024**2 / (time.perf_counter() - began))
    told = [
        f"{name} {statistics.median(rates[name] or [0]):.0f} MB a second, "
        f"+{processes[name].memory('VmHWM') - rest[name]:.0f} MB at the most"
        for name in servers
    ]
    return Row(f"large bodies, {load}", "; ".join(told), "not held: below +80 MB")


def _row(servers: Servers, connections: int, requests: int) -> Row:
    rates: dict[str, list[float]] = {name: [] for name in servers}
    times: dict[str, list[float]] = {name: [] for name in servers}
    spent = dict.fromkeys(servers, 0.0)
    for _ in range(_ROUNDS):
        for name, (url, pid) in servers.items():
            asyncio.run(_ask(url, connections, connections * 3))
            before, began = _cpu(pid), time.perf_counter()
            taken = asyncio.run(_ask(url, connections, requests // _ROUNDS))
            rates[name].append(len(taken) / (time.perf_counter() - began))
            spent[name] += _cpu(pid) - before
            times[name] += taken
    told = [
        f"{name} {sorted(rates[name])[_ROUNDS // 2]:.0f} a second, {percentile(times[name], 50):.2f} ms p50, "
        f"{percentile(times[name], 95):.1f} ms p95, {spent[name] / len(times[name]) * 1000:.2f} ms of CPU"
        for name in servers
    ]
    many = "one connection" if connections == 1 else f"{connections} at a time"
    return Row(f"a crowd before a bare server, {many}, 1 KB", "; ".join(told), _PROMISES[connections])


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


async def _ask(url: str, connections: int, requests: int) -> list[float]:
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    crowd = []
    for _ in range(connections):
        done: asyncio.Future[list[float]] = loop.create_future()
        crowd.append(done)
        make = _one(requests // connections, done)
        await loop.create_connection(make, parts.hostname, parts.port)
    return [taken for several in await asyncio.gather(*crowd) for taken in several]


def _one(requests: int, done: asyncio.Future[list[float]]) -> Callable[[], asyncio.Protocol]:
    return lambda: _Client(requests, done)


class _Client(asyncio.Protocol):
    """One kept-alive connection, bare: a client library would cost more than what is measured."""

    _ASKED = (
        b"GET /api/bytes/1024 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
        b"Accept: */*\r\nAccept-Language: en\r\nReferer: http://localhost/\r\n\r\n"
    )

    def __init__(self, requests: int, done: asyncio.Future[list[float]]) -> None:
        self._left, self._done = requests, done
        self._times: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._began, self._said = time.perf_counter(), b""
        self._transport.write(self._ASKED)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._said += data
        head, end, body = self._said.partition(b"\r\n\r\n")
        if not end or not (len(body) == 1024 or body.endswith(b"\r\n0\r\n\r\n")):
            return
        assert head.startswith(b"HTTP/1.1 200"), head
        self._times.append(time.perf_counter() - self._began)
        self._left -= 1
        if self._left > 0:
            self._send()
        else:
            self._transport.close()
            self._done.set_result(self._times)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("hung up"))
