"""What Strapi itself can be asked: is it up, where does it send people, does its session survive."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from helpers import boot
from helpers.errors import KitError, Unreachable
from helpers.finding import Skip
from helpers.kit import Kit
from helpers.strapi import Connect
from helpers.urls import same_site

_TUNNEL = "the tunnel to be started (notebook 01)"
_ADMIN = "the e-mail address and password of your Strapi administrator (notebook 03)"

# What the engine decides for the front end.
_ENGINES = {
    "session": "This Strapi ends a login in a session cookie: the front end must share its origin",
    "token": "This Strapi ends a login with a token in the front end's address",
    None: "How this Strapi ends a login is not known",
}


def strapi(kit: Kit) -> str:
    try:
        kit.strapi.check_up()
    except Unreachable as error:
        # Nobody listens: its files may say why, and that is worth more than that it is so.
        refused = isinstance(error.__cause__, httpx.ConnectError)
        raise (boot.trouble(kit.settings.strapi_project) if refused else None) or error from error
    return f"Strapi answers at {kit.settings.strapi_url}"


def server_url(kit: Kit) -> str:
    if not kit.public_url:
        raise Skip(_TUNNEL)
    sent = _redirect_uri(kit)
    if sent != kit.urls.callback:
        failure = _why_differs(sent, kit.urls.callback)
        raise KitError(f"Strapi sends {sent or 'no redirect_uri'}, not {kit.urls.callback}", failure=failure)
    return f"Strapi sends redirect_uri={sent}"


def _connect(kit: Kit) -> Connect:
    return kit.strapi.connect(kit.flow.provider, kit.public_url)


def _redirect_uri(kit: Kit) -> str:
    """From a login's first redirect; while there is none, from Strapi's settings if we may sign in.

    In that order, because Strapi takes only five sign-ins in five minutes.
    """
    try:
        return _connect(kit).redirect_uri
    except KitError as error:
        if error.failure != "A01":
            raise
        if not _may_sign_in(kit):
            raise Skip("the provider to be enabled (notebook 03)") from error
    providers = kit.admin().providers()
    if kit.flow.provider in providers:
        return str(providers[kit.flow.provider].get("redirectUri", ""))
    # Strapi does not know it before notebook 03; all of them get the same address but for the name.
    known = str(providers.get("instagram", {}).get("redirectUri", ""))
    return known.replace("/connect/instagram/", f"/connect/{kit.flow.provider}/")


def _may_sign_in(kit: Kit) -> bool:
    return bool(kit.settings.strapi_admin_email and kit.settings.strapi_admin_password)


def _why_differs(sent: str, wanted: str) -> str:
    if "localhost" in sent or "127.0.0.1" in sent:
        return "A03"
    if not sent.startswith("https://"):
        return "A02"
    return "A05" if sent.split("/")[2] == wanted.split("/")[2] else "A04"


def provider(kit: Kit) -> str:
    if not kit.public_url:
        raise Skip(_TUNNEL)
    seen, wanted = _connect(kit), kit.flow
    if seen.client_id != kit.settings.client_id and kit.settings.client_id:
        raise KitError(
            f"Strapi sends client id {seen.client_id}, not {kit.settings.client_id}", failure="B04"
        )
    if seen.authorize_host != urlsplit(wanted.authorize_url).hostname:
        raise KitError(f"Strapi sends people to {seen.authorize_host}, which is out of date", failure="A40")
    if seen.scope != wanted.scope:
        raise KitError(f"Strapi asks for scope {seen.scope}, not {wanted.scope}", failure="A40")
    redirects = f"/api/connect/{wanted.provider} redirects to {seen.authorize_host} with scope {seen.scope}"
    return f"{redirects}. {_ENGINES[kit.strapi.engine(wanted.provider)]}"


def page(kit: Kit) -> str:
    """The front end's page that Strapi sends people back to: as it is stored, if we may look."""
    if _may_sign_in(kit):
        stored = kit.admin().providers().get(kit.flow.provider, {}).get("callback", "")
        if urlsplit(stored).hostname:
            return str(stored)
    return kit.urls.frontend_redirect


def session_cookie(kit: Kit) -> str:
    if not kit.public_url:
        raise Skip(_TUNNEL)
    cookie = _connect(kit).session_cookie
    if not cookie:
        raise KitError("Strapi starts a login without a session cookie", failure="A07")
    for_all_sites, secure = "SameSite=None" in cookie, "Secure" in cookie
    if for_all_sites and not secure:
        raise KitError(f"Browsers drop this cookie: {cookie}", failure="A21")
    if kit.strapi.engine(kit.flow.provider) != "session":
        return f"{cookie}; the front end gets a token, so the cookie need not reach it"
    front_end = page(kit)
    if same_site(front_end, kit.public_url):
        return f"{cookie}; the front end at {_origin(front_end)} is on the same site"
    if for_all_sites:
        raise KitError(
            f"Only a browser that sends third-party cookies can finish a login at {_origin(front_end)}",
            failure="D09",
            evidence=cookie,
        )
    raise KitError(
        f"A login that ends at {_origin(front_end)} cannot be finished: that page is on another site than "
        f"{kit.public_url}, so browsers keep Strapi's session cookie from it",
        failure="A18",
        evidence=cookie,
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def provider_settings(kit: Kit) -> str:
    if not _may_sign_in(kit):
        raise Skip(_ADMIN)
    admin = kit.admin()
    entry = admin.providers().get(kit.flow.provider)
    if not entry or not entry.get("enabled"):
        raise Skip("the provider to be enabled (notebook 03)")
    stored = str(entry.get("callback") or "")
    if failure := _wrong_page(stored, kit.flow.provider):
        raise KitError(f"The redirect URL to the front end is {stored or 'empty'}", failure=failure)
    settings, roles = admin.advanced()
    if settings.get("allow_register") is False:
        raise KitError("Strapi takes no new users: Enable sign-ups is off", failure="A25")
    if settings.get("default_role") not in roles:
        chosen = settings.get("default_role")
        raise KitError(f"New users get the role {chosen}, which is none of {', '.join(roles)}", failure="A30")
    return f"People come back to {stored}, sign-ups are on, new users get the role {settings['default_role']}"


def _wrong_page(stored: str, provider: str) -> str | None:
    if not stored:
        return "A14"
    parts = urlsplit(stored)
    if not (parts.scheme and parts.netloc):
        return "A13"
    if parts.path.startswith("/api/connect/"):
        return "A15"
    return "D10" if parts.path.rstrip("/") == f"/connect/{provider}" else None
