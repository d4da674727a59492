"""The providers of the stand-in Strapi: what a new one has stored, and what is asked of Instagram for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from helpers.core.flows import DOCUMENTED, TOKEN_URL, Flow
from helpers.rehearsal.strapi.parts import Refusal

# Icon, scope and subdomain of every provider that comes with Strapi, email apart.
_BUILT_IN: dict[str, tuple[str, list[str] | None, str]] = {
    "discord": ("discord", ["identify", "email"], ""),
    "facebook": ("facebook-square", ["email"], ""),
    "google": ("google", ["email"], ""),
    "github": ("github", ["user", "user:email"], ""),
    "microsoft": ("windows", ["user.read"], ""),
    "twitter": ("twitter", None, ""),
    "instagram": ("instagram", ["user_profile"], ""),
    "vk": ("vk", ["email"], ""),
    "twitch": ("twitch", ["user:read:email"], ""),
    "linkedin": ("linkedin", ["r_liteprofile", "r_emailaddress"], ""),
    "cognito": ("aws", ["email", "openid", "profile"], "my.subdomain.com"),
    "reddit": ("reddit", ["identity"], ""),
    "auth0": ("", ["openid", "email", "profile"], "my-tenant.eu"),
    "cas": ("book", ["openid email"], "my.subdomain.com/cas"),
    "patreon": ("", ["identity", "identity[email]"], ""),
    "keycloak": ("", ["openid", "email", "profile"], "myKeycloakProvider.com/realms/myrealm"),
}
# The younger half fills the field that is read, the older half one that nobody reads.
_FILLS_CALLBACK = {"cognito", "reddit", "auth0", "cas", "patreon", "keycloak"}


def fresh_providers(server_url: str, custom: Flow | None) -> dict[str, dict[str, Any]]:
    """What a new Strapi has stored after its first start."""
    base = f"{server_url}/api/auth" if server_url else "api/auth"
    providers: dict[str, dict[str, Any]] = {"email": {"icon": "envelope", "enabled": True}}
    for name, (icon, scope, subdomain) in _BUILT_IN.items():
        field = "callback" if name in _FILLS_CALLBACK else "callbackUrl"
        entry = {"icon": icon, "enabled": False, "key": "", "secret": "", field: f"{base}/{name}/callback"}
        optional = {"scope": scope, "subdomain": subdomain}
        providers[name] = entry | {field: value for field, value in optional.items() if value}
    if custom:
        providers[custom.provider] = custom_provider_entry(custom)
    return providers


def custom_provider_entry(flow: Flow) -> dict[str, Any]:
    """As the provider file of this kit registers it."""
    return {
        "icon": flow.icon,
        "enabled": False,
        "key": "",
        "secret": "",
        "callback": "",
        "scope": [flow.scope],
        "scope_delimiter": ",",
        "oauth": 2,
        "state": True,
        "authorize_url": flow.authorize_url,
        "access_url": TOKEN_URL,
    }


@dataclass(frozen=True)
class Provider:
    name: str
    entry: dict[str, Any]  # as stored
    redirect_uri: str

    @property
    def built_in(self) -> bool:
        return self.name == DOCUMENTED.provider

    @property
    def prefix(self) -> str:
        """Names of 2019 for the built-in provider, if its key is all digits; today's for everybody else."""
        return "app_" if self.built_in and self.entry["key"].isdecimal() else "client_"

    def authorize(self, state: str | None) -> tuple[str, list[tuple[str, str]]]:
        url = DOCUMENTED.authorize_url if self.built_in else self.entry.get("authorize_url")
        if not url:
            raise Refusal("Unknown OAuth provider")
        query = [
            ("response_type", "code"),
            ("redirect_uri", self.redirect_uri),
            ("scope", ",".join(self.entry["scope"])),
        ]
        key = (f"{self.prefix}id", self.entry["key"])
        query = [*query, key] if self.prefix == "app_" else [key, *query]
        return url, [*query, ("state", state)] if state else query

    def exchange(self, code: str) -> httpx.Request:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            f"{self.prefix}id": self.entry["key"],
            f"{self.prefix}secret": self.entry["secret"],
        }
        return httpx.Request("POST", TOKEN_URL if self.built_in else self.entry["access_url"], data=form)
