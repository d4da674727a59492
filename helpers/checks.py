"""One check per step: measured now, with evidence, and with cause and fix when it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from helpers import inputs, tunnel
from helpers.errors import InputError, KitError
from helpers.gateway import HELLO
from helpers.kit import Kit
from helpers.login import failed
from helpers.masking import redact

PASSED, FAILED, SKIPPED, UNKNOWN = "passed", "failed", "skipped", "unknown"


@dataclass(frozen=True)
class Result:
    id: str
    status: str
    evidence: str
    failure: str | None = None
    fix: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "evidence": self.evidence,
            "failure": self.failure,
            "fix": list(self.fix),
        }


class Skip(Exception):
    """This check waits for something else; the text says for what."""


def strapi(kit: Kit) -> str:
    kit.strapi.check_up()
    return f"Strapi answers at {kit.settings.strapi_url}"


def public_address(kit: Kit) -> str:
    door = kit.door.seen(kit.http)
    if door is None:
        raise Skip("the tunnel to be started (notebook 01)")
    public, nonce = door
    seen = tunnel.confirm(kit.http, public, HELLO, nonce)
    whose = "this notebook's" if kit.door.is_open else "another notebook's"
    note = "; browsers see ngrok's warning page once, press Visit Site" if seen.interstitial else ""
    return f"{public} leads to {whose} gateway{note}"


def server_url(kit: Kit) -> str:
    if not kit.public_url:
        raise Skip("the tunnel to be started (notebook 01)")
    sent = _redirect_uri(kit)
    if sent != kit.urls.callback:
        failure = _why_differs(sent, kit.urls.callback)
        raise KitError(f"Strapi sends {sent or 'no redirect_uri'}, not {kit.urls.callback}", failure=failure)
    return f"Strapi sends redirect_uri={sent}"


def _redirect_uri(kit: Kit) -> str:
    """From a login's first redirect; while there is none, from Strapi's settings if we may sign in.

    In that order, because Strapi takes only five sign-ins in five minutes.
    """
    try:
        return kit.strapi.connect(kit.flow.provider).redirect_uri
    except KitError as error:
        if error.failure != "A01":
            raise
        if not (kit.settings.strapi_admin_email and kit.settings.strapi_admin_password):
            raise Skip("the provider to be enabled (notebook 03)") from error
    providers = kit.admin().providers()
    if kit.flow.provider in providers:
        return str(providers[kit.flow.provider].get("redirectUri", ""))
    # Strapi does not know it before notebook 03; all of them get the same address but for the name.
    known = str(providers.get("instagram", {}).get("redirectUri", ""))
    return known.replace("/connect/instagram/", f"/connect/{kit.flow.provider}/")


def _why_differs(sent: str, wanted: str) -> str:
    if "localhost" in sent or "127.0.0.1" in sent:
        return "A03"
    if not sent.startswith("https://"):
        return "A02"
    return "A05" if sent.split("/")[2] == wanted.split("/")[2] else "A04"


# What the engine decides for the front end.
_ENGINES = {
    "session": "This Strapi ends a login in a session cookie: the front end must share its origin",
    "token": "This Strapi ends a login with a token in the front end's address",
    None: "How this Strapi ends a login is not known",
}


def credentials(kit: Kit) -> str:
    if not kit.settings.client_id or not kit.settings.client_secret:
        raise Skip("the client ID and secret (notebook 02)")
    inputs.client_secret(kit.settings.client_secret.reveal())
    return f"Client ID {inputs.client_id(kit.settings.client_id)} and a secret of 32 hex characters"


def provider(kit: Kit) -> str:
    if not kit.public_url:
        raise Skip("the tunnel to be started (notebook 01)")
    seen = kit.strapi.connect(kit.flow.provider)
    wanted = kit.flow
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


def login(kit: Kit) -> str:
    verdict = kit.verdict()
    if not verdict.decided:
        raise Skip("a login (notebook 04)")
    if not verdict.ok:
        raise failed(verdict)
    return verdict.reason


CHECKS: dict[str, Callable[[Kit], str]] = {
    "strapi": strapi,
    "public-address": public_address,
    "server-url": server_url,
    "credentials": credentials,
    "provider": provider,
    "login": login,
}

TITLES = {
    "strapi": "Strapi is running",
    "public-address": "The public address leads here",
    "server-url": "Strapi knows its public address",
    "credentials": "The client ID and secret look right",
    "provider": "The provider is enabled in Strapi",
    "login": "A login was witnessed",
}


def run_one(kit: Kit, name: str) -> Result:
    """One check now. It never raises: whatever happens is the result."""
    try:
        return Result(name, PASSED, redact(CHECKS[name](kit)))
    except Skip as waiting:
        return Result(name, SKIPPED, f"waits for {waiting}")
    except InputError as error:
        return Result(name, FAILED, str(error), error.failure, error.fix)
    except KitError as error:
        seen = f"{error} ({error.evidence})" if error.evidence else str(error)
        return Result(name, FAILED, seen, error.failure, error.fix)
    except Exception as error:  # a bug of ours must still be a readable line
        return Result(name, UNKNOWN, redact(f"{type(error).__name__}: {error}"))


def run(kit: Kit, names: Sequence[str] = tuple(CHECKS)) -> list[Result]:
    """Several checks at once, in the order of ``names``."""
    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(lambda name: run_one(kit, name), names))
