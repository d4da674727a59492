"""The provider's two logins, read from its data file: where they go and what they send.

What is true of one provider alone stands in ``providers/<provider>.toml``, with its sources; this file only
gives it types.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

_DATA: dict[str, Any] = tomllib.loads(
    files("helpers.core").joinpath("providers/instagram.toml").read_text(encoding="utf-8")
)

AUTHORIZE_HOSTS: tuple[str, ...] = tuple(_DATA["authorize_hosts"])
TOKEN_URL: str = _DATA["token_url"]
PROFILE_URL: str = _DATA["profile_url"]
HOSTS: tuple[str, ...] = tuple(_DATA["hosts"])


@dataclass(frozen=True)
class Flow:
    name: str
    title: str
    provider: str  # Strapi's name for it, and so a part of every address
    authorize_url: str
    scope: str
    scopes: tuple[str, ...]  # all that its login may ask for
    id_field: str  # what Strapi calls the client id towards the provider
    email_domain: str  # of the addresses by which Strapi knows its users
    profile_fields: tuple[str, ...]
    address_labels: tuple[str, ...]  # in its console: redirect URIs, deauthorization, data deletion
    icon: str = _DATA["icon"]
    retired: date | None = None


@dataclass(frozen=True)
class Credentials:
    """How the provider's console calls an app's id and secret, and what they look like."""

    id_label: str
    id_pattern: str
    id_example: str
    secret_label: str
    secret_pattern: str


def _flow(name: str) -> Flow:
    given = {**_DATA["flows"][name], "address_labels": _DATA["console"]["address_labels"][name]}
    frozen: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in given.items()
    }
    return Flow(name, **frozen)


TODAY, DOCUMENTED = _flow("today"), _flow("documented")
FLOWS = {flow.name: flow for flow in (TODAY, DOCUMENTED)}
CREDENTIALS = Credentials(**_DATA["credentials"])
CONSOLE_URL: str = _DATA["console"]["url"]
CONSOLE_AS_OF: date = _DATA["console"]["as_of"]
# By flow, and ``account`` for Instagram's own settings: what stands on its buttons, fields and menus.
CONSOLE_LABELS: dict[str, dict[str, Any]] = _DATA["console"]["labels"]
REFUSED_APP_NAMES: tuple[str, ...] = tuple(_DATA["console"]["refused_names"])
