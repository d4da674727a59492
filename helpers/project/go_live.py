"""What to write where, so that a login ends at two addresses: page, Strapi, and what stands between."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlsplit

from helpers.core.layout import ONE_ORIGIN, OTHER_SITE, Layout
from helpers.core.origins import host

_TEMPLATES = files("helpers.project").joinpath("templates/go_live")
_USUAL = 443


@dataclass(frozen=True)
class Snippet:
    """One text to copy, where it belongs and why."""

    id: str
    title: str
    why: str
    text: str


@dataclass(frozen=True)
class Behind:
    """Where the proxy finds the two servers: on its own machine, or at a platform's address."""

    strapi: str = "http://127.0.0.1:1337"
    page: str = "http://127.0.0.1:3000"


_WHERE = "Write the address where it reaches Strapi instead of {behind}, if that is another one."
_ONE = {
    "next": (
        "Next.js (next.config.js)",
        "Next.js passes /api on to Strapi, so the page's address is Strapi's as well.",
    ),
    "vite": ("Vite (vite.config.js)", "Vite's own server passes /api on to Strapi."),
    "router": (
        "A platform's router (such as vercel.json)",
        "Its rewrites pass /api on to Strapi before the page's own routes are looked at. Written after its "
        "documentation and never run on a platform: check it in step 4.",
    ),
}
# Alternatives: one of them is the person's.
PROXIES = ("nginx", "caddy", *_ONE)
_FILES = {"next": "next.config.js", "vite": "vite.config.js", "router": "router.json"}


def snippets(
    layout: Layout,
    provider: str,
    *,
    strapi_major: int = 5,
    typescript: bool = False,
    behind: Behind | None = None,
) -> list[Snippet]:
    """In the order in which they are used; of the ``PROXIES`` one is needed.

    ``OTHER_SITE`` gets what makes it one origin, for there is no setting that ends a login everywhere else.
    """
    behind = behind or Behind()
    wanted = Layout(layout.page, layout.page) if layout.kind == OTHER_SITE else layout
    values = _values(wanted, provider, strapi_major, behind)
    one = wanted.kind == ONE_ORIGIN
    suffix = "-one-origin" if one else ""
    config = "server.ts" if typescript else "server.js"
    found = [
        Snippet(
            "page",
            "The page's request" + (": nothing to change" if one else ""),
            "The page's own origin needs no word more." if one else
            "credentials: 'include' is the one word: with it the browser sends Strapi's session cookie.",
            _text(f"page{suffix}.js", values),
        ),
        Snippet(
            "strapi",
            f"config/env/production/{config}",
            "Strapi builds the address for Meta from url. It sets its session cookie only where it believes "
            "in https, which the proxy tells it.",
            _text(config, values),
        ),
        Snippet(
            "nginx",
            "nginx",
            "Passes https and the asking address on, in buffers that hold Strapi's session cookie. Its "
            "second block, further down, leads http to https.",
            _text(f"nginx{suffix}.conf", values),
        ),
        Snippet(
            "caddy",
            "Caddy",
            "Passes https and the asking address on; certificates and headers are Caddy's own work.",
            _text(f"caddy{suffix}.conf", values),
        ),
    ]  # fmt: skip
    if one:
        found += [
            Snippet(name, title, f"{why} {_WHERE.format(**values)}", _text(_FILES[name], values))
            for name, (title, why) in _ONE.items()
        ]
    return found


def _values(layout: Layout, provider: str, strapi_major: int, behind: Behind) -> dict[str, str]:
    page, strapi = urlsplit(layout.page), urlsplit(layout.strapi)
    values = {
        "provider": provider,
        "strapi": layout.strapi,
        "strapi_host": host(layout.strapi),
        "strapi_netloc": strapi.netloc,
        "page_host": host(layout.page),
        "page_netloc": page.netloc,
        "port": str(strapi.port or _USUAL),
        "trust": "{ koa: true }" if strapi_major >= 5 else "true",
        "behind": behind.strapi,
        "strapi_upstream": urlsplit(behind.strapi).netloc,
        "page_upstream": urlsplit(behind.page).netloc,
    }
    for name in ("strapi", "page"):
        upstream = {"upstream": values[f"{name}_upstream"]}
        values[f"proxy_{name}"] = _text("nginx-proxy.conf", upstream).rstrip()
    return values


def _text(template: str, values: dict[str, str]) -> str:
    text = _TEMPLATES.joinpath(template).read_text(encoding="utf-8")
    return re.sub(r"@([a-z_]+)@", lambda name: values[name[1]], text)
