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

from aiohttp import web

from helpers.core.flows import FLOWS, HOSTS
from helpers.failures import known
from helpers.rehearsal.instagram.api import GraphApi, TokenApi, form_fields
from helpers.rehearsal.instagram.state import Account, App, State, Switches
from helpers.web.answers import Answer, Routes, redirect, text
from helpers.web.pages import page
from helpers.web.serving import Handler, Request

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
        authorize, token = "/oauth/authorize", TokenApi(self.state)
        self._hosts: dict[str, Handler] = {
            _WWW: Routes(
                [
                    ("GET", authorize, self._authorize),
                    ("POST", authorize, self._authorize),
                    ("GET", "/integrity/checkpoint/", self._checkpoint),
                ]
            ),
            _API: Routes(
                [
                    ("GET", authorize, self._authorize_at_api),
                    ("POST", authorize, self._authorize_at_api),
                    ("POST", "/oauth/access_token", token.__call__),
                ]
            ),
            _GRAPH: GraphApi(self.state),
        }

    @property
    def app(self) -> App:
        return self.state.app

    @property
    def account(self) -> Account:
        return self.state.account

    @property
    def switches(self) -> Switches:
        return self.state.switches

    async def __call__(self, request: Request) -> web.StreamResponse:
        host = request.headers.get("Host", "").partition(":")[0].lower()
        handler = self._hosts.get(host)
        return await handler(request) if handler else text("Not Found", 404)

    async def _authorize_at_api(self, request: Request) -> Answer:
        if self.switches.era == "documented":
            return await self._authorize(request)
        if self.switches.api_page_unavailable:
            return _refusal(_UNAVAILABLE, known.INSTAGRAM_PAGE_UNAVAILABLE, 404)
        return redirect(f"https://{_WWW}/oauth/authorize?{_query(request)}")

    async def _authorize(self, request: Request) -> Answer:
        answered = await form_fields(request) if request.method == "POST" else {}
        query = answered.get("request", _query(request))
        asked = dict(parse_qsl(query, keep_blank_values=True))
        if self.switches.checkpoint:
            return redirect(f"/integrity/checkpoint/?{urlencode({'next': query})}")
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
        known_scopes = [name for name in FLOWS[self.switches.era].scopes if state.app.may_ask_for(name)]
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

    def _consent(self, asked: dict[str, str], query: str) -> Answer:
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

    async def _checkpoint(self, request: Request) -> Answer:
        """It sends people back without having solved anything."""
        return redirect(f"/oauth/authorize?{request.query.get('next', '')}")

    def _decided(self, asked: dict[str, str], decision: str) -> Answer:
        if not self.app.has_all_addresses:
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
        return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}{fragment}")


def _query(request: Request) -> str:
    """As it was written."""
    return request.raw_path.partition("?")[2]


def _scopes(asked: dict[str, str]) -> list[str]:
    return re.findall(r"[^,\s]+", asked.get("scope", ""))


def _refusal(said: str, failure: str, status: int = 400) -> Answer:
    return page(_TEMPLATES.joinpath("instagram-error.html"), status, said=said, failure=failure)
