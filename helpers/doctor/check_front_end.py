"""The front end: does it answer, may it read Strapi, does its project know the right address."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import httpx

from helpers.core.errors import KitError, TunnelError, Unreachable
from helpers.doctor.measurements import (
    CannotTell,
    DoesNotApply,
    Measurements,
    NotYet,
    on_this_computer,
    origin,
)
from helpers.failures import known
from helpers.gateway.app import HELLO
from helpers.project.front_end_project import FrontEnd
from helpers.project.front_end_start import installed_node
from helpers.tunnel import ngrok_refusals, proof

_PATIENCE = 10.0  # seconds; a dev server builds its page on the first request
# The one place behind the gateway that is nobody's step of a login, and so leaves no hop in the trace.
_HARMLESS = "/"


def cors(measured: Measurements) -> str:
    public, front_end = measured.public(), origin(measured.todays_page())
    if front_end == public:
        return f"The front end shares the origin {public}, so nothing stands between it and Strapi"
    address, provider = measured.open_address(), measured.kit.flow.provider
    if proof.visit(measured.kit.http, address.public + HELLO, browser=True, origin=front_end).warned:
        raise KitError(
            f"{front_end} gets ngrok's warning page instead of Strapi's answer",
            failure=known.WARNING_PAGE_INSTEAD_OF_DATA,
        )
    # Past the gateway, where the question would count as a login.
    told = measured.strapi().cors(provider, front_end, public)
    return readable(told, front_end, cookies=measured.engine() == "session")


def readable(told: Mapping[str, str], page: str, *, cookies: bool) -> str:
    """Raise if a browser keeps an answer with these headers from a page of another origin.

    ``cookies``: its request must bring them, as a login's last step does on Strapi 5.53 and later.
    """
    origin = told.get("access-control-allow-origin", "")
    credentials = told.get("access-control-allow-credentials", "")
    with_cookies = credentials == "true"
    if cookies and origin == "*":
        raise KitError(
            "Strapi allows every origin (*), which browsers refuse with cookies",
            failure=known.CORS_WILDCARD_WITH_COOKIES,
        )
    if origin not in (page, "*"):
        raise KitError(
            f"Strapi does not let {page} read its answers",
            failure=known.CORS_REFUSED_BY_STRAPI,
            evidence=f"access-control-allow-origin: {origin or '(missing)'}",
        )
    if cookies and not with_cookies:
        raise KitError(
            f"Strapi does not let {page} read its answers with cookies, and the login's last step needs one",
            failure=known.CORS_REFUSED_BY_STRAPI,
            evidence=f"access-control-allow-credentials: {credentials or '(missing)'}",
            fix=(
                "In config/middlewares remove credentials: false from strapi::cors, or let no proxy take "
                "Access-Control-Allow-Credentials off.",
                "Restart Strapi.",
            ),
        )
    return f"Strapi lets {page} read its answers{' with cookies' if with_cookies else ''}"


def front_end(measured: Measurements) -> str:
    """Through the gateway's own end, so that a broken tunnel is not told twice."""
    public, front_end = measured.public(), measured.front_end()
    behind = front_end == public
    url = (measured.open_address().gateway if behind else front_end) + _HARMLESS
    try:
        seen = measured.get(url, _PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _silent(front_end, f"{type(error).__name__}: {error}") from error
    if code := seen.headers.get("ngrok-error-code"):
        raise _earlier(measured, front_end, ngrok_refusals.refusal(f"{front_end}: {code}"))
    if re.search(proof.REFUSES_HOST, seen.text):
        raise KitError(
            f"The front end refuses {front_end}",
            failure=known.DEV_SERVER_REFUSES_HOST,
            evidence=seen.text[:200],
        )
    if seen.status >= 500:
        raise _silent(front_end, f"{seen.status} {_said(seen.body)}".strip())
    return f"{front_end}{_HARMLESS} answers {seen.status}{', behind the gateway' if behind else ''}"


def _earlier(measured: Measurements, front_end: str, refusal: TunnelError) -> KitError:
    """Where people are sent back to there is no tunnel any more, although today's may well be open."""
    if refusal.failure != known.TUNNEL_OFFLINE:
        return refusal
    return KitError(
        f"Strapi still sends people back to {front_end}, an address of an earlier tunnel",
        failure=known.SERVER_URL_OF_EARLIER_TUNNEL,
        evidence=refusal.evidence,
        fix=(
            f"In Strapi set The redirect URL to your front-end app to {measured.urls.frontend_redirect}.",
            "Press Save and log in again.",
        ),
    )


def _said(body: bytes) -> str:
    """The gateway's own words for an upstream that it cannot reach."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return ""


def _silent(url: str, evidence: str) -> Unreachable:
    """Without an id: the catalogue's entries about silence speak of Strapi."""
    return Unreachable(
        f"Your front end does not answer at {url}",
        evidence=evidence,
        fix=(
            "Start your front end's dev server and wait until it is ready.",
            "Check its address (FRONTEND_URL); without one the kit's own page stands in.",
        ),
    )


def project(measured: Measurements) -> str:
    facts = measured.kit.settings
    folder = facts.frontend_project
    if not folder and not facts.frontend_url:
        raise DoesNotApply("This setup has no front end of its own: the kit's page stands in")
    if not folder and not on_this_computer(facts.frontend_url):
        raise DoesNotApply(f"The front end runs at {facts.frontend_url}; its files are not on this computer")
    if not folder:
        raise NotYet("the folder of your front end's project (1.3)")
    front_end = FrontEnd(folder)
    provider, name = measured.kit.flow.provider, front_end.folder.root.name
    if trouble := front_end.warning(installed_node()) or front_end.trouble(measured.public(), provider):
        raise trouble
    if front_end.link is None:
        raise CannotTell(f"I found no login link in {name}: none of its files leads to /connect/<provider>")
    if not front_end.link.known:
        raise CannotTell(f"I found the login link in {front_end.link.place}, but not what it begins with")
    return f"{name} leads people to {measured.public()} ({front_end.link.place})"
