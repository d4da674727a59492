"""The page that stands where the user's front end would be, as in Strapi's own login example.

https://github.com/strapi/strapi-examples/tree/master/examples/login-react
"""

from __future__ import annotations

import re

from aiohttp import web

from helpers.core import inputs
from helpers.core.errors import InputError
from helpers.web.answers import Routes
from helpers.web.pages import OWN, page
from helpers.web.serving import Handler, Request


def create_app(provider: str, backend: str = "") -> Handler:
    """A login link on ``/``, and ``/connect/<provider>/redirect`` where Strapi sends people back to.

    ``backend`` is Strapi's origin; empty means the page shares it.

    Raises:
        InputError: the provider's name or the backend's address cannot be right.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", provider):
        raise InputError("The provider's name may have letters, digits, - and _ only, such as instagram.")
    backend = inputs.web_address(backend, "The backend's address") if backend else ""
    # It becomes part of a policy header, where a semicolon would begin a rule of its own.
    if not re.fullmatch(r"(https?://[\w.:\[\]-]+)?", backend):
        raise InputError("The backend's address has characters that no host name has.")

    async def show(request: Request) -> web.StreamResponse:
        connect = f"'self' {backend}".strip()
        return page(OWN.joinpath("frontend.html"), connect=connect, provider=provider, backend=backend)

    return Routes([("GET", "/", show), ("GET", f"/connect/{provider}/redirect", show)])
