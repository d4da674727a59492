"""What can be set up wrong in a deployed setup, each with the failure that its checks must name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from helpers.failures import known
from helpers.rehearsal.deployed import BARE, DeployedWorld

_TUNNEL = "https://65e60559.ngrok-free.dev"


class DeploymentFault(NamedTuple):
    name: str
    failure: str
    plant: Callable[[DeployedWorld], object]


def _set(part: str, **values: object) -> Callable[[DeployedWorld], None]:
    def plant(world: DeployedWorld) -> None:
        target = getattr(world, part)
        for name, value in values.items():
            setattr(target, name, value)

    return plant


def _store(**values: object) -> Callable[[DeployedWorld], None]:
    return lambda world: world.provider.update(values)


def _serve_plainly(world: DeployedWorld) -> None:
    world.served_plainly = True


def _without_credentials(world: DeployedWorld) -> None:
    world.page.request = world.page.request.replace("credentials: 'include',", "")


def _callback_of_tunnel(world: DeployedWorld) -> None:
    world.provider["callback"] = world.provider["callback"].replace(world.layout.page, _TUNNEL)


def _front_end_elsewhere(world: DeployedWorld) -> None:
    world.provider["callback"] = world.provider["callback"].replace(world.layout.page, BARE)


FAULTS = (
    DeploymentFault(
        "Strapi does not trust its proxy", known.SECURE_COOKIE_REFUSED, _set("config", proxy=False)
    ),
    DeploymentFault(
        "secure by hand, without trust in the proxy",
        known.SECURE_COOKIE_REFUSED,
        _set("config", proxy=False, production=False, secure=True),
    ),
    DeploymentFault("Strapi has no url", known.SERVER_URL_LOCALHOST, _set("config", url="")),
    DeploymentFault(
        "url without https", known.SERVER_URL_DIFFERS, _set("config", url="http://api.example.com")
    ),
    DeploymentFault(
        "url with the platform's port",
        known.SERVER_URL_DIFFERS,
        _set("config", url="https://api.example.com:10000"),
    ),
    DeploymentFault(
        "the proxy does not say https", known.FORWARDED_PROTO_LOST, _set("proxy", forwarded_proto="")
    ),
    DeploymentFault(
        "two proxies, the first says http",
        known.SECURE_COOKIE_REFUSED,
        _set("proxy", forwarded_proto="http, https"),
    ),
    DeploymentFault(
        "www leads to the bare domain", known.ADDRESS_MOVES_TO_ANOTHER_HOST, _set("proxy", main_page=BARE)
    ),
    DeploymentFault(
        "the page asks without its cookie", known.FETCH_WITHOUT_CREDENTIALS, _without_credentials
    ),
    DeploymentFault(
        "url is still the tunnel's", known.SERVER_URL_OF_EARLIER_TUNNEL, _set("config", url=_TUNNEL)
    ),
    DeploymentFault(
        "the redirect URL is still the tunnel's", known.SERVER_URL_OF_EARLIER_TUNNEL, _callback_of_tunnel
    ),
    DeploymentFault(
        "the redirect URL is of another host", known.REDIRECT_URL_ELSEWHERE, _front_end_elsewhere
    ),
    DeploymentFault("sessions to refresh", known.SESSIONS_NEED_REFRESH, _set("config", refresh=True)),
    DeploymentFault("the admin panel is open", known.ADMIN_OPEN, _set("proxy", open_admin=True)),
    DeploymentFault("port 80 serves the page", known.HTTP_NOT_REDIRECTED, _serve_plainly),
    DeploymentFault("a CDN eats cookies", known.COOKIE_LOST_ON_THE_WAY, _set("proxy", drops_cookies=True)),
    DeploymentFault("the provider is disabled", known.PROVIDER_DISABLED, _store(enabled=False)),
    DeploymentFault("the client ID is quoted", known.CLIENT_ID_NOT_DIGITS, _store(key='"563883201184965"')),
    DeploymentFault("the client secret is empty", known.CLIENT_SECRET_WRONG, _store(secret="")),
    DeploymentFault(
        "the page's route is not served", known.REDIRECT_PAGE_NOT_SERVED, _set("page", routed=False)
    ),
    DeploymentFault(
        "CORS for another origin",
        known.CORS_REFUSED_BY_STRAPI,
        _set("config", origins=["https://old.example.com"]),
    ),
    DeploymentFault("CORS without cookies", known.CORS_REFUSED_BY_STRAPI, _set("config", credentials=False)),
)
