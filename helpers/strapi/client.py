"""Strapi over HTTP: is it up, which engine finishes its logins, and (signed in) its provider settings.

Strapi documents none of its admin API. What is used here is the same in Strapi 4.26, 5.50, 5.52 and 5.54,
and the contract tests hold it to running ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qs, urlsplit

import httpx

from helpers import failures
from helpers.core.errors import Refused, Unexpected
from helpers.core.masking import Secret, redact
from helpers.core.urls import API, HEALTH, ME, Urls, parsed
from helpers.failures import known
from helpers.strapi.http import Answer, Connection
from helpers.strapi.providers import Admin, Change

__all__ = ["Admin", "Change", "Connect", "Strapi"]

_FLAGS = {"httponly": "HttpOnly", "secure": "Secure", "samesite": "SameSite", "domain": "Domain"}


@dataclass(frozen=True)
class Connect:
    """Where Strapi sends a browser that wants to log in; nothing secret in it can be read by accident."""

    location: str  # redacted
    authorize_host: str
    redirect_uri: str
    scope: str
    client_id: str
    id_field: str  # "client_id", "app_id", or "" when neither is sent
    has_state: bool
    session_cookie: str  # name and flags only, such as "koa.sess; HttpOnly"
    cookies: Secret = field(default_factory=Secret)  # what the browser would hold now


class Strapi:
    """One Strapi, as far as it can be known without signing in.

    Every call is one request that sends no cookie and ends within ``patience`` seconds.

    Raises:
        Unreachable: nobody answers at ``url``.
        Unexpected: whoever answers is not a Strapi.
    """

    def __init__(self, http: httpx.Client, url: str, *, patience: float = 10.0) -> None:
        self._connection = Connection(http, url, patience)
        self.url = url

    def check_up(self) -> None:
        answer = self._connection.ask("GET", HEALTH)
        if answer.status != 204:
            raise Unexpected(
                f"Something answers at {self.url}, but not as Strapi does",
                failure=known.PORT_TAKEN,
                evidence=str(answer),
            )

    def connect(self, provider: str, public: str = "") -> Connect:
        """Start a login and look where it leads, without going there.

        Asked as the gateway behind ``public`` would: in production Strapi sets its cookie only on https.

        Counts towards the 10 logins a minute that Strapi allows one address.

        Raises:
            Refused: Strapi does not start the login; the failure's id says why.
        """
        answer = self._connection.ask("GET", Urls("", provider).connect_path, headers=_behind(public))
        if 300 <= answer.status < 400 and parsed(answer.headers.get("location", "")).hostname:
            return _connect(answer)
        if not answer.message:
            raise answer.unexpected()
        raise _refused("Strapi does not start the login", "connect", answer)

    def engine(self, provider: str) -> str | None:
        """How this Strapi hands a login to the front end: ``"session"`` or ``"token"``.

        ``None`` while the provider is disabled (failure A01), because then all versions answer alike.
        """
        answer = self._connection.ask("GET", Urls("", provider).auth_path)
        if "requires a completed provider session" in answer.message:
            return "session"
        if "No access_token" in answer.message:
            return "token"
        if failures.get(known.PROVIDER_DISABLED).proven_by(answer.message):
            return None
        if answer.is_strapis:
            raise _refused("Strapi does not answer at the login's last step", "auth", answer)
        raise answer.unexpected()

    def hears_authorization(self) -> bool:
        """Whether an ``Authorization`` header reaches Strapi.

        It refuses one that it cannot verify with 401, and with 403 whoever sends none.
        """
        sent = {"Authorization": "Bearer none-at-all"}
        return self._connection.ask("GET", ME, headers=sent).status != 403

    def cors(self, provider: str, origin: str, public: str = "") -> Mapping[str, str]:
        """The headers that tell a browser whether a page of ``origin`` may read its login."""
        headers = {"Origin": origin, **_behind(public)}
        answer = self._connection.ask("GET", Urls("", provider).auth_path, headers=headers)
        if not answer.message:
            raise answer.unexpected()
        return answer.headers

    def sign_up_open(self) -> bool | None:
        """Whether anybody may make an account with a password; None if Strapi does not say.

        Asked with nothing in it, which makes no account.
        """
        answer = self._connection.ask("POST", f"{API}/auth/local/register", {})
        if "currently disabled" in answer.message or answer.status in (403, 404, 405):
            return False
        return True if answer.status == 400 and answer.message else None

    def has_admin(self) -> bool:
        return self._connection.ask("GET", "/admin/init").get(bool, "data", "hasAdmin")

    def sign_in(self, email: str, password: Secret) -> Admin:
        """Strapi takes five attempts in five minutes for one e-mail address.

        Raises:
            Refused: a wrong pair, or too many attempts.
        """
        return Admin(self._connection, partial(self._admin_token, email, password))

    def _admin_token(self, email: str, password: Secret) -> Secret:
        answer = self._connection.ask("POST", "/admin/login", {"email": email, "password": password})
        if answer.status in (400, 401, 429) and answer.message:
            wait = "Wait five minutes, then try once."
            look = "Sign in to Strapi's admin panel with the same pair to see whether it is right."
            raise Refused(
                f"Strapi does not let {email} in: {answer.message}",
                evidence=str(answer),
                fix=(wait if answer.status == 429 else look,),
            )
        return Secret(answer.get(str, "data", "token"))


def _refused(sentence: str, step: str, answer: Answer) -> Refused:
    """With the failure that the words mean at this step of a login, or else the status."""
    failure = failures.named(answer.message, step) or failures.at_status(step, answer.status)
    return Refused(f"{sentence}: {answer.message}", failure=failure, evidence=str(answer))


def _behind(public: str) -> dict[str, str]:
    """What the gateway behind ``public`` says of whom it speaks for."""
    seen_as = urlsplit(public)
    if not public:
        return {}
    return {"Host": seen_as.netloc, "X-Forwarded-Host": seen_as.netloc, "X-Forwarded-Proto": seen_as.scheme}


def _connect(answer: Answer) -> Connect:
    location = answer.headers["location"]
    target = parsed(location)
    value = {name: values[0] for name, values in parse_qs(target.query).items()}
    id_field = next((name for name in ("client_id", "app_id") if name in value), "")
    return Connect(
        location=redact(location),
        authorize_host=target.hostname or "",
        redirect_uri=value.get("redirect_uri", ""),
        scope=value.get("scope", ""),
        client_id=value.get(id_field, ""),
        id_field=id_field,
        has_state="state" in value,
        session_cookie=_session_cookie(answer.headers.get_list("set-cookie")),
        cookies=Secret("; ".join(line.split(";")[0] for line in answer.headers.get_list("set-cookie"))),
    )


def _session_cookie(cookies: list[str]) -> str:
    """Strapi's session cookie by name and flags, never its value."""
    cookie = next((cookie for cookie in cookies if cookie.startswith("koa.sess=")), "")
    shown = ["koa.sess"] if cookie else []
    for attribute in cookie.split(";")[1:]:
        name, equals, value = attribute.strip().partition("=")
        if name.lower() in _FLAGS:
            shown.append(
                _FLAGS[name.lower()] + equals + (value if name.lower() == "domain" else value.capitalize())
            )
    return "; ".join(shown)
