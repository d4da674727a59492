"""The front end: does it answer, may it read Strapi, does its project know the right address."""

from __future__ import annotations

from urllib.parse import urlsplit

from helpers.check_strapi import page
from helpers.errors import KitError, Unreachable
from helpers.finding import Skip
from helpers.frontend_project import FrontEnd, installed_node
from helpers.kit import Kit
from helpers.tunnel import visit

_TUNNEL = "the tunnel to be started (notebook 01)"
_REFUSES_HOST = ("Invalid Host header", "Blocked request. This host")


def cors(kit: Kit) -> str:
    if not kit.public_url:
        raise Skip(_TUNNEL)
    parts = urlsplit(page(kit))
    origin = f"{parts.scheme}://{parts.netloc}"
    if origin == kit.public_url:
        return f"The front end shares the origin {origin}, so nothing stands between it and Strapi"
    if kit.door.seen(kit.http) is None:
        raise Skip(_TUNNEL)
    seen = visit(kit.http, kit.urls.auth, browser=True, origin=origin)
    if "ERR_NGROK_6024" in seen.code + seen.body:
        raise KitError(f"{origin} gets ngrok's warning page instead of Strapi's answer", failure="C08")
    allowed = seen.headers.get("access-control-allow-origin", "")
    if allowed == "*" and kit.strapi.engine(kit.flow.provider) == "session":
        raise KitError("Strapi allows every origin (*), which browsers refuse with cookies", failure="D08")
    if allowed not in (origin, "*"):
        told = f"access-control-allow-origin: {allowed}" if allowed else "no access-control-allow-origin"
        raise KitError(f"Strapi does not let {origin} read its answers", failure="A37", evidence=told)
    return f"Strapi lets {origin} read its answers"


def front_end(kit: Kit) -> str:
    if not kit.public_url:
        raise Skip(_TUNNEL)
    url = page(kit)
    shared = urlsplit(url).netloc == urlsplit(kit.public_url).netloc
    if shared and kit.door.seen(kit.http) is None:
        raise Skip(_TUNNEL)
    try:
        seen = visit(kit.http, url)
    except KitError as error:
        raise _silent(url, str(error.evidence)) from error
    if any(words in seen.body for words in _REFUSES_HOST):
        raise KitError(f"The front end refuses {urlsplit(url).netloc}", failure="D13", evidence=seen.seen)
    if seen.status >= 500:
        raise _silent(url, seen.seen)
    return f"{url} answers {seen.status}"


def _silent(url: str, evidence: str) -> Unreachable:
    """C06 in other words: the catalogue's entry speaks of Strapi."""
    return Unreachable(
        f"Nothing good answers at {url}",
        failure="C06",
        evidence=evidence,
        fix=(
            "Start your front end's dev server and wait until it is ready.",
            "Check its address (FRONTEND_URL) in notebook 01; without one the kit's own page stands in.",
        ),
    )


def project(kit: Kit) -> str:
    if not kit.settings.frontend_project:
        raise Skip("the folder of your front end's project, if it is on this computer (notebook 01)")
    if not kit.public_url:
        raise Skip(_TUNNEL)
    front_end = FrontEnd(kit.settings.frontend_project)
    if trouble := front_end.warning(installed_node()) or front_end.trouble(kit.public_url):
        raise trouble
    return f"{front_end.variable} of {front_end.folder.root.name} is {kit.public_url}"
