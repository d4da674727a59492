"""One visit of the doctor: what its checks ask the world, each thing once for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from helpers import failures
from helpers.core.errors import KitError, Refused
from helpers.core.urls import Urls, parsed
from helpers.failures import known
from helpers.gateway.public_address import Seen
from helpers.kit import Kit
from helpers.strapi.client import Connect
from helpers.strapi.providers import Admin, Entry
from helpers.strapi.rate_limits import MOST, PoliteStrapi
from helpers.web.deadline import Fetched, fetch

_T = TypeVar("_T")

TUNNEL = "the tunnel to be started (1.1)"
ENABLED = "the provider to be enabled (3.3)"
_STARTS = "a login that starts (see The provider is enabled in Strapi)"
_ADDRESS = "Strapi to know its public address (see Strapi knows its public address)"
_ADMIN = "the e-mail address and password of your Strapi administrator (3.3)"
_TELLING = 0.5  # seconds before the end
_MOST = 1 << 20  # bytes of a page


@dataclass(frozen=True)
class Finding:
    """Nothing is broken, but ``failure`` is what the reader may meet next."""

    evidence: str
    failure: str

    @property
    def fix(self) -> tuple[str, ...]:
        return failures.get(self.failure).fix


class NotYet(Exception):
    """This check waits for something that the person does; the text says for what."""


class DoesNotApply(Exception):
    """This mode or layout has no need of this check; the text says why."""


class CannotTell(Exception):
    """It was looked for and could not be found out; the text says what and where."""


class Once:
    """Every fact is measured when it is first asked for, and an error about it told to everybody who asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Future[Any]] = {}

    def _once(self, what: str, ask: Callable[[], _T]) -> _T:
        with self._lock:
            first = what not in self._asked
            answer: Future[_T] = self._asked.setdefault(what, Future())
        if first:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()


class Measurements(Once):
    """What one setup of the kit can be asked.

    The visit is over at ``until``, in monotonic seconds.

    Raises:
        NotYet: what is asked for cannot be known yet.
        KitError: it cannot be had.
    """

    def __init__(self, kit: Kit, until: float) -> None:
        super().__init__()
        self.kit, self._until = kit, until

    # The way in

    def tunnel(self) -> str:
        """What a check waits for while there is none, and why there is none any more."""
        why = self.kit.public_address.closed_for
        return f"{TUNNEL}. {why}" if why else TUNNEL

    def public(self) -> str:
        if not self.kit.public_url:
            raise NotYet(self.tunnel())
        return self.kit.public_url

    def address(self) -> Seen | None:
        """The open public address, be it ours or that of another process, such as a notebook."""
        return self._once("address", self.kit.seen)

    def open_address(self) -> Seen:
        address = self.address()
        if address is None:
            raise NotYet(self.tunnel())
        return address

    @property
    def urls(self) -> Urls:
        """Of a front end that shares the public origin."""
        return Urls(self.public(), self.kit.flow.provider)

    # Strapi

    def strapi(self) -> PoliteStrapi:
        """Only while it answers: where it does not, one question is enough for all checks."""

        def ask() -> PoliteStrapi:
            self.kit.strapi.check_up()
            return self.kit.strapi

        return self._once("strapi", ask)

    def connect(self) -> Connect:
        """The one login of this visit, as far as its first redirect."""
        public, strapi = self.public(), self.strapi()
        return self._once("connect", lambda: strapi.connect(self.kit.flow.provider, public))

    def ago(self) -> str:
        """How old the login is that the checks were told of, where a new one would have been wanted."""
        age = self.kit.strapi.age if "connect" in self._asked else 0.0
        if age < 1:
            return ""
        seconds = "second" if round(age) == 1 else "seconds"
        return f" (seen {age:.0f} {seconds} ago: Strapi counts logins, so the doctor begins {MOST} a minute)"

    def started(self) -> Connect:
        """The same, for checks that have nothing to say of a login that Strapi refuses to start."""
        try:
            return self.connect()
        except Refused as error:
            raise NotYet(ENABLED if error.failure == known.PROVIDER_DISABLED else _STARTS) from error

    def engine(self) -> str | None:
        return self._once("engine", lambda: self.strapi().engine(self.kit.flow.provider))

    @property
    def may_sign_in(self) -> bool:
        return bool(self.kit.settings.strapi_admin_email and self.kit.settings.strapi_admin_password)

    def admin(self) -> Admin:
        if not self.may_sign_in:
            raise NotYet(_ADMIN)
        self.strapi()
        return self._once("admin", self.kit.admin)

    def providers(self) -> dict[str, Entry]:
        return self._once("providers", lambda: self.admin().providers())

    # The front end

    def page(self) -> str:
        """Where Strapi sends people back to: as it is stored, if we may look, else as the kit stores it."""
        if self.may_sign_in:
            try:
                stored = str(self.providers().get(self.kit.flow.provider, {}).get("callback") or "")
            except Refused:  # another check tells why
                stored = ""
            if hostname(stored):
                return stored
        self.strapi()  # the layout depends on its engine
        return self.kit.urls.frontend_redirect

    def todays_page(self) -> str:
        """The same, unless it is of an earlier tunnel, as the address is that Strapi sends to Instagram."""
        page, sent = self.page(), ""
        with suppress(KitError):  # told by another check
            sent = self.connect().redirect_uri
        if origin(page) == origin(sent) != self.public():
            raise NotYet(_ADDRESS)
        return page

    def front_end(self) -> str:
        """The front end's origin, as a browser sees it; the public one while that cannot be told."""
        try:
            return origin(self.todays_page())
        except KitError:
            return self.public()

    def get(self, url: str, seconds: float, **headers: str) -> Fetched:
        """A page of this machine's; httpx.HTTPError where there is none, soon enough to be told."""
        http, left = self.kit.http, self._until - time.monotonic() - _TELLING
        seconds = max(0.1, min(seconds, left))
        request = http.build_request("GET", url, headers=headers, timeout=seconds)
        return fetch(http, request, seconds=seconds, most=_MOST)


def on_this_computer(url: str) -> bool:
    """Then the files of what answers there are here, too."""
    return hostname(url) in ("localhost", "127.0.0.1", "::1")


def origin(url: str) -> str:
    parts = parsed(url)
    return f"{parts.scheme}://{parts.netloc}"


def hostname(url: str) -> str | None:
    """None for what is no whole address."""
    try:
        return urlsplit(url).hostname
    except ValueError:  # a bracket that is never closed
        return None
