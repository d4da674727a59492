"""The kit's stand-in for a front end: what it serves. What its script does is seen in a real browser."""

from __future__ import annotations

import re

import httpx
import pytest

from helpers.core.errors import InputError
from helpers.web.frontend import create_app
from helpers.web.server import Server

BACKEND = "https://shop.ngrok-free.dev"


def get(path: str, provider: str = "instagram-business", backend: str = "") -> httpx.Response:
    server = Server(create_app(provider, backend)).start()
    try:
        return httpx.get(server.url + path, trust_env=False)
    finally:
        server.stop()


def test_the_page_leads_to_strapi_on_its_own_origin():
    page = get("/")

    assert page.status_code == 200
    assert 'href="/api/connect/instagram-business"' in page.text


def test_the_page_leads_to_a_backend_elsewhere_and_may_call_it():
    page = get("/", backend=BACKEND + "/")

    assert f'href="{BACKEND}/api/connect/instagram-business"' in page.text
    assert f'data-backend="{BACKEND}"' in page.text
    assert f"connect-src 'self' {BACKEND};" in page.headers["content-security-policy"]


def test_the_redirect_page_is_there_for_its_provider_only():
    assert get("/connect/instagram/redirect?access_token=x", provider="instagram").status_code == 200
    assert get("/connect/github/redirect", provider="instagram").status_code == 404
    assert get("/connect/instagram", provider="instagram").status_code == 404


@pytest.mark.parametrize("provider", ["", "a/b", 'x"><script>', "{path:path}", "a b"])
def test_a_provider_that_is_no_name_is_refused(provider):
    with pytest.raises(InputError):
        create_app(provider)


@pytest.mark.parametrize("backend", ["shop.ngrok-free.dev", BACKEND + "/api", "https://x;script-src"])
def test_a_backend_that_is_no_origin_is_refused(backend):
    with pytest.raises(InputError):
        create_app("instagram", backend)


def test_only_the_pages_own_script_and_style_may_run():
    page, again = get("/"), get("/")

    (nonce,) = set(re.findall(r"'nonce-([^']+)'", page.headers["content-security-policy"]))
    assert re.findall(r'<(?:script|style) nonce="([^"]+)"', page.text) == [nonce, nonce]
    assert len(re.findall(r"<(?:script|style)", page.text)) == 2
    assert nonce not in again.text
    assert "unsafe" not in page.headers["content-security-policy"]


def test_nothing_is_loaded_from_outside():
    page = get("/")

    assert re.findall(r'(?:src|href)="([^"]*)"', page.text) == ["data:,", "/api/connect/instagram-business"]
    assert "url(" not in page.text
    assert "@import" not in page.text


def test_nothing_of_a_login_is_shown_raw_logged_or_stored():
    page = get("/connect/instagram-business/redirect?access_token=IGAAsecret&error=%3Cb%3E")

    assert "IGAAsecret" not in page.text
    assert "<b>" not in page.text
    for way_out in ("jwt", "Storage", "document.cookie", "console.", "innerHTML", "document.write", "eval("):
        assert way_out not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_the_result_is_announced_to_screen_readers():
    page = get("/connect/instagram-business/redirect")

    assert '<div role="status" aria-live="polite">' in page.text
    assert '<html lang="en">' in page.text
    assert "<noscript>" in page.text
