"""The checks of a deployed setup, from outside: no gateway, no credentials, one begun login."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx

from helpers.doctor import golive_login, golive_page, golive_strapi
from helpers.doctor.checks import Check, Result, in_time, probed
from helpers.doctor.deployment import Deployment, Target
from helpers.doctor.golive_client import Resolved, client
from helpers.doctor.measurements import CannotTell

# Seconds for all checks together, whatever hangs.
DEADLINE = 13.0


def _header_buffer(seen: Deployment) -> str:
    raise CannotTell(
        "Only a login fills the session cookie: whether the proxy's header buffer holds it shows then. "
        "502 at the callback means that it does not"
    )


def _dashboard(seen: Deployment) -> str:
    raise CannotTell(
        f"Meta's dashboard shows itself to its owner alone. {seen.target.urls.callback} must stand there, "
        "and the tunnel's address no more"
    )


CHECKS: dict[str, Check] = {
    "layout": Check("Page and Strapi share a site", golive_page.layout),
    "strapi-answers": Check("Strapi answers at its address", golive_login.answers),
    "page-answers": Check("The page answers at its address", golive_page.answers),
    "http": Check("Nobody is served without https", golive_page.http),
    "connect": Check("Strapi starts a login over https", golive_login.connect),
    "redirect-uri": Check("Strapi names its public address to Meta", golive_login.redirect_uri),
    "cookie": Check("Strapi's session cookie fits the two addresses", golive_login.cookie),
    "way-back": Check("Strapi sends people back to the page", golive_login.way_back),
    "redirect-page": Check("The page waits where people come back", golive_page.redirect_page),
    "page-cors": Check("The page may read Strapi's answer", golive_strapi.cors),
    "page-scripts": Check("The page's scripts fit the two addresses", golive_page.scripts),
    "meta-callbacks": Check("Meta's two callbacks are alive", golive_strapi.meta_callbacks),
    "admin": Check("The admin panel is not open to the world", golive_strapi.admin),
    "sessions": Check("The page keeps people logged in", golive_strapi.sessions),
    "header-buffer": Check("The proxy's header buffer holds the session cookie", _header_buffer),
    "dashboard": Check("Meta's dashboard has the production addresses", _dashboard),
}
TITLES = {name: check.title for name, check in CHECKS.items()}


# Characters of evidence: whoever answers there may answer much.
_MOST = 600


def run(
    target: Target,
    *,
    resolve: Resolved | None = None,
    cacert: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> list[Result]:
    """All checks at once, in their order; nothing is asked beyond the two hosts.

    Raises:
        InputError: ``cacert`` is no certificate.
    """
    http = client(target.hosts, resolve=resolve, cacert=cacert, transport=transport)
    until = time.monotonic() + DEADLINE
    seen = Deployment(target, http, until)
    try:
        probes = {name: partial(probed, name, partial(check.probe, seen)) for name, check in CHECKS.items()}
        return [_short(each) for each in in_time(probes, until)]
    finally:
        http.close()


def _short(result: Result) -> Result:
    seen = result.evidence
    return replace(result, evidence=f"{seen[:_MOST]}…") if len(seen) > _MOST else result
