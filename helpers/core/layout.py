"""How page and Strapi lie to each other at their real addresses, which decides how a browser ends a login."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.core.origins import host
from helpers.core.urls import is_shared, same_site, site

ONE_ORIGIN, SAME_SITE, OTHER_SITE = "one-origin", "same-site", "other-site"

_TITLES = {
    ONE_ORIGIN: "one address for both",
    SAME_SITE: "two hosts of one site",
    OTHER_SITE: "two sites",
}
_WHY = {
    ONE_ORIGIN: "Strapi answers under /api of the page's own address, so every browser sends its cookie.",
    SAME_SITE: "{page} and {strapi} share the domain {domain}, so browsers send Strapi's session cookie if "
    "the page asks for it: one word in the page. Strapi's cookie and CORS settings stay as they are.",
    OTHER_SITE: "{page} and {strapi} are different sites, and browsers that block third-party cookies "
    "(Safari, Firefox, private windows) keep Strapi's session cookie back: a login there cannot end on "
    "Strapi 5.53 and later. Give Strapi a host of the page's domain, or let the page's server pass /api "
    "on to it.",
}


@dataclass(frozen=True)
class Layout:
    """The two addresses that people will use, each as an origin."""

    strapi: str
    page: str

    @property
    def kind(self) -> str:
        if self.strapi == self.page:
            return ONE_ORIGIN
        return SAME_SITE if same_site(self.strapi, self.page) else OTHER_SITE

    @property
    def title(self) -> str:
        return _TITLES[self.kind]

    @property
    def why(self) -> str:
        """What follows from it for the login, with both hosts named."""
        names = {"page": host(self.page), "strapi": host(self.strapi), "domain": site(self.page)[1]}
        told, above = _WHY[self.kind].format(**names), _above(self.page)
        if self.kind == OTHER_SITE and "." in above and above == _above(self.strapi) and is_shared(above):
            told += f" Under {above} strangers live side by side, so each name there is a site of its own."
        return told


def _above(origin: str) -> str:
    return host(origin).partition(".")[2]
