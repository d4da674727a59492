"""What Strapi itself can be asked: is it up, where does it send people, which settings has it stored."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx

from helpers.core.errors import KitError, Refused, Unreachable
from helpers.core.flows import DOCUMENTED
from helpers.core.urls import API, ME, Urls, is_shared, same_site
from helpers.doctor.measurements import ENABLED, Measurements, NotYet, hostname, origin
from helpers.failures import known
from helpers.project import startup_trouble
from helpers.strapi.client import Connect

# Scopes that Instagram knew once.
_RETIRED = frozenset({"basic", "business_basic"})

# What the engine decides for the front end.
_ENGINES = {
    "session": "This Strapi ends a login in a session cookie: the front end must be on its site",
    "token": "This Strapi ends a login with a token in the front end's address",
    None: "How this Strapi ends a login is not known",
}


def strapi(measured: Measurements) -> str:
    facts = measured.kit.settings
    try:
        measured.strapi()
    except Unreachable as error:
        # Nobody listens: its files may say why, and that is worth more than that it is so.
        refused = isinstance(error.__cause__, httpx.ConnectError)
        raise (startup_trouble.trouble(facts.strapi_project) if refused else None) or error from error
    return f"Strapi answers at {facts.strapi_url}"


def server_url(measured: Measurements) -> str:
    wanted, sent = measured.urls.callback, _redirect_uri(measured)
    if sent != wanted:
        failure = _why_differs(sent, wanted)
        raise KitError(f"Strapi sends {sent or 'no redirect_uri'}, not {wanted}", failure=failure)
    return f"Strapi sends redirect_uri={sent}"


def _redirect_uri(measured: Measurements) -> str:
    """From a login's first redirect; while there is none, from Strapi's settings if we may sign in."""
    try:
        return measured.connect().redirect_uri
    except Refused as error:
        if error.failure != known.PROVIDER_DISABLED or not measured.may_sign_in:
            return measured.started().redirect_uri  # says what this waits for
    providers, name = measured.providers(), measured.kit.flow.provider
    if name in providers:
        return str(providers[name].get("redirectUri", ""))
    # Strapi does not know it before chapter 3; all of them get the same address but for the name.
    builtin = str(providers.get("instagram", {}).get("redirectUri", ""))
    return builtin.replace("/connect/instagram/", f"/connect/{name}/")


def _why_differs(sent: str, wanted: str) -> str:
    there, here = urlsplit(sent), urlsplit(wanted)
    if there.hostname in ("localhost", "127.0.0.1"):
        # Strapi puts a relative url behind its own address.
        return known.SERVER_URL_LOCALHOST if there.path == here.path else known.SERVER_URL_MISSING
    if there.scheme != "https":
        return known.SERVER_URL_MISSING
    return (
        known.REDIRECT_PATH_UNEXPECTED if there.netloc == here.netloc else known.SERVER_URL_OF_EARLIER_TUNNEL
    )


def provider(measured: Measurements) -> str:
    seen, wanted = measured.connect(), measured.kit.flow
    if trouble := _wrong_host(measured, seen):
        raise trouble
    if not re.fullmatch(r"[0-9]+", seen.client_id):
        raise KitError(
            f"Strapi sends client id {seen.client_id or '(none)'}, and every id of Meta's is digits",
            failure=known.CLIENT_ID_MALFORMED,
        )
    asked = re.findall(r"[^,\s]+", seen.scope)
    if wanted.scope not in asked:  # more than that is the reader's own affair
        failure = (
            known.USER_PROFILE_SCOPE_REFUSED
            if DOCUMENTED.scope in asked
            else known.NO_VALID_SCOPE
            if _RETIRED.issuperset(asked)
            else known.OLD_SCOPE_STORED
        )
        raise KitError(f"Strapi asks for scope {seen.scope}, not {wanted.scope}", failure=failure)
    typed = measured.kit.settings.client_id
    if typed and seen.client_id != typed:
        raise KitError(
            f"Strapi sends client id {seen.client_id}, not {typed}", failure=known.APP_NOT_RECOGNISED
        )
    redirects = f"/api/connect/{wanted.provider} redirects to {seen.authorize_host} with scope {seen.scope}"
    return f"{redirects}. {_ENGINES[measured.engine()]}"


def _wrong_host(measured: Measurements, seen: Connect) -> KitError | None:
    flow, host = measured.kit.flow, seen.authorize_host
    served, retired = (urlsplit(each.authorize_url).hostname for each in (flow, DOCUMENTED))
    # As Strapi's page has it, and nobody serves it any more.
    if (flow.retired and measured.kit.settings.live) or (host == retired != served):
        return KitError(
            f"Strapi sends people to {host}, which is out of date", failure=known.INSTAGRAM_PAGE_UNAVAILABLE
        )
    if host == served:
        return None
    told = f"Strapi sends people to {host}, which is not where this login begins"
    save = f"Press Save in Strapi (3.3) again: it writes {flow.authorize_url} into the provider's settings."
    return KitError(
        told,
        failure=known.FACEBOOK_URL_BLOCKED if f".{host}".endswith(".facebook.com") else None,
        fix=(save,),
    )


def session_cookie(measured: Measurements) -> str:
    cookie = measured.started().session_cookie
    if not cookie:
        raise KitError(
            # Without the middleware Strapi would not even start it.
            f"A login starts at {measured.kit.settings.strapi_url}, but no session cookie comes back with it",
            failure=known.HEADERS_LOST_ON_THE_WAY,
        )
    if not measured.strapi().hears_authorization():
        raise KitError(
            f"An Authorization header sent to {measured.kit.settings.strapi_url} does not reach Strapi",
            failure=known.HEADERS_LOST_ON_THE_WAY,
            evidence=f"GET {ME} with a token that nobody gave -> 403, where Strapi says 401",
        )
    sound_cookie(cookie, measured.public())
    if measured.engine() != "session":
        return f"{cookie}; the front end gets a token, so the cookie need not reach it"
    public, front_end = measured.public(), origin(measured.todays_page())
    cookie_reaches(cookie, front_end, public)
    return f"{cookie}; the front end at {front_end} is on the same site"


def sound_cookie(cookie: str, public: str) -> None:
    """Raise what is wrong with it whatever page it is for."""
    if "SameSite=None" in cookie and "Secure" not in cookie:
        raise KitError(f"Browsers drop this cookie: {cookie}", failure=known.CROSS_SITE_COOKIE_DROPPED)
    if refused := _refused_domain(cookie, public):
        raise refused
    if "SameSite=Strict" in cookie:
        raise KitError(
            "Browsers keep this cookie back when Instagram sends them to Strapi",
            failure=known.STATE_MISMATCH,
            evidence=cookie,
            fix=("Remove sameSite: 'strict' from strapi::session in config/middlewares.", "Restart Strapi."),
        )


def cookie_reaches(cookie: str, front_end: str, public: str) -> None:
    """Raise if a browser that blocks third-party cookies keeps it back from a page of ``front_end``."""
    if same_site(front_end, public):
        return
    if "SameSite=None" in cookie:
        raise KitError(
            f"Only a browser that sends third-party cookies can finish a login at {front_end}",
            failure=known.COOKIE_NOT_SENT,
            evidence=cookie,
        )
    raise KitError(
        f"A login that ends at {front_end} cannot be finished: that page is on another site than "
        f"{public}, so browsers keep Strapi's session cookie from it",
        failure=known.SESSION_COOKIE_MISSING,
        evidence=cookie,
    )


def _refused_domain(cookie: str, public: str) -> KitError | None:
    """A cookie may name its own host or a name above that, but none that strangers share."""
    named = re.search(r"Domain=\.?([^;]+)", cookie)
    host = urlsplit(public).hostname or ""
    above = named is not None and f".{host}".endswith(f".{named[1].lower()}")
    if named is None or (above and not is_shared(named[1])):
        return None
    return KitError(
        f"Browsers refuse this cookie at {host}: {cookie}",
        failure=known.COOKIE_FOR_ALL_NGROK_HOSTS if above else known.STATE_MISMATCH,
        fix=("Remove domain from strapi::session in config/middlewares.", "Restart Strapi."),
    )


def provider_settings(measured: Measurements) -> str:
    name = measured.kit.flow.provider
    entry = measured.providers().get(name)
    if not entry or not entry.get("enabled"):
        raise NotYet(ENABLED)
    stored = str(entry.get("callback") or "")
    if failure := _wrong_page(stored, measured):
        raise KitError(f"The redirect URL to the front end is {stored or 'empty'}", failure=failure)
    settings, roles = measured.admin().advanced()
    if settings.get("allow_register") is False:
        raise KitError("Strapi takes no new users: Enable sign-ups is off", failure=known.SIGN_UP_CLOSED)
    role = settings.get("default_role")
    if role not in roles:
        raise KitError(
            f"New users get the role {role}, which is none of {', '.join(roles)}",
            failure=known.NO_ROLE_FOR_NEW_USER,
        )
    return f"People come back to {stored}, sign-ups are on, new users get the role {role}"


def _wrong_page(stored: str, measured: Measurements) -> str | None:
    kit = measured.kit
    if not stored:
        return known.FRONT_END_ADDRESS_MISSING
    if not hostname(stored):
        return known.CALLBACK_ANSWERS_500
    urls, path = Urls(kit.public_url, kit.flow.provider), urlsplit(stored).path.rstrip("/")
    if path.startswith(f"{API}/connect/"):
        return known.WRONG_PAGE_AFTER_CONSENT
    # The kit's own page waits at one place; where somebody's own front end waits, nobody can know. Strapi's
    # own answer ends a login too, without a front end.
    ours = kit.settings.frontend_url in ("", kit.world.front_end_url if kit.world else "")
    kits_own = ours and origin(stored) == kit.public_url
    expected = path in (urls.redirect_path, urls.auth_path)
    return (
        known.REDIRECT_ROUTE_MISSING
        if path == f"/connect/{kit.flow.provider}" or (kits_own and not expected)
        else None
    )
