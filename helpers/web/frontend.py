"""The page that stands where the user's front end would be, as in Strapi's own login example.

https://github.com/strapi/strapi-examples/tree/master/examples/login-react
"""

from __future__ import annotations

import re

from aiohttp import web

from helpers.core import inputs
from helpers.core.errors import InputError
from helpers.web.answers import Answer, Routes
from helpers.web.pages import OWN, page
from helpers.web.serving import Handler, Request

# What may become part of a policy header, where a semicolon would begin a rule of its own.
_ORIGIN = re.compile(r"https?://[\w.:\[\]-]+")


def login_page(provider: str, backend: str) -> Answer:
    """The page may call ``backend`` if that is an origin; whatever it is, the login link begins with it."""
    connect = f"'self' {backend}" if _ORIGIN.fullmatch(backend) else "'self'"
    return page(OWN.joinpath("frontend.html"), connect=connect, provider=provider, backend=backend)


def create_app(provider: str, backend: str = "") -> Handler:
    """A login link on ``/``, and ``/connect/<provider>/redirect`` where Strapi sends people back to.

    ``backend`` is Strapi's origin; empty means the page shares it.

    Raises:
        InputError: the provider's name or the backend's address cannot be right.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", provider):
        raise InputError("The provider's name may have letters, digits, - and _ only, such as instagram.")
    backend = inputs.web_address(backend, "The backend's address") if backend else ""
    if backend and not _ORIGIN.fullmatch(backend):
        raise InputError("The backend's address has characters that no host name has.")

    async def show(request: Request) -> web.StreamResponse:
        return login_page(provider, backend)

    return Routes([("GET", "/", show), ("GET", f"/connect/{provider}/redirect", show)])
