"""The changes the user's own projects need, as text to read and to paste."""

from __future__ import annotations

from importlib.resources import files

from helpers.urls import Urls

PROVIDER_FILE = "src/extensions/users-permissions/strapi-server.js"

# Which one a front end reads depends on the tool that builds it.
FRONTEND_VARIABLES = (
    "REACT_APP_BACKEND_URL",  # Create React App, as Strapi's login-react example
    "VITE_BACKEND_URL",
    "NEXT_PUBLIC_BACKEND_URL",
)


def server_config() -> str:
    """The line for ``config/server``; the page's own ``env('', …)`` can never read a variable."""
    return "url: env('PUBLIC_URL', 'http://localhost:1337'),"


def backend_env(urls: Urls) -> str:
    """Nothing while there is no public address: an empty variable would take Strapi's default away."""
    return f"PUBLIC_URL={urls.public}" if urls.public else ""


def frontend_env(urls: Urls) -> str:
    """All three spellings: a line that the front end's tool does not know does no harm."""
    return "\n".join(f"{name}={urls.public}" for name in FRONTEND_VARIABLES if urls.public)


def provider_source() -> str:
    """The provider file for today's login, the same for Strapi 4.26, 5.50 and 5.54."""
    return files("helpers").joinpath("templates/strapi-server.js").read_text(encoding="utf-8")
