"""Answers of the kit's own servers, and which handler gives them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import hdrs, web

from helpers.web.serving import Answer, Handler, Request

__all__ = ["Answer", "Routes", "as_json", "redirect", "refusal", "text"]


def text(said: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(text=said, status=status, headers=headers)


def as_json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(body=body, status=status, headers=headers, content_type="application/json")


def refusal(status: int, name: str, message: str, details: Mapping[str, Any] | None = None) -> Answer:
    """In the shape of Strapi's own errors, which a front end knows how to show."""
    error = {"status": status, "name": name, "message": message, "details": details or {}}
    return as_json({"data": None, "error": error}, status)


def redirect(address: str) -> Answer:
    return Answer(status=302, headers={hdrs.LOCATION: address})


class Routes:
    """A handler made of others: ``(method, path, handler)``, as in https://docs.aiohttp.org/en/stable/web_quickstart.html.

    The parts of the path that a pattern names are in ``request.parts``.
    """

    def __init__(self, routes: Iterable[tuple[str, str, Handler]]) -> None:
        self._known = web.UrlDispatcher()
        for method, path, handler in routes:
            for each in (method, "HEAD") if method == "GET" else (method,):
                self._known.add_route(each, path, handler)  # type: ignore[arg-type]  # a bare request is enough

    async def __call__(self, request: Request) -> web.StreamResponse:
        found = await self._known.resolve(request)  # type: ignore[arg-type]  # here, too
        if error := found.http_exception:
            return text(f"{error.reason}\n", error.status)
        request.parts = dict(found)
        return await found.handler(request)  # type: ignore[arg-type]  # a bare one is enough
