"""Every address of the setup, to the letter: Meta and Strapi compare them letter by letter."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from helpers.core.flows import DOCUMENTED, FLOWS, TODAY, Flow
from helpers.core.urls import DOCUMENTED_FRONTEND, HEALTH, ME, Urls

ORIGIN = "https://65e60559.ngrok.io"
ABSOLUTE = ("connect", "callback", "auth", "frontend_redirect", "deauthorize", "data_deletion", "site_root")


def test_the_documented_login_has_the_addresses_of_strapis_page():
    urls = Urls(ORIGIN, DOCUMENTED.provider, DOCUMENTED_FRONTEND)
    assert urls.callback == "https://65e60559.ngrok.io/api/connect/instagram/callback"
    assert urls.site_root == "https://65e60559.ngrok.io"
    assert urls.frontend_redirect == "http://localhost:3000/connect/instagram/redirect"
    assert urls.connect == "https://65e60559.ngrok.io/api/connect/instagram"
    assert urls.auth == "https://65e60559.ngrok.io/api/auth/instagram/callback"


def test_todays_login_has_a_provider_of_its_own_in_every_address():
    urls = Urls("https://shop.ngrok-free.dev", TODAY.provider)
    assert urls.callback == "https://shop.ngrok-free.dev/api/connect/instagram-business/callback"
    assert urls.frontend_redirect == "https://shop.ngrok-free.dev/connect/instagram-business/redirect"
    assert urls.connect == "https://shop.ngrok-free.dev/api/connect/instagram-business"
    assert urls.auth == "https://shop.ngrok-free.dev/api/auth/instagram-business/callback"


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())
def test_without_a_front_end_of_its_own_everything_has_one_origin(flow: Flow):
    urls = Urls(ORIGIN, flow.provider)
    parts = [urlsplit(getattr(urls, name)) for name in ABSOLUTE]
    assert {(each.scheme, each.netloc) for each in parts} == {("https", "65e60559.ngrok.io")}


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())
def test_a_front_end_elsewhere_moves_its_own_address_and_no_other(flow: Flow):
    shared, apart = Urls(ORIGIN, flow.provider), Urls(ORIGIN, flow.provider, "http://localhost:5173")
    moved = {name for name in ABSOLUTE if getattr(shared, name) != getattr(apart, name)}
    assert moved == {"frontend_redirect"}
    assert apart.frontend_redirect.startswith("http://localhost:5173/connect/")


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())
def test_no_address_has_a_double_slash_a_query_or_a_slash_at_its_end(flow: Flow):
    urls = Urls(ORIGIN, flow.provider)
    for name in ABSOLUTE:
        parts = urlsplit(getattr(urls, name))
        assert (parts.query, parts.fragment) == ("", "")
        assert "//" not in parts.path
        assert not parts.path.endswith("/")


def test_paths_are_those_of_the_absolute_addresses():
    urls = Urls(ORIGIN, TODAY.provider)
    for name in ("connect", "callback", "auth"):
        assert getattr(urls, name) == ORIGIN + getattr(urls, f"{name}_path")
    assert urls.frontend_redirect == ORIGIN + urls.redirect_path


def test_the_two_addresses_that_people_mix_up_differ_by_the_api_path():
    urls = Urls(ORIGIN, TODAY.provider)
    assert "/api/connect/" in urls.callback
    assert "/api/" not in urls.frontend_redirect


def test_metas_own_requests_have_an_address_each():
    urls = Urls("https://shop.ngrok-free.dev", TODAY.provider)
    assert urls.deauthorize == "https://shop.ngrok-free.dev/api/auth/instagram-business/deauthorize"
    assert urls.data_deletion == "https://shop.ngrok-free.dev/api/auth/instagram-business/data-deletion"


def test_what_strapi_serves_by_itself_has_its_usual_path():
    assert (HEALTH, ME) == ("/_health", "/api/users/me")


def test_a_text_of_the_catalogue_is_filled_with_this_setups_values() -> None:
    urls = Urls("https://shop.ngrok-free.dev", "instagram-business")
    text = "https://<public host>/api/connect/<provider>/callback"
    assert urls.filled(text) == urls.callback
    assert urls.filled(text.replace("<", "&lt;").replace(">", "&gt;")) == urls.callback
    assert Urls("", "instagram").filled("https://<public host>/") == "https://<public host>/"
