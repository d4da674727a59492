"""Two addresses decide the layout, as browsers decide it."""

from __future__ import annotations

import pytest

from helpers.core.layout import ONE_ORIGIN, OTHER_SITE, SAME_SITE, Layout
from helpers.core.urls import is_shared, same_site, site


@pytest.mark.parametrize(
    ("strapi", "page", "kind"),
    [
        ("https://example.com", "https://example.com", ONE_ORIGIN),
        ("https://api.example.com", "https://www.example.com", SAME_SITE),
        ("https://api.example.com", "https://example.com", SAME_SITE),
        ("https://api.example.com:8443", "https://example.com", SAME_SITE),
        ("https://a.b.example.co.uk", "https://example.co.uk", SAME_SITE),
        ("https://api.example.com", "http://www.example.com", OTHER_SITE),
        ("https://example.com", "https://shop.test", OTHER_SITE),
        ("https://one.co.uk", "https://two.co.uk", OTHER_SITE),
        ("https://a.github.io", "https://b.github.io", OTHER_SITE),
        ("https://x.vercel.app", "https://y.vercel.app", OTHER_SITE),
        ("https://x.up.railway.app", "https://y.up.railway.app", OTHER_SITE),
        ("https://192.0.2.1", "https://192.0.2.2", OTHER_SITE),
        ("https://[2001:db8::1]", "https://[2001:db8::2]", OTHER_SITE),
    ],
)
def test_the_addresses_decide(strapi: str, page: str, kind: str) -> None:
    assert Layout(strapi, page).kind == kind
    assert same_site(strapi, page) == (kind != OTHER_SITE)


def test_each_layout_says_what_follows_from_it() -> None:
    why = Layout("https://api.example.com", "https://www.example.com").why
    assert "share the domain example.com" in why
    shared = Layout("https://a.vercel.app", "https://b.vercel.app").why
    assert "different sites" in shared
    assert "Under vercel.app strangers live side by side" in shared


def test_names_of_one_computer_are_sites_of_their_own() -> None:
    assert site("http://localhost:3000") == ("http", "localhost")
    assert site("http://127.0.0.1:1337") == ("http", "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("ngrok-free.app", True),
        ("trycloudflare.com", True),
        ("com", True),
        ("example.com", False),
        ("", False),
    ],
)
def test_names_that_strangers_share_are_known(name: str, shared: bool) -> None:
    assert is_shared(name) == shared
