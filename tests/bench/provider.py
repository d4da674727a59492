"""The OAuth libraries that others use for the same, on the same stand-in provider."""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
import webbrowser
from collections.abc import Callable
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx

from helpers.core.flows import HOSTS
from helpers.kit import Kit
from helpers.web.server import Server
from helpers.web.serving import Request

_WWW, _API, _GRAPH = HOSTS
_HOST_OF = {"/oauth/authorize": _WWW, "/oauth/access_token": _API}


def allow(client: httpx.Client, page: httpx.Response) -> httpx.Response:
    """Press *Allow* on the stand-in's consent page."""
    request = re.search(r'name="request" value="([^"]+)"', page.text)
    assert request, page.text[:300]
    form = {"request": unescape(request[1]), "decision": "allow"}
    return client.post(urljoin(str(page.url), "/oauth/authorize"), data=form)


class Provider:
    """The same stand-in for Instagram, on one loopback address for libraries that dial for themselves."""

    def __init__(self, kit: Kit) -> None:
        assert kit.world
        self._kit, stand_in = kit, kit.world.instagram

        async def named(request: Request) -> Any:
            host = _HOST_OF.get(request.path, _GRAPH)
            return await stand_in(request.clone(headers={**request.headers, "Host": host}))

        self._server = Server(named)
        self._robot = httpx.Client(trust_env=False)  # the person; shared, as a person's browser is open

    def __enter__(self) -> Provider:
        self._server.start()
        webbrowser.register("robot", None, self)  # type: ignore[arg-type]
        # What these libraries ask for before they speak plain HTTP with a stand-in.
        os.environ |= {"OAUTHLIB_INSECURE_TRANSPORT": "1", "OAUTHLIB_RELAX_TOKEN_SCOPE": "1"}
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._robot.close()
        for name in ("OAUTHLIB_INSECURE_TRANSPORT", "OAUTHLIB_RELAX_TOKEN_SCOPE"):
            del os.environ[name]

    def open(self, url: str, *_: object, **__: object) -> bool:
        """As ``webbrowser`` has it: returns at once, and the person consents meanwhile."""

        redirect_uri = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        assert self._kit.world
        self._kit.world.meta.app.redirect_uris.add(redirect_uri)  # a new port every time

        def consent() -> None:
            answer = allow(self._robot, self._robot.get(url))
            self._robot.get(answer.headers["location"])

        threading.Thread(target=consent, daemon=True).start()
        return True

    def google(self) -> None:
        from google_auth_oauthlib.flow import InstalledAppFlow

        facts = self._kit.settings
        assert facts.client_secret
        client = {
            "client_id": facts.client_id,
            "client_secret": facts.client_secret.reveal(),
            "auth_uri": self._server.url + "/oauth/authorize",
            "token_uri": self._server.url + "/oauth/access_token",
        }
        flow = InstalledAppFlow.from_client_config({"installed": client}, scopes=[self._kit.flow.scope])
        # Instagram wants id and secret in the body; the library's own way is HTTP Basic.
        flow.oauth2session.fetch_token = partial(flow.oauth2session.fetch_token, include_client_id=True)
        flow.oauth2session.register_compliance_hook("access_token_response", _with_expiry)
        flow.run_local_server(port=0, browser="robot", authorization_prompt_message="")
        token = flow.oauth2session.token["access_token"]
        answer = flow.oauth2session.get(f"{self._server.url}/me", params=_profile(token))
        assert answer.json()["username"]

    def httpx_oauth(self) -> None:
        asyncio.run(self._httpx_oauth())

    async def _httpx_oauth(self) -> None:
        from httpx_oauth.oauth2 import OAuth2

        facts = self._kit.settings
        assert facts.client_secret
        client: OAuth2[Any] = OAuth2(
            facts.client_id,
            facts.client_secret.reveal(),
            self._server.url + "/oauth/authorize",
            self._server.url + "/oauth/access_token",
        )
        query: dict[str, list[str]] = {}
        # The library leaves the loopback server to its users; this is the one google-auth-oauthlib has.
        receiver = make_server("localhost", 0, partial(_closing, query), handler_class=_Quiet)
        redirect_uri = f"http://localhost:{receiver.server_port}/"
        scope = [self._kit.flow.scope]
        self.open(await client.get_authorization_url(redirect_uri, state="bench", scope=scope))
        await asyncio.to_thread(receiver.handle_request)
        receiver.server_close()
        token = await client.get_access_token(query["code"][0], redirect_uri)
        async with client.get_httpx_client() as session:
            answer = await session.get(f"{self._server.url}/me", params=_profile(token["access_token"]))
        assert answer.json()["username"]


def _closing(query: dict[str, list[str]], environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    query |= parse_qs(environ["QUERY_STRING"])
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"Close this window."]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def _with_expiry(answer: Any) -> Any:
    """google-auth-oauthlib needs one, and Instagram's first token comes without."""
    answer._content = json.dumps(answer.json() | {"expires_in": 3600}).encode()
    return answer


def _profile(token: str) -> dict[str, str]:
    return {"fields": "user_id,username", "access_token": token}
