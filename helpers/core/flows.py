"""The two Instagram logins as data: where they go and what they send.

Sources: the login of today is described at
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
and the retired one on Strapi's page
https://docs.strapi.io/cms/configurations/users-and-permissions-providers/instagram
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

AUTHORIZE_HOSTS = ("www.instagram.com", "api.instagram.com")
TOKEN_URL = "https://api.instagram.com/oauth/access_token"  # noqa: S105 - an address, not a token
PROFILE_URL = "https://graph.instagram.com/me"
HOSTS = ("www.instagram.com", "api.instagram.com", "graph.instagram.com")


@dataclass(frozen=True)
class Flow:
    name: str
    title: str
    provider: str  # Strapi's name for it, and so a part of every address
    authorize_url: str
    scope: str
    id_field: str  # what Strapi calls the client id towards Instagram
    secret_field: str
    icon: str = "instagram"
    retired: date | None = None


DOCUMENTED = Flow(
    name="documented",
    title="Instagram Basic Display, as Strapi's page describes it",
    provider="instagram",
    authorize_url="https://api.instagram.com/oauth/authorize",
    scope="user_profile",
    # Strapi swaps the names for every key that is all digits, which all of Meta's are.
    id_field="app_id",
    secret_field="app_secret",  # noqa: S106 - a field's name
    retired=date(2024, 12, 4),
)

TODAY = Flow(
    name="today",
    title="Instagram API with Instagram Login",
    # A name of its own: Strapi's built-in `instagram` keeps its retired endpoints whatever is stored.
    provider="instagram-business",
    authorize_url="https://www.instagram.com/oauth/authorize",
    scope="instagram_business_basic",
    id_field="client_id",
    secret_field="client_secret",  # noqa: S106 - a field's name
)

FLOWS = {flow.name: flow for flow in (TODAY, DOCUMENTED)}
