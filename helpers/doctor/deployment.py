"""A deployed setup as the internet sees it: what its checks ask, each thing once for all of them."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from helpers.core.errors import KitError, Refused, Unexpected, Unreachable
from helpers.core.layout import Layout
from helpers.core.masking import Secret
from helpers.core.origins import host
from helpers.core.urls import HEALTH, Urls
from helpers.doctor.golive_client import PATIENCE
from helpers.doctor.measurements import CannotTell, Once, origin
from helpers.doctor.page_scripts import MOST_SCRIPTS, Scripts, sources
from helpers.failures import known
from helpers.strapi.client import Connect, Strapi
from helpers.web.deadline import Fetched, fetch

_MOST = 1 << 21  # bytes of a page or script
_HOPS = 3
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Target:
    """Strapi's origin, the page's address (with the path of its login, if it has one), the provider."""

    strapi: str
    page: str
    provider: str

    @property
    def layout(self) -> Layout:
        return Layout(self.strapi, origin(self.page))

    @property
    def urls(self) -> Urls:
        return Urls(self.strapi, self.provider, origin(self.page))

    @property
    def hosts(self) -> set[str]:
        return {host(self.strapi), host(self.page)}


class Deployment(Once):
    """The visit is over at ``until``, in monotonic seconds.

    Raises:
        CannotTell: something else has to be in order first.
        KitError: what is asked for cannot be had.
    """

    def __init__(self, target: Target, http: httpx.Client, until: float) -> None:
        super().__init__()
        self.target, self._http, self._until = target, http, until
        self._strapi = Strapi(http, target.strapi, patience=PATIENCE)

    # Strapi

    def strapi(self) -> Strapi:
        """Only while it answers at its own address."""
        self._once("health", self._check_up)
        return self._strapi

    def _check_up(self) -> None:
        seen = self.get(self.target.strapi + HEALTH)
        if seen.status in _REDIRECTS:
            raise _moved(self.target.strapi, seen)
        if seen.status != 204:
            raise Unexpected(
                f"{self.target.strapi} does not answer as Strapi does",
                failure=known.DEPLOYED_ADDRESS_SILENT,
                evidence=f"GET {HEALTH} -> {seen.status} {seen.headers.get('content-type', '')}".strip(),
            )

    def connect(self) -> Connect:
        """The one login of this run, as far as its first redirect."""
        strapi = self.strapi()
        return self._once("connect", lambda: strapi.connect(self.target.provider))

    def started(self) -> Connect:
        """The same, for checks that have nothing to say of a login that does not start."""
        try:
            return self.connect()
        except KitError as error:
            raise CannotTell("A login has to start first (see Strapi starts a login over https)") from error

    def engine(self) -> str | None:
        strapi = self.strapi()
        return self._once("engine", lambda: strapi.engine(self.target.provider))

    def ends_in_session(self) -> bool:
        try:
            return self.engine() == "session"
        except KitError as error:
            raise CannotTell("How this Strapi ends a login could not be found out") from error

    def come_back(self) -> Fetched:
        """Strapi's answer to somebody who comes back from Instagram with nothing: the way to the page."""
        begun = self.started()
        return self._once("come back", lambda: self.get(self.target.urls.callback, begun.cookies))

    def return_page(self) -> str:
        """Where that is, as it is stored in this database, without its query."""
        answer = self.come_back()
        location = answer.headers.get("location", "")
        return location.partition("?")[0].partition("#")[0] if answer.status in _REDIRECTS else ""

    # The page

    def page(self) -> tuple[str, Fetched]:
        """The page after the redirects of its own host, and its address."""
        return self._once("page", self._page)

    def _page(self) -> tuple[str, Fetched]:
        url, seen = self._follow(self.target.page)
        if seen.status >= 300:
            raise Unreachable(
                f"The page does not answer at {url.partition('?')[0]}",
                failure=known.DEPLOYED_ADDRESS_SILENT,
                evidence=f"GET {urlsplit(url).path or '/'} -> {seen.status}",
            )
        return url, seen

    def _follow(self, url: str) -> tuple[str, Fetched]:
        for _ in range(_HOPS):
            seen = self.get(url)
            if seen.status not in _REDIRECTS:
                break
            there = joined(url, seen.headers.get("location", ""))
            if origin(there) != origin(self.target.page):
                raise _moved(url, seen)
            url = there
        return url, seen

    def redirect_page(self) -> tuple[str, Fetched]:
        """The page where people come back."""
        url = self.return_page()
        if origin(url) != origin(self.target.page):
            raise CannotTell("Strapi has to send people back to this page first")
        return self._once("redirect page", lambda: self._follow(url))

    def scripts(self) -> Scripts:
        return self._once("scripts", self._read_scripts)

    def _read_scripts(self) -> Scripts:
        try:
            pages = [self.page()]
        except KitError as error:
            raise CannotTell("The page has to answer first") from error
        with suppress(KitError, CannotTell):  # told by others
            pages.append(self.redirect_page())
        named = dict.fromkeys(joined(url, each) for url, seen in pages for each in sources(seen.text))
        near = [url for url in named if origin(url) in (self.target.strapi, origin(self.target.page))]
        texts = [seen.text for _, seen in pages]
        for url in near[:MOST_SCRIPTS]:
            try:
                texts.append(self.get(url).text)
            except KitError:
                texts.append("")  # counted, as it was asked for
        read = sum(bool(text) for text in texts[len(pages) :])
        return Scripts(tuple(texts), read, len(near) - read, len(named) - len(near))

    # One request

    def get(self, url: str, cookies: Secret | None = None, headers: dict[str, str] | None = None) -> Fetched:
        """One answer, whatever it says; an error says why there is none."""
        return self._ask("GET", url, cookies, headers=headers)

    def post(self, url: str, form: dict[str, str]) -> Fetched:
        return self._ask("POST", url, data=form)

    def _ask(self, method: str, url: str, cookies: Secret | None = None, **more: Any) -> Fetched:
        left = min(PATIENCE, max(0.1, self._until - time.monotonic()))
        cookie = cookies.reveal() if cookies else ""
        try:
            request = self._http.build_request(method, url, **more)
            return fetch(self._http, request, seconds=left, most=_MOST, cookie=cookie)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(url, error) from error


def unreachable(url: str, error: Exception) -> Unreachable:
    trusted = "CERTIFICATE" not in str(error)
    return Unreachable(
        f"Nobody answers at {origin(url)}" if trusted else f"The certificate at {origin(url)} is not trusted",
        failure=known.DEPLOYED_ADDRESS_SILENT if trusted else known.CERTIFICATE_NOT_TRUSTED,
        evidence=f"{type(error).__name__}: {error}",
    )


def joined(url: str, there: str) -> str:
    """Where a page leads to; what is no address leads nowhere."""
    try:
        return urljoin(url, there)
    except ValueError:
        return ""


def _moved(url: str, seen: Fetched) -> KitError:
    there = joined(url, seen.headers.get("location", ""))
    return Refused(
        f"{origin(url)} leads on to {origin(there)}",
        failure=known.ADDRESS_MOVES_TO_ANOTHER_HOST,
        evidence=f"{seen.status} to {there.partition('?')[0]}",
    )
