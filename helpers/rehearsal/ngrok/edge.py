"""The stand-in ngrok agent's data path: an endpoint's public side, forwarded to its upstream.

TLS is imagined to end at ngrok's edge, so an endpoint listens for plain HTTP on a loopback port and says
``X-Forwarded-Proto: https``. Bodies are passed on piece by piece, headers as they were written.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import h11

from helpers.rehearsal.ngrok.account import Page, error_page, turned_away
from helpers.rehearsal.ngrok.log import log
from helpers.web.same_user import Address, is_ours

_HOP = set(b"connection keep-alive proxy-connection te trailer transfer-encoding upgrade".split())
_PIECE = 65536
_CONNECT_PATIENCE = 5.0  # seconds; an upstream on loopback answers or refuses at once


class Peer:
    """One end of a conversation: a socket and h11's view of what may be said on it."""

    def __init__(self, sock: socket.socket, role: type[h11.CLIENT] | type[h11.SERVER]) -> None:
        # Head and body are two writes: without this the second waits 40 ms for the first one's receipt.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.http = h11.Connection(role, max_incomplete_event_size=_PIECE)

    def receive(self) -> Any:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            if self.http.they_are_waiting_for_100_continue:
                self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.http.receive_data(self.sock.recv(_PIECE))
        return event

    def body(self) -> Iterator[h11.Data]:
        while isinstance(event := self.receive(), h11.Data):
            yield event

    def send(self, event: Any) -> None:
        self.sock.sendall(self.http.send(event) or b"")

    def reply(self, page: Page, close: bool = False) -> None:
        status, headers, body = page
        fields = [*headers.items(), ("Content-Length", str(len(body)))] if status != 204 else []
        self.send(h11.Response(status_code=status, headers=fields + [("Connection", "close")] * close))
        if body:
            self.send(h11.Data(data=body))
        self.send(h11.EndOfMessage())


Handler = Callable[[Peer, h11.Request, str], None]


def listen(host: str, port: int, handle: Handler) -> socket.socket:
    """Serve ``handle(client, request, remote address)`` until the returned socket is closed.

    Raises:
        OSError: the port is taken.
    """
    listener = socket.create_server((host, port))
    threading.Thread(target=_accept, args=(listener, handle), daemon=True).start()
    return listener


def _accept(listener: socket.socket, handle: Handler) -> None:
    while True:
        try:
            sock, address = listener.accept()
        except OSError:
            return
        threading.Thread(target=_converse, args=(sock, address, handle), daemon=True).start()


def _converse(sock: socket.socket, address: Address, handle: Handler) -> None:
    client = Peer(sock, h11.SERVER)
    with sock:
        try:
            # The real agent's local API asks nobody who they are; the internet's side has no local users.
            if not is_ours(address, sock.getsockname()):
                return
            while isinstance(request := client.receive(), h11.Request):
                handle(client, request, address[0])
                if client.http.our_state is not h11.DONE or client.http.their_state is not h11.DONE:
                    return
                client.http.start_next_cycle()
        except (OSError, h11.ProtocolError):
            return  # the client went away, or the upstream broke off in the middle of its answer


class Endpoint:
    """One public address; ``recorded`` holds what crossed it, newest first, without bodies."""

    def __init__(self, name: str, host: str, upstream: str, *, inspect: bool, faults: set[str]) -> None:
        self.name, self.host, self.upstream = name, host, upstream
        self.inspect, self.faults = inspect, faults
        self.online = True
        self.count = 0
        self.recorded: deque[dict[str, Any]] = deque(maxlen=500)
        self._listener = listen("127.0.0.1", 0, self._handle)
        self.port: int = self._listener.getsockname()[1]

    def close(self) -> None:
        self.online = False
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the waiting accept
        self._listener.close()

    def _handle(self, client: Peer, request: h11.Request, remote: str) -> None:
        if not self.online:
            client.reply(error_page("3200", self.host), close=True)
        elif page := turned_away(self.faults, self.host, dict(request.headers)):
            client.reply(page, close=True)
        else:
            self._record(client, request, remote)

    def _record(self, client: Peer, request: h11.Request, remote: str) -> None:
        self.count += 1
        id_, clock = f"airt_{self.count:012}", time.perf_counter_ns()
        entry: dict[str, Any] = {
            "id": id_,
            "uri": f"/api/requests/http/{id_}",
            "tunnel_name": self.name,
            "remote_addr": remote,
            "start": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "duration": 0,
            "request": {
                "method": request.method.decode(),
                "proto": f"HTTP/{request.http_version.decode()}",
                "uri": request.target.decode("latin-1"),
                "headers": _by_name(request.headers.raw_items()),
            },
            "response": None,
        }
        if self.inspect:
            self.recorded.appendleft(entry)
        for status, headers in self._forward(client, request, remote):
            entry["response"] = {"status": str(status), "status_code": status, "headers": _by_name(headers)}
            # Once before the client has its answer and may ask for this record, once when all is passed on.
            entry["duration"] = time.perf_counter_ns() - clock
        entry["duration"] = time.perf_counter_ns() - clock

    def _forward(self, client: Peer, request: h11.Request, remote: str) -> Iterator[tuple[int, Any]]:
        """Yields status and headers as soon as they are known, which for a stream is long before its end."""
        target = urlsplit(self.upstream)
        try:
            sock = socket.create_connection((target.hostname, target.port or 80), _CONNECT_PATIENCE)
        except OSError:
            yield self._sorry(client, "8012")
            return
        log("info", "join connections", obj="join", l=target.netloc, r=remote)
        with sock:
            sock.settimeout(None)
            server = Peer(sock, h11.CLIENT)
            try:
                answer = _ask(client, server, request, remote)
            except (OSError, h11.RemoteProtocolError):
                answer = None
            if not isinstance(answer, h11.Response | h11.InformationalResponse):
                yield self._sorry(client, "3004")
                return
            yield answer.status_code, answer.headers.raw_items()
            _pass_on(server, client, answer)

    def _sorry(self, client: Peer, code: str) -> tuple[int, Any]:
        status, headers, body = error_page(code, self.host, self.upstream)
        client.reply((status, headers, body), close=True)
        return status, [(name.encode(), value.encode()) for name, value in headers.items()]


def _ask(client: Peer, server: Peer, request: h11.Request, remote: str) -> Any:
    headers = _forwarded(request, remote)
    server.send(h11.Request(method=request.method, target=request.target, headers=headers))
    for piece in chain(client.body(), [h11.EndOfMessage()]):
        try:
            server.send(piece)
        except OSError:
            break  # the upstream has answered without reading to the end
    while isinstance(answer := server.receive(), h11.InformationalResponse) and answer.status_code != 101:
        pass
    return answer


def _pass_on(server: Peer, client: Peer, answer: h11.Response | h11.InformationalResponse) -> None:
    if isinstance(answer, h11.InformationalResponse):
        client.send(h11.InformationalResponse(status_code=101, headers=list(answer.headers.raw_items())))
        _splice(client, server)
        return
    headers = [(name, value) for name, value in answer.headers.raw_items() if name.lower() not in _HOP]
    client.send(h11.Response(status_code=answer.status_code, headers=headers, reason=answer.reason))
    for piece in server.body():
        client.send(piece)
    client.send(h11.EndOfMessage())


def _splice(client: Peer, server: Peer) -> None:
    """After an upgrade the two sides speak a protocol that is none of our business."""
    back = threading.Thread(target=_pump, args=(server, client), daemon=True)
    back.start()
    _pump(client, server)
    back.join()


def _pump(source: Peer, sink: Peer) -> None:
    piece = source.http.trailing_data[0]
    with suppress(OSError):
        sink.sock.sendall(piece)
        while piece := source.sock.recv(_PIECE):
            sink.sock.sendall(piece)
        sink.sock.shutdown(socket.SHUT_WR)


def _forwarded(request: h11.Request, remote: str) -> list[tuple[bytes, bytes]]:
    """What ngrok tells the upstream: https://ngrok.com/docs/universal-gateway/http/ (upstream headers)."""
    told = dict(request.headers)
    added = {b"x-forwarded-for": remote.encode(), b"x-forwarded-proto": b"https"}
    ours = _HOP.union(added)
    headers = [(name, value) for name, value in request.headers.raw_items() if name.lower() not in ours]
    for name, value in added.items():
        before = [old for key, old in request.headers if key == name]
        headers.append((name, b", ".join([*before, value])))
    if b"x-forwarded-host" not in told:
        headers.append((b"X-Forwarded-Host", told.get(b"host", b"")))
    if b"transfer-encoding" in told:
        headers.append((b"Transfer-Encoding", b"chunked"))
    if b"upgrade" in told.get(b"connection", b"").lower():
        return [*headers, (b"Connection", b"Upgrade"), (b"Upgrade", told.get(b"upgrade", b""))]
    return [*headers, (b"Connection", b"close")]


def _by_name(headers: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").title(), []).append(value.decode("latin-1"))
    return found
