"""The stand-in ngrok agent's local API, as far as pyngrok uses it: https://ngrok.com/docs/agent/api/"""

from __future__ import annotations

import json
import os
import threading
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import h11

from helpers.rehearsal.ngrok.account import Cloud, own_domains
from helpers.rehearsal.ngrok.edge import Endpoint, Peer, listen
from helpers.rehearsal.ngrok.log import log

_FIELDS = {
    "endpoints": {"name", "url", "upstream", "traffic_policy", "pooling_enabled", "inspect", "bindings",
                  "description", "metadata"},
    "tunnels": {"name", "addr", "proto", "domain", "inspect", "schemes", "basic_auth"},
}  # fmt: skip
_INVALID, _NOT_STARTED = (102, "invalid tunnel configuration"), (103, "failed to start tunnel")

Answer = tuple[int, Any]


class Api:
    """``endpoints`` (since agent 3.30) and ``tunnels`` are two views of the same addresses."""

    def __init__(self, cloud: Cloud, version: str, faults: set[str]) -> None:
        self.cloud, self.version, self.faults = cloud, version, faults
        self.endpoints: dict[str, Endpoint] = {}
        self._lock = threading.Lock()

    def open(self, web_addr: str) -> int:
        """Listen at ``web_addr``, or at the first free port from 4040 on if it is empty.

        Raises:
            OSError: the port is taken.
        """
        host, _, first = (web_addr or "127.0.0.1:4040").rpartition(":")
        for port in range(int(first), int(first) + 1000):
            try:
                listen(host, port, self._serve)
                break
            except OSError:
                if web_addr:
                    raise
                taken = f"{host}:{port}"
                log("warn", "can't bind default web address, trying alternatives", obj="web", addr=taken)
        log("info", "starting web service", obj="web", addr=f"{host}:{port}", allow_hosts="[]")
        return port

    def _serve(self, client: Peer, request: h11.Request, remote: str) -> None:
        target = urlsplit(request.target.decode("latin-1"))
        body = b"".join(bytes(piece.data) for piece in client.body())
        host = dict(request.headers).get(b"host", b"").decode("latin-1")
        log("info", "start", pg=target.path)
        if urlsplit(f"//{host}").hostname not in ("127.0.0.1", "localhost", "::1"):
            status, answer = _error(403, (100, "Host not allowed"), host)
        else:
            with self._lock:
                status, answer = self._answer(request.method.decode(), target.path, target.query, body)
        log("info", "end", pg=target.path, status=status)
        text = json.dumps(answer).encode() if status != 204 else b""
        client.reply((status, {"Content-Type": "application/json"}, text))

    def _answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        kind, _, name = path.removeprefix("/api/").partition("/")
        name = unquote(name)
        match method, kind:
            case _, "endpoints" if "no-endpoints-api" in self.faults:
                pass
            case "GET", "status":
                return 200, {"status": "online", "agent_version": self.version, "session": {}, "uri": path}
            case _, "requests":
                return self._requests(method, name.removeprefix("http").strip("/"), parse_qs(query))
            case "POST", "endpoints" | "tunnels":
                return self._create(kind, json.loads(body))
            case "GET", "endpoints" | "tunnels" if not name:
                return 200, {kind: [_shape(kind, it) for it in self.endpoints.values()], "uri": path}
            case "GET", "endpoints" | "tunnels" if name in self.endpoints:
                return 200, _shape(kind, self.endpoints[name])
            case "DELETE", "endpoints" | "tunnels" if name in self.endpoints:
                endpoint = self.endpoints.pop(name)
                endpoint.close()
                self.cloud.free(endpoint.host)
                return 204, None
        return _error(404, (100, "Not Found"), path)

    def _create(self, kind: str, asked: dict[str, Any]) -> Answer:
        name, addr = str(asked.get("name", "")), str(asked.get("addr", ""))
        upstream = asked.get("upstream", {}).get(
            "url", f"http://localhost:{addr}" if addr.isdigit() else addr
        )
        if unknown := set(asked) - _FIELDS[kind]:
            return _error(400, _INVALID, f"field {min(unknown)} not found")
        if not name or name in self.endpoints or not upstream.startswith("http://"):
            return _error(400, _INVALID, f"name '{name}' is taken or upstream '{upstream}' is not http")
        host = urlsplit(asked.get("url", "")).hostname or asked.get("domain", "")
        host = host or own_domains()[0]
        endpoint = Endpoint(name, host, upstream, inspect=asked.get("inspect", True), faults=self.faults)
        if code := self.cloud.refuses_endpoint(host, endpoint.port, len(self.endpoints)):
            endpoint.close()
            return _error(502, _NOT_STARTED, f"failed to start tunnel: {self.cloud.sentence(code, host)}")
        self.endpoints[name] = endpoint
        log("info", "started tunnel", obj="tunnels", name=name, addr=upstream, url=f"https://{host}")
        if "dies" in self.faults:
            threading.Timer(0.2, os._exit, [1]).start()
        return 201, _shape(kind, endpoint)

    def _requests(self, method: str, id_: str, query: dict[str, list[str]]) -> Answer:
        wanted = query.get("tunnel_name")
        chosen = [it for it in self.endpoints.values() if not wanted or it.name in wanted]
        if method == "DELETE":
            for endpoint in chosen:
                endpoint.recorded.clear()
            return 204, None
        found = [entry for it in chosen for entry in list(it.recorded) if id_ in ("", entry["id"])]
        if id_:
            return (200, found[0]) if found else _error(404, (100, "Not Found"), id_)
        return 200, {"requests": found[: int(query.get("limit", ["500"])[0])], "uri": "/api/requests/http"}


def _error(status: int, kind: tuple[int, str], detail: str) -> Answer:
    number, message = kind
    return status, {"error_code": number, "status_code": status, "msg": message, "details": {"err": detail}}


def _shape(kind: str, endpoint: Endpoint) -> dict[str, Any]:
    url, inspect, count = f"https://{endpoint.host}", endpoint.inspect, {"count": endpoint.count}
    shape = {
        "name": endpoint.name,
        "uri": f"/api/{kind}/{quote(endpoint.name, safe='')}",
        "metrics": {"conns": count, "http": count},
    }
    if kind == "tunnels":
        config = {"addr": endpoint.upstream, "inspect": inspect}
        return shape | {"public_url": url, "proto": "https", "config": config}
    return shape | {
        "url": url,
        "upstream": {"url": endpoint.upstream, "protocol": "http1"},
        "inspect": inspect,
    }
