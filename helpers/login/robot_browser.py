"""A robot that walks a login in the person's place, for rehearsals and tests."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from http.cookiejar import Cookie, DefaultCookiePolicy
from urllib.parse import parse_qsl, urldefrag, urljoin
from urllib.request import Request

import httpx

from helpers.core.errors import LoginFailed, Unreachable
from helpers.core.flows import AUTHORIZE_HOSTS
from helpers.core.urls import Urls, same_site
from helpers.failures import known
from helpers.gateway.capture import MOST_COOKIE
from helpers.login.verdict import named

_MOST_REDIRECTS = 12


class Consent:
    """The question Instagram asks, waiting for an answer."""

    def __init__(self, page: httpx.Response, form: _Form) -> None:
        self.app, self.account = form.facts.get("app", ""), form.facts.get("account", "")
        self.scope = form.facts.get("scope", "")
        self._page, self._form = page, form

    def answer(self, *, allow: bool) -> httpx.Request:
        name, value = self._form.buttons["allow" if allow else "deny"]
        fields = self._form.fields | {name: value}
        return httpx.Request("POST", urljoin(str(self._page.url), self._form.action), data=fields)


class Browser:
    """A robot that walks a login as a person's browser would: cookies kept, redirects followed.

    It runs no scripts, so on the front end's page it does what Strapi's login example does there:
    it calls ``/api/auth/<provider>/callback`` with the query it arrived with. ``twice`` are paths that it
    reloads at once, as an impatient person does.
    """

    def __init__(self, http: httpx.Client, urls: Urls, twice: frozenset[str] = frozenset()) -> None:
        self.http, self.urls, self._twice = http, urls, twice
        self.credentials = True  # what the page's request says of them
        self.http.cookies.jar.set_policy(_Rules())

    def start(self, address: str = "") -> Consent:
        """Open the login, or another address, and stop where Instagram asks.

        Raises:
            LoginFailed: something other than Instagram's question came back.
        """
        page = self._follow(httpx.Request("GET", address or self.urls.connect))
        form = _Form.read(page)
        if page.url.host not in AUTHORIZE_HOSTS or "allow" not in form.buttons:
            raise _unexpected_page(page, form)
        return Consent(page, form)

    def press_login(self) -> Consent:
        """Open the front end's page, press its login button, and stop where Instagram asks.

        Raises:
            LoginFailed: the button leads nowhere, or something other than Instagram's question came back.
        """
        page = self._follow(httpx.Request("GET", self.urls.frontend or self.urls.public))
        link = _Form.read(page).link
        if not link:
            raise LoginFailed(f"{page.url.host} shows no login button ({page.status_code})")
        if link.startswith("undefined"):
            raise LoginFailed(f"The login button leads to {link}", failure=known.LOGIN_LINK_UNDEFINED)
        return self.start(urljoin(str(page.url), link))

    def finish(self, consent: Consent, *, allow: bool) -> None:
        """Answer, and walk on until the front end has asked Strapi for its user."""
        page = self._follow(consent.answer(allow=allow))
        if page.url.path != self.urls.redirect_path or page.status_code != 200:
            return
        if not any(name.startswith("error") for name, _ in parse_qsl(page.url.query.decode())):
            query = f"?{page.url.query.decode()}" if page.url.query else ""
            asked = httpx.Request("GET", f"{self.urls.public}{self.urls.auth_path}{query}")
            if not self._brings_cookies(str(page.url), str(asked.url)):
                asked.headers["sec-fetch-site"] = "cross-site"
            self._send(asked)

    def _brings_cookies(self, page: str, there: str) -> bool:
        """Two hosts of ngrok are two sites, as is localhost; on one site the page's request has to say so."""
        one_host = httpx.URL(page).host == httpx.URL(there).host
        return one_host or (same_site(page, there) and self.credentials)

    def _send(self, request: httpx.Request) -> httpx.Response:
        request.headers["user-agent"] = "Mozilla/5.0 (rehearsal)"
        request.headers["accept"] = "text/html,application/json"
        # ngrok's warning page is for people; whoever walks the login knows the tunnel is their own.
        request.headers["ngrok-skip-browser-warning"] = "1"
        self.http.cookies.set_cookie_header(request)
        try:
            return self.http.send(request, follow_redirects=False)
        except httpx.TransportError as error:
            raise Unreachable(f"{request.url.host} does not answer", evidence=str(error)) from error

    def _follow(self, request: httpx.Request) -> httpx.Response:
        for _ in range(_MOST_REDIRECTS):
            page = self._send(request)
            if request.url.path in self._twice:
                page = self._send(httpx.Request("GET", request.url))
            if not page.is_redirect:
                return page
            # A fragment (Instagram's #_) never leaves the browser.
            request = httpx.Request("GET", urldefrag(urljoin(str(page.url), page.headers["location"]))[0])
        raise LoginFailed(
            "The login goes round in circles",
            failure=known.REDIRECT_LOOP_AT_INSTAGRAM,
            evidence=str(page.url.host),
        )


class _Rules(DefaultCookiePolicy):
    """A browser's rules where they are stricter: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html"""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        fits = len(cookie.name) + len(cookie.value or "") <= MOST_COOKIE
        return fits and (cookie.secure or not _for_all_sites(cookie)) and super().set_ok(cookie, request)

    def return_ok(self, cookie: Cookie, request: Request) -> bool:
        elsewhere = request.get_header("Sec-fetch-site") == "cross-site"
        return (_for_all_sites(cookie) or not elsewhere) and super().return_ok(cookie, request)


def _for_all_sites(cookie: Cookie) -> bool:
    said = cookie.get_nonstandard_attr("SameSite") or cookie.get_nonstandard_attr("samesite") or ""
    return said.lower() == "none"


def _unexpected_page(page: httpx.Response, form: _Form) -> LoginFailed:
    said = form.alert
    if not said and "json" in page.headers.get("content-type", ""):
        said = str(page.json().get("error", {}).get("message", ""))
    where = "authorize" if page.url.host in AUTHORIZE_HOSTS else "connect"
    return LoginFailed(
        f"{page.url.host} did not ask for consent but said: {said or page.status_code}",
        failure=named(where, said),
        evidence=f"{page.status_code} at {page.url.host}{page.url.path}",
    )


class _Form(HTMLParser):
    """The one form of a consent page, the facts it states (``data-fact``), and a page's alert."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.buttons: dict[str, tuple[str, str]] = {}
        self.facts: dict[str, str] = {}
        self.alert = self.link = ""
        self._into: Callable[[str], None] | None = None

    @classmethod
    def read(cls, page: httpx.Response) -> _Form:
        form = cls()
        if "html" in page.headers.get("content-type", ""):
            form.feed(page.text)
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[given.get("name", "")] = given.get("value", "")
        elif tag == "a" and "/connect/" in given.get("href", ""):
            self.link = given["href"]
        elif tag == "button":
            self.buttons[given.get("value", "")] = (given.get("name", ""), given.get("value", ""))
        if "data-fact" in given:
            self._into = lambda text: self.facts.update({given["data-fact"]: text})
        elif given.get("role") == "alert":
            self._into = self._say

    def _say(self, text: str) -> None:
        self.alert = f"{self.alert} {text}".strip()

    def handle_data(self, data: str) -> None:
        if self._into and data.strip():
            self._into(data.strip())

    def handle_endtag(self, tag: str) -> None:
        self._into = None
