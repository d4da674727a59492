"""Every address of the setup, derived from the facts; nothing here talks to anybody."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

# Strapi's default ``api.rest.prefix``.
API = "/api"
ME = f"{API}/users/me"
HEALTH = "/_health"
DOCUMENTED_FRONTEND = "http://localhost:3000"


def same_site(one: str, other: str) -> bool:
    """Whether a browser sends one address's SameSite=Lax cookies along when a page of the other asks.

    The scheme counts, the port does not: https://developer.mozilla.org/docs/Glossary/Site
    """
    return site(one) == site(other)


def site(url: str) -> tuple[str, str]:
    """Scheme and registrable domain; a name that strangers share, or a number, is a domain of its own."""
    parts = parsed(url)
    host = parts.hostname or ""
    numeric = ":" in host or host.replace(".", "").isdigit()
    return parts.scheme, host if numeric else _suffixes().privatesuffix(host) or host


def is_shared(host: str) -> bool:
    """Whether strangers live side by side under this name, so that browsers refuse a cookie for all of it."""
    return bool(host) and _suffixes().privatesuffix(host.lower()) is None


@functools.cache
def _suffixes() -> PublicSuffixList:
    """The list that browsers go by, as the library ships it: https://publicsuffix.org"""
    from publicsuffixlist import PublicSuffixList  # only now: it reads ten thousand names

    return PublicSuffixList()


def parsed(url: str) -> SplitResult:
    """A stranger's address in its parts, all empty when it is none: ``https://[half`` raises elsewhere."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


@dataclass(frozen=True)
class Urls:
    """The addresses of one provider behind one public origin.

    ``frontend`` is the front end's origin as the browser sees it; empty means it shares the public
    origin, which is the only layout that every Strapi and every browser can finish.
    """

    public: str
    provider: str
    frontend: str = ""

    @property
    def connect_path(self) -> str:
        return f"{API}/connect/{self.provider}"

    def filled(self, text: str) -> str:
        """A text of the failure catalogue, also as HTML, with this setup's values in its angle brackets."""
        values = {"public host": parsed(self.public).netloc if self.public else "", "provider": self.provider}
        for name, value in values.items():
            for mark in (f"<{name}>", f"&lt;{name}&gt;") if value else ():
                text = text.replace(mark, value)
        return text

    @property
    def callback_path(self) -> str:
        return f"{self.connect_path}/callback"

    @property
    def auth_path(self) -> str:
        return f"{API}/auth/{self.provider}/callback"

    @property
    def redirect_path(self) -> str:
        return f"/connect/{self.provider}/redirect"

    @property
    def connect(self) -> str:
        """Where a login starts."""
        return self.public + self.connect_path

    @property
    def callback(self) -> str:
        """The ``redirect_uri`` that Strapi sends and Meta must know, to the letter."""
        return self.public + self.callback_path

    @property
    def auth(self) -> str:
        """Where the front end turns the finished redirect into a Strapi user."""
        return self.public + self.auth_path

    @property
    def frontend_redirect(self) -> str:
        """Strapi's field *The redirect URL to your front-end app*."""
        return (self.frontend or self.public) + self.redirect_path

    @property
    def deauthorize(self) -> str:
        """Where Meta tells Strapi that a person removed the app; Strapi's half is the provider file."""
        return f"{self.public}{API}/auth/{self.provider}/deauthorize"

    @property
    def data_deletion(self) -> str:
        """Where Meta asks Strapi to delete a person's data."""
        return f"{self.public}{API}/auth/{self.provider}/data-deletion"

    @property
    def site_root(self) -> str:
        """What the documented page enters for *Deauthorize* and *Data Deletion Requests*."""
        return self.public
