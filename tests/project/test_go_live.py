"""The lines that a layout needs, as they are printed; real servers run them in tests/real/."""

from __future__ import annotations

import json
import re

import pytest

from helpers.core.layout import Layout
from helpers.project.go_live import Behind, snippets

SAME = Layout("https://api.example.com", "https://www.example.com")
ONE = Layout("https://example.com", "https://example.com")
OTHER = Layout("https://api.example.com", "https://shop.test")


def printed(layout: Layout, **options: object) -> dict[str, str]:
    return {each.id: each.text for each in snippets(layout, "instagram-business", **options)}  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", [SAME, ONE, OTHER], ids=["same site", "one origin", "other site"])
def test_every_text_is_filled_in(layout: Layout) -> None:
    for each in snippets(layout, "instagram-business"):
        assert not re.search(r"@[a-z_]+@", each.text), each.id
        assert each.why.endswith(".")


def test_a_page_of_the_same_site_needs_one_word_and_strapi_one_line() -> None:
    text = printed(SAME)
    assert "credentials: 'include'" in text["page"]
    assert "https://api.example.com/api/auth/instagram-business/callback" in text["page"]
    assert "url: 'https://api.example.com'" in text["strapi"]
    assert "proxy: { koa: true }" in text["strapi"]
    assert "sameSite" not in "".join(text.values())


def test_strapi_4_has_the_older_switch() -> None:
    assert "proxy: true," in printed(SAME, strapi_major=4)["strapi"]


def test_one_origin_passes_the_content_api_on_and_no_admin_panel() -> None:
    text = printed(ONE)
    assert set(text) == {"page", "strapi", "nginx", "caddy", "next", "vite", "router"}
    assert "credentials" not in text["page"]
    assert "location ~ ^/(api/|uploads/|_health$)" in text["nginx"]
    assert "/admin" not in text["nginx"] + text["caddy"]
    sources = [each["source"] for each in json.loads(text["router"])["rewrites"]]
    assert sources[:2] == ["/api/:path*", "/_health"]


def test_every_server_before_one_origin_passes_strapis_files_on_too() -> None:
    text = printed(ONE)
    assert "/uploads/*" in text["caddy"]
    assert "source: '/uploads/:path*'" in text["next"]
    assert "'/uploads': strapi" in text["vite"]
    sources = [each["source"] for each in json.loads(text["router"])["rewrites"]]
    assert sources.index("/uploads/:path*") < sources.index("/((?!api/).*)")


def test_lines_that_nobody_has_run_say_so() -> None:
    untried = [each.id for each in snippets(ONE, "instagram-business") if "never run" in each.why]
    assert untried == ["router"]


def test_another_site_gets_the_lines_that_make_it_one_origin() -> None:
    assert printed(OTHER) == printed(Layout(OTHER.page, OTHER.page))


def test_a_proxy_says_who_asks_and_lets_nobody_choose_it() -> None:
    nginx = printed(SAME)["nginx"]
    assert "X-Forwarded-For $remote_addr;" in nginx
    assert "$proxy_add_x_forwarded_for" not in nginx
    assert "proxy_buffer_size 32k" in nginx


def test_the_servers_behind_may_be_anywhere() -> None:
    text = printed(ONE, behind=Behind("https://my-strapi.platform.test", "http://127.0.0.1:4000"))
    assert "https://my-strapi.platform.test/api/:path*" in text["next"]
    assert "reverse_proxy 127.0.0.1:4000" in text["caddy"]
