"""A Strapi of fixed answers, any of which a test can replace."""

from __future__ import annotations

import copy
import time
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from helpers.core.masking import Secret
from helpers.rehearsal.strapi.administration import USERS
from tests.support.asgi import AsgiServer

PASSWORD = Secret("correct-horse-battery")
STORED = {
    "email": {"icon": "envelope", "enabled": True},
    "github": {"enabled": True, "key": "gh", "secret": "github-client-secret", "weight": 1, "on": True},
    "instagram": {"enabled": False, "key": "", "secret": "", "callbackUrl": "x", "scope": ["user_profile"]},
}
WANTED: dict[str, Any] = {
    "key": "17",
    "secret": Secret("f5ba10a7dd78c2410ab6b8a35ab28226"),
    "callback": "https://a.example/b",
}
# Strapi's session lasts a day; a date written out here would pass, and then the jar drops the cookie.
KOA = f"koa.sess=c2VjcmV0; path=/; expires={formatdate(time.time() + 86_400, usegmt=True)}"
HTML = HTMLResponse("<h1>Hello</h1>")
BROKEN = Response('{"data": {', media_type="application/json")
OTHER_SHAPE = JSONResponse(["neither", "nor"])
FORBIDDEN_HTML = HTMLResponse("<h1>No</h1>", 403)


def refusal(status: int, message: str) -> Response:
    error = {"status": status, "name": "ApplicationError", "message": message, "details": {}}
    return JSONResponse({"data": None, "error": error}, status)


class Canned:
    """Answers each path with what ``answers`` holds for it: a response, or a function of the request."""

    def __init__(self) -> None:
        methods = ["GET", "POST", "PUT", "DELETE"]
        self.server = AsgiServer(Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)]))
        self.forget()

    def forget(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[Request] = []
        self.stored = copy.deepcopy(STORED)
        self.sign_ins = 0

    async def _answer(self, request: Request) -> Response:
        await request.body()
        self.asked.append(request)
        answer = self.answers.get(f"{request.method} {request.url.path}", self._as_strapi)
        return answer if isinstance(answer, Response) else await answer(request)

    async def _as_strapi(self, request: Request) -> Response:
        """A Strapi reduced to what an administrator needs."""
        what = f"{request.method} {request.url.path}"
        if what == "POST /admin/login":
            self.sign_ins += 1
            return JSONResponse({"data": {"token": f"admin-session-{self.sign_ins}"}})
        if what == "GET /admin/information":
            return JSONResponse(
                {"data": {"strapiVersion": "5.54.0", "autoReload": False, "currentEnvironment": "test"}}
            )
        if request.url.path.startswith(USERS):
            return JSONResponse({"results": []})
        if what == "PUT /users-permissions/providers":
            self.stored = (await request.json())["providers"]
            return JSONResponse({"ok": True})
        return JSONResponse({name: {**entry, "redirectUri": "x"} for name, entry in self.stored.items()})

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.asked if "providers" in request.url.path]
