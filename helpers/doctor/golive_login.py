"""A login begun at a deployed Strapi: does it start, where does it lead, and where back."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from helpers.core.errors import KitError, Refused, Unexpected, Unreachable
from helpers.core.flows import CREDENTIALS, DOCUMENTED, FLOWS, TODAY, Flow
from helpers.core.origins import host
from helpers.core.urls import API, site
from helpers.doctor import check_strapi
from helpers.doctor.deployment import Deployment
from helpers.doctor.measurements import hostname, on_this_computer, origin
from helpers.failures import known
from helpers.strapi.client import Connect

# Names of tunnels, under any of which an address has no business in production.
_TUNNEL = re.compile(r"\.(ngrok(-free)?\.(app|dev|io|pizza|pro)|trycloudflare\.com|loca\.lt|devtunnels\.ms)$")
_TRUST = (
    "In config/env/production/server write proxy: { koa: true } (Strapi 4: proxy: true) and restart Strapi.",
    "Let every proxy on the way say X-Forwarded-Proto: https, alone: neither http nor a list of both.",
)


def answers(seen: Deployment) -> str:
    seen.strapi()
    return f"Strapi answers at {seen.target.strapi}"


def connect(seen: Deployment) -> str:
    try:
        found = seen.connect()
    except Refused as error:
        raise _refused(seen, error) from error
    except (Unexpected, Unreachable) as error:
        if error.failure in (known.PORT_TAKEN, known.STRAPI_DOES_NOT_ANSWER):
            raise Unexpected(
                "The login's first answer is not one that Strapi gives",
                failure=known.DEPLOYED_ADDRESS_SILENT,
                evidence=error.evidence,
            ) from error
        raise
    if not re.fullmatch(CREDENTIALS.id_pattern, found.client_id):
        raise KitError(
            f"Strapi sends the client id {found.client_id or '(nothing)'}", failure=known.CLIENT_ID_NOT_DIGITS
        )
    flow = next((each for each in FLOWS.values() if each.provider == seen.target.provider), None)
    if flow and (trouble := _wrong_login(flow, found)):
        raise trouble
    state = "with a state" if found.has_state else "without a state, which Strapi 5.51 and later sends"
    secure = (
        ", and its cookie is Secure: Strapi believes in https" if "Secure" in found.session_cookie else ""
    )
    return f"A login starts at {found.authorize_host} {state}{secure}"


def _refused(seen: Deployment, error: Refused) -> KitError:
    if error.failure != known.SECURE_COOKIE_REFUSED:
        return error
    # If it helps that we say it, the proxy passes on what clients say and says nothing itself.
    said = {"X-Forwarded-Proto": "https"}
    if seen.get(seen.target.urls.callback, headers=said).status < 400:
        return KitError(
            "Strapi sees no https, but believes in it when the visitor says so: the proxy in front does not",
            failure=known.FORWARDED_PROTO_LOST,
            evidence=error.evidence,
        )
    return Refused(str(error), failure=error.failure, evidence=error.evidence, fix=_TRUST)


def _wrong_login(flow: Flow, found: Connect) -> KitError | None:
    served = urlsplit(TODAY.authorize_url).hostname
    if flow.retired or found.authorize_host != served:
        return KitError(
            f"Strapi sends people to {found.authorize_host} for {found.scope}, which is out of date",
            failure=known.INSTAGRAM_PAGE_UNAVAILABLE,
        )
    asked = re.findall(r"[^,\s]+", found.scope)
    if flow.scope not in asked:
        old = known.USER_PROFILE_SCOPE_REFUSED if DOCUMENTED.scope in asked else known.OLD_SCOPE_STORED
        return KitError(f"Strapi asks for scope {found.scope}, not {flow.scope}", failure=old)
    return None


def redirect_uri(seen: Deployment) -> str:
    sent, wanted = seen.started().redirect_uri, seen.target.urls.callback
    if sent == wanted:
        return f"Strapi sends redirect_uri={sent}"
    told = f"Strapi sends {sent or 'no redirect_uri'}, not {wanted}"
    there = hostname(sent) or ""
    steps = (
        f"Set url to '{seen.target.strapi}' in config/env/production/server, or in the variable it reads.",
        "Restart Strapi with NODE_ENV=production.",
    )
    if not there or on_this_computer(sent):
        raise KitError(
            told, failure=known.SERVER_URL_LOCALHOST if there else known.SERVER_URL_MISSING, fix=steps
        )
    if tunnel(sent) and there != host(seen.target.strapi):
        raise KitError(told, failure=known.SERVER_URL_OF_EARLIER_TUNNEL, fix=steps)
    if origin(sent) == seen.target.strapi:
        raise KitError(told, failure=known.REDIRECT_PATH_UNEXPECTED)
    raise KitError(told, failure=known.SERVER_URL_DIFFERS)


def tunnel(url: str) -> bool:
    return _TUNNEL.search(hostname(url) or "") is not None


def cookie(seen: Deployment) -> str:
    found, layout = seen.started().session_cookie, seen.target.layout
    if not found:
        raise KitError(
            "Strapi's answer arrives without its session cookie", failure=known.COOKIE_LOST_ON_THE_WAY
        )
    check_strapi.sound_cookie(found, layout.strapi)
    if not seen.ends_in_session():
        return f"{found}; this Strapi gives the page a token, so the cookie need not reach it"
    check_strapi.cookie_reaches(found, layout.page, layout.strapi)
    plain = "" if "Secure" in found else "; not Secure, so NODE_ENV is not production"
    return f"{found}{plain}; {layout.title}: {site(layout.page)[1]}"


def way_back(seen: Deployment) -> str:
    answer, urls, page = seen.come_back(), seen.target.urls, origin(seen.target.page)
    stored = seen.return_page()
    steps = (
        "In production's admin open the provider under Settings > Users & Permissions plugin > Providers.",
        f"Set The redirect URL to your front-end app to {urls.frontend_redirect} and press Save.",
    )
    if not hostname(stored):
        raise KitError(
            f"Strapi has no page to send people back to: {answer.status} {stored}".strip(),
            failure=known.FRONT_END_ADDRESS_MISSING,
            fix=steps,
        )
    if urlsplit(stored).path.startswith(f"{API}/connect/"):
        raise KitError(
            f"Strapi sends people back to {stored}", failure=known.WRONG_PAGE_AFTER_CONSENT, fix=steps
        )
    if origin(stored) != page:
        told = f"Strapi sends people back to {stored}, not to a page of {page}"
        if tunnel(stored):
            raise KitError(told, failure=known.SERVER_URL_OF_EARLIER_TUNNEL, fix=steps)
        raise KitError(told, failure=known.REDIRECT_URL_ELSEWHERE)
    return f"Strapi sends people back to {stored}"
