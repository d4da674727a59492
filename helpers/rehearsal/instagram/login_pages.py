"""A stand-in for Instagram's login: the consent page, the token endpoint and the profile.

It answers as the three real hosts, told apart by the ``Host`` header, and refuses what they refuse, in
their order and words. Sources: Meta's
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
and, where that is silent, what public issue trackers quote. No source names the status of the error
pages (400 here), nor the words for ``app_id``, which today gets the page of an unknown app.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from importlib.resources import files
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Host, Route, Router
from starlette.types import Receive, Scope, Send

from helpers.core.flows import FLOWS, HOSTS
from helpers.failures import known
from helpers.rehearsal.instagram.api import GraphApi, TokenApi, form_fields
from helpers.rehearsal.instagram.state import Account, App, State, Switches
from helpers.web.pages import page

__all__ = ["Account", "App", "InstagramStandIn", "Switches"]

_TEMPLATES = files("helpers.rehearsal.instagram")
_WWW, _API, _GRAPH = HOSTS
_INVALID = "Invalid Request: Request parameters are invalid: "
_UNAVAILABLE = "Sorry, this page isn't available."
_ASKED = {
    "instagram_business_basic": "your username, account type and profile",
    "instagram_business_content_publish": "publishing posts in your name",
    "instagram_business_manage_comments": "your comments",
    "instagram_business_manage_insights": "your insights",
    "instagram_business_manage_messages": "your messages",
    "user_profile": "your username and account type",
    "user_media": "your photos and videos",
}


class InstagramStandIn:
    """One developer app and one signed-in account; change its parts to change what it answers."""

    def __init__(
        self,
        app: App,
        account: Account | None = None,
        switches: Switches | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.state = State(app, account or Account(), switches or Switches(), clock)
        authorize = Route("/oauth/authorize", self._authorize, methods=["GET", "POST"])
        authorize_at_api = Route("/oauth/authorize", self._authorize_at_api, methods=["GET", "POST"])
        token = Route("/oauth/access_token", TokenApi(self.state), methods=["POST"])
        self._asgi = Starlette(
            routes=[
                Host(_WWW, Router([authorize, Route("/integrity/checkpoint/", self._checkpoint)])),
                Host(_API, Router([authorize_at_api, token])),
                Host(_GRAPH, GraphApi(self.state)),
            ]
        )

    @property
    def app(self) -> App:
        return self.state.app

    @property
    def account(self) -> Account:
        return self.state.account

    @property
    def switches(self) -> Switches:
        return self.state.switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._asgi(scope, receive, send)

    async def _authorize_at_api(self, request: Request) -> Response:
        if self.switches.era == "documented":
            return await self._authorize(request)
        if self.switches.api_page_unavailable:
            return _refusal(_UNAVAILABLE, known.INSTAGRAM_PAGE_UNAVAILABLE, 404)
        return RedirectResponse(f"https://{_WWW}/oauth/authorize?{request.url.query}", 302)

    async def _authorize(self, request: Request) -> Response:
        answered = await form_fields(request) if request.method == "POST" else {}
        query = answered.get("request", request.url.query)
        asked = dict(parse_qsl(query, keep_blank_values=True))
        if self.switches.checkpoint:
            return RedirectResponse(f"/integrity/checkpoint/?{urlencode({'next': query})}", 302)
        if self.switches.oops == "authorize":
            return _refusal("Oops, an error occurred.", known.INSTAGRAM_GENERAL_ERROR, 500)
        refused = self._refused(asked)
        if refused:
            return _refusal(*refused)
        if request.method == "GET":
            return self._consent(asked, query)
        return self._decided(asked, answered.get("decision", ""))

    def _refused(self, asked: dict[str, str]) -> tuple[str, str] | None:
        """The first thing that Instagram would object to, and its id in the failure catalogue."""
        state = self.state
        if not asked.get("client_id", "0").isdecimal():  # empty, `undefined`, or in quotes
            return _UNAVAILABLE, known.APP_NOT_RECOGNISED
        if not state.knows(asked):
            return _INVALID + "Invalid platform app", known.APP_NOT_RECOGNISED
        scopes = _scopes(asked)
        known_scopes = [name for name in FLOWS[self.switches.era].scopes if state.may_ask_for(name)]
        wrong = [name for name in scopes if name not in known_scopes]
        if wrong or not scopes:
            failure = known.USER_PROFILE_SCOPE_REFUSED if "user_profile" in wrong else known.NO_VALID_SCOPE
            return f"{_INVALID}Invalid scope: {wrong[0] if wrong else '[]'}", failure
        if asked.get("redirect_uri") not in self.app.redirect_uris:
            return _INVALID + "Invalid redirect_uri", known.REDIRECT_URI_REFUSED
        if state.is_personal():
            return "Insufficient developer role", known.PERSONAL_ACCOUNT
        if not state.is_tester():
            return "Insufficient developer role", known.NO_ROLE_IN_APP
        return None

    def _consent(self, asked: dict[str, str], query: str) -> Response:
        return page(
            _TEMPLATES.joinpath("consent.html"),
            app=self.app.name,
            account=self.account.username,
            asked="; ".join(_ASKED[name] for name in _scopes(asked)),
            scope=" ".join(_scopes(asked)),
            site=urlsplit(asked["redirect_uri"]).netloc,
            # The question as it came, still percent-encoded: nothing on the way may take it for a link.
            request=query,
        )

    async def _checkpoint(self, request: Request) -> Response:
        """It sends people back without having solved anything."""
        return RedirectResponse(f"/oauth/authorize?{request.query_params.get('next', '')}", 302)

    def _decided(self, asked: dict[str, str], decision: str) -> Response:
        if self.switches.incomplete_form or not self.app.has_all_addresses:
            return _refusal("Session Invalid", known.SESSION_INVALID)
        if decision == "allow":
            code = self.state.issue_code(asked["redirect_uri"], _scopes(asked))
            answer, fragment = {"code": code}, "#_"
        else:
            answer, fragment = (
                {
                    "error": "access_denied",
                    "error_reason": "user_denied",
                    "error_description": "The user denied your request",
                },
                "",
            )
        if "state" in asked:
            answer["state"] = asked["state"]
        uri = asked["redirect_uri"]
        return RedirectResponse(f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}{fragment}", 302)


def _scopes(asked: dict[str, str]) -> list[str]:
    return re.findall(r"[^,\s]+", asked.get("scope", ""))


def _refusal(said: str, failure: str, status: int = 400) -> Response:
    return page(_TEMPLATES.joinpath("instagram-error.html"), status, said=said, failure=failure)
