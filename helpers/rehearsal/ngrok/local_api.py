"""The stand-in ngrok agent's local API, as far as pyngrok uses it: https://ngrok.com/docs/agent/api/"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from helpers.rehearsal.ngrok.account import refuses_endpoint, sentence
from helpers.rehearsal.ngrok.edge import Endpoint
from helpers.web.answers import Answer, as_json
from helpers.web.serving import Request

if TYPE_CHECKING:
    from helpers.rehearsal.ngrok.cloud import Session

_FIELDS = {
    "endpoints": {"name", "url", "upstream", "traffic_policy", "pooling_enabled", "inspect", "bindings",
                  "description", "metadata"},
    "tunnels": {"name", "addr", "proto", "domain", "inspect", "schemes", "basic_auth"},
}  # fmt: skip
_INVALID, _NOT_STARTED = (102, "invalid tunnel configuration"), (103, "failed to start tunnel")

Found = tuple[int, Any]


class Api:
    """``endpoints`` (since agent 3.30) and ``tunnels`` are two views of the same addresses."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._endpoints = session.endpoints

    async def answer(self, request: Request) -> web.StreamResponse:
        path, host = request.path, request.headers.get("Host", "")
        body = await request.read()
        await self._session.log("info", "start", pg=path)
        if urlsplit(f"//{host}").hostname not in ("127.0.0.1", "localhost", "::1"):
            status, found = _error(403, (100, "Host not allowed"), host)
        else:
            status, found = await self._answer(request.method, path, request.query, body)
        await self._session.log("info", "end", pg=path, status=status)
        return Answer(status=204) if status == 204 else as_json(found, status)

    async def _answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Found:
        kind, _, name = path.removeprefix("/api/").partition("/")
        name = unquote(name)
        match method, kind:
            case _, "endpoints" if "no-endpoints-api" in self._session.faults:
                pass
            case "GET", "status":
                version = self._session.version
                return 200, {"status": "online", "agent_version": version, "session": {}, "uri": path}
            case _, "requests":
                return self._requests(method, name.removeprefix("http").strip("/"), query)
            case "POST", "endpoints" | "tunnels":
                return await self._create(kind, json.loads(body))
            case "GET", "endpoints" | "tunnels" if not name:
                return 200, {kind: [_shape(kind, it) for it in self._endpoints.values()], "uri": path}
            case "GET", "endpoints" | "tunnels" if name in self._endpoints:
                return 200, _shape(kind, self._endpoints[name])
            case "DELETE", "endpoints" | "tunnels" if name in self._endpoints:
                await self._endpoints.pop(name).close()
                return 204, None
        return _error(404, (100, "Not Found"), path)

    async def _create(self, kind: str, asked: dict[str, Any]) -> Found:
        name, addr = str(asked.get("name", "")), str(asked.get("addr", ""))
        upstream = asked.get("upstream", {}).get(
            "url", f"http://localhost:{addr}" if addr.isdigit() else addr
        )
        if unknown := set(asked) - _FIELDS[kind]:
            return _error(400, _INVALID, f"field {min(unknown)} not found")
        if not name or name in self._endpoints or not upstream.startswith("http://"):
            return _error(400, _INVALID, f"name '{name}' is taken or upstream '{upstream}' is not http")
        session = self._session
        host = urlsplit(asked.get("url", "")).hostname or asked.get("domain", "") or session.domains[0]
        taken = host in session.cloud.endpoints or host in session.cloud.held
        if code := refuses_endpoint(host, session.domains, len(self._endpoints), taken):
            return _error(502, _NOT_STARTED, f"failed to start tunnel: {sentence(code, host=host)}")
        inspect = asked.get("inspect", True)
        endpoint = Endpoint(name, host, upstream, inspect=inspect, faults=session.faults, log=session.log)
        await endpoint.__aenter__()
        self._endpoints[name] = endpoint
        await session.log(
            "info", "started tunnel", obj="tunnels", name=name, addr=upstream, url=f"https://{host}"
        )
        if "dies" in session.faults:
            session.dies()
        return 201, _shape(kind, endpoint)

    def _requests(self, method: str, id_: str, query: Mapping[str, str]) -> Found:
        wanted = query.get("tunnel_name")
        chosen = [it for it in self._endpoints.values() if not wanted or it.name == wanted]
        if method == "DELETE":
            for endpoint in chosen:
                endpoint.recorded.clear()
            return 204, None
        found = [entry for it in chosen for entry in it.recorded if id_ in ("", entry["id"])]
        if id_:
            return (200, found[0]) if found else _error(404, (100, "Not Found"), id_)
        return 200, {"requests": found[: int(query.get("limit", "500"))], "uri": "/api/requests/http"}


def _error(status: int, kind: tuple[int, str], detail: str) -> Found:
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
        config = {"addr": endpoint.origin, "inspect": inspect}
        return shape | {"public_url": url, "proto": "https", "config": config}
    return shape | {
        "url": url,
        "upstream": {"url": endpoint.origin, "protocol": "http1"},
        "inspect": inspect,
    }
