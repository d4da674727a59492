"""The three ways in which Strapi talks to Instagram and hands the result to the front end.

:class:`TokenEngine` is Strapi up to 5.50, where the library Grant (https://github.com/simov/grant) puts the
token into the front end's URL. :class:`OAuthConnectEngine` is 5.51 and 5.52: code of Strapi's own, and still
the URL.
:class:`SessionEngine` is the same code from 5.53 on, where the token stays in the session cookie.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx

from helpers.core.flows import DOCUMENTED, PROFILE_URL
from helpers.rehearsal.strapi.parts import Refusal, Session
from helpers.rehearsal.strapi.providers import Provider


class Failed(Exception):
    """A login broke; ``body`` is what Instagram said with ``status``, if it was Instagram's doing."""

    def __init__(self, message: str, status: int = 0, body: Any = None) -> None:
        super().__init__(message)
        self.status, self.body = status, body

    @property
    def error(self) -> Any:
        return self.body.get("error") if isinstance(self.body, dict) else self.body


class Engine:
    no_way_out = "fetch failed"

    def __init__(self, outgoing: httpx.BaseTransport | None) -> None:
        self._outgoing = outgoing

    async def ask(self, request: httpx.Request) -> Any:
        """The JSON of a good answer. A bare transport keeps no cookies and follows no redirects."""
        if self._outgoing is None:
            raise Failed(self.no_way_out)
        request.extensions["timeout"] = httpx.Timeout(10).as_dict()
        try:
            response = await asyncio.to_thread(_ask, self._outgoing, request)
        except httpx.HTTPError as error:
            raise Failed(self.no_way_out) from error
        try:
            body = json.loads(response.content)
        except ValueError:
            body = response.text
            if request.method == "POST":  # a token may come as a form, as it did in OAuth's early days
                body = dict(parse_qsl(body, keep_blank_values=True))
        if response.status_code >= 400:
            raise Failed(f"{response.status_code} {response.reason_phrase}", response.status_code, body)
        return body

    async def profile(self, name: str, token: str) -> dict[str, str]:
        built_in = name == DOCUMENTED.provider
        fields = "id%2Cusername" if built_in else "id,username"
        headers = {"Authorization": f"Bearer {token}"}
        try:
            body = await self.ask(httpx.Request("GET", f"{PROFILE_URL}?fields={fields}", headers=headers))
        except Failed as failed:
            raise Refusal(self.reason(failed) if built_in else _explained(failed)) from failed
        if built_in:
            username = body.get("username", "undefined")
            return {"username": username, "email": f"{username}@strapi.io"}
        body = body["data"][0] if isinstance(body.get("data"), list) else body
        if not isinstance(body.get("id"), str) or not body["id"]:
            raise Refusal("Instagram sent no usable account id")
        if not body.get("username"):
            raise Refusal("Instagram sent no username: is this a Business or Creator account?")
        return {"username": body["username"], "email": f"{body['id']}@{name}.invalid"}

    def reason(self, failed: Failed) -> str:
        """What the built-in provider tells of a failed profile."""
        return str(failed)


class SessionEngine(Engine):
    without_session = "OAuth connect requires session middleware"

    def start(self, provider: Provider, session: Session) -> str:
        state = secrets.token_hex(20)
        url, query = provider.authorize(state)
        session.grant = {"provider": provider.name, "state": state}
        return f"{url}?{urlencode(query)}"

    async def finish(self, provider: Provider, query: dict[str, str], session: Session) -> str:
        grant, session.grant = session.grant or {}, {}
        if not provider.entry.get("callback"):
            raise Refusal("Provider callback URL is not configured")
        callback = urlsplit(provider.entry["callback"])
        if not callback.netloc:
            raise Refusal("Internal Server Error", 500, "InternalServerError")
        told: dict[str, Any] = {n: query[n] for n in ("error", "error_description") if n in query}
        if "error" not in query:
            try:
                session.grant, told = self._hand_over(await self._exchange(provider, query, grant))
            except Failed as failed:
                told = {"error": "oauth_error", "error_description": str(failed)}
        return str(callback._replace(query=urlencode(list(_flat(told)))).geturl())

    async def _exchange(
        self, provider: Provider, query: dict[str, str], grant: dict[str, Any]
    ) -> dict[str, Any]:
        if not query.get("code"):
            raise Failed("OAuth2 missing code parameter")
        if not grant.get("state") or query.get("state") != grant["state"]:
            raise Failed("OAuth2 state mismatch")
        try:
            body = await self.ask(provider.exchange(query["code"]))
        except Failed as failed:
            if failed.status and not failed.error:
                raise Failed(f"Token exchange failed ({failed.status})") from failed
            raise Failed(self.reason(failed)) from failed
        return _token(body) | {"raw": body}

    def _hand_over(self, token: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What goes into the session, and what into the front end's URL."""
        return {"response": _token(token)}, {}

    def answer(self, query: dict[str, str], grant: dict[str, Any] | None) -> dict[str, Any]:
        """Where the token is looked for when the front end asks who logged in."""
        if not grant or "response" not in grant:
            raise Refusal("OAuth authentication requires a completed provider session")
        response: dict[str, Any] = grant["response"]
        return response

    def reason(self, failed: Failed) -> str:
        # Instagram's errors are objects where Strapi expects a text.
        return "[object Object]" if isinstance(failed.error, dict) else str(failed.error or failed)


class OAuthConnectEngine(SessionEngine):
    def _hand_over(self, token: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, token

    def answer(self, query: dict[str, str], grant: dict[str, Any] | None) -> dict[str, Any]:
        return query


class TokenEngine(Engine):
    no_way_out = "connect ECONNREFUSED"
    without_session = "Grant: mount session middleware first"

    def start(self, provider: Provider, session: Session) -> str:
        state = secrets.token_hex(20) if provider.entry.get("state") else None
        url, query = provider.authorize(state)
        session.grant = {"provider": provider.name} | ({"state": state} if state else {})
        return f"{url}?{urlencode(query, quote_via=quote)}"

    async def finish(self, provider: Provider, query: dict[str, str], session: Session) -> str:
        session.grant = session.grant or {}
        callback = provider.entry.get("callback") or "/"
        told: dict[str, Any]
        if "provider" not in session.grant:
            # Grant learns the provider from the session; without one it does not even know the front end.
            callback, told = "/", {"error": "Grant: missing session or misconfigured provider"}
        elif not query.get("code"):
            told = query or {"error": "Grant: OAuth2 missing code parameter"}
        elif "state" in session.grant and query.get("state") != session.grant["state"]:
            told = {"error": "Grant: OAuth2 state mismatch"}
        else:
            told = await self._exchange(provider, query["code"])
        return f"{callback}?{urlencode(list(_flat(told)), quote_via=quote)}"

    async def _exchange(self, provider: Provider, code: str) -> dict[str, Any]:
        try:
            body = await self.ask(provider.exchange(code))
        except Failed as failed:
            return {"error": failed.body or str(failed)}
        return _token(body) | {"raw": body}

    def answer(self, query: dict[str, str], grant: dict[str, Any] | None) -> dict[str, Any]:
        return query


def _token(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("access_token",) if name in body}


def _explained(failed: Failed) -> str:
    """What the kit's own provider file tells of a failed profile."""
    if isinstance(failed.error, dict):
        return f"Instagram refused the profile: {failed.error['message']} (code {failed.error['code']})"
    if failed.status:
        return f"Instagram answered the profile request with status {failed.status} and no explanation"
    return Engine.no_way_out


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """A tree as a query, the way Grant writes it: ``raw[permissions][0]=…``."""
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(below, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, int):
        # JavaScript keeps 16 digits of a number, and Instagram's ids have 17.
        yield name, f"{Decimal(repr(float(value))).normalize():f}"
    else:
        yield name, str(value)


def _ask(outgoing: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
    response = outgoing.handle_request(request)
    with closing(response):
        response.read()
    return response
