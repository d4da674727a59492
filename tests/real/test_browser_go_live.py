"""Every layout with the kit's own lines, behind real proxies: a login, or the failure that was foretold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.__main__ import main
from helpers.core.layout import ONE_ORIGIN, OTHER_SITE, SAME_SITE, Layout
from helpers.core.masking import Secret
from helpers.core.settings import SAMPLE_CLIENT_SECRET
from helpers.doctor.checks import FAILED, Result, causes, in_order
from tests.real.deployed import PROVIDER, Setup, open_setup, running
from tests.real.strapi import NEWEST, VERSIONS

pytestmark = pytest.mark.real

LAYOUTS = {
    SAME_SITE: Layout("https://api.example.com", "https://www.example.com"),
    ONE_ORIGIN: Layout("https://www.example.com", "https://www.example.com"),
    OTHER_SITE: Layout("https://api.example.com", "https://shop.test"),
}
# Each version once behind each proxy, the layouts in turn.
SETUPS = [
    (version, proxy, list(LAYOUTS)[(2 * number + second) % 3])
    for number, version in enumerate(VERSIONS)
    for second, proxy in enumerate(("nginx", "caddy"))
]


@pytest.mark.parametrize(("version", "proxy", "kind"), SETUPS, ids=lambda value: str(value))
def test_a_layout_ends_as_foretold(version: str, proxy: str, kind: str, tmp_path: Path) -> None:
    layout = LAYOUTS[kind]
    with open_setup(tmp_path, version, proxy, layout) as setup, setup.strapi, running(setup) as deployed:
        setup.save_provider()
        results = deployed.golive()
        said = deployed.log_in()
    red = {each.id: each.failure for each in results if each.status == FAILED}
    finishes = kind != OTHER_SITE or version != "5.54.0"
    assert said.startswith("Welcome") == finishes, said
    if finishes:
        assert red == {}, [each for each in results if each.status == FAILED]
        assert in_order(results), results
    else:
        assert "completed provider session" in said
        assert red.get("cookie") == "A18"


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """One in perfect order, without even a note."""
    folder = tmp_path_factory.mktemp("faults")
    with open_setup(folder, NEWEST, "nginx", LAYOUTS[SAME_SITE]) as setup:
        # One look begins one login; all these tests together begin more than ten a minute.
        config = "{ jwtManagement: 'legacy-support', ratelimit: { enabled: false } }"
        plugins = f"module.exports = {{ 'users-permissions': {{ config: {config} }} }};"
        (setup.production.parent / "plugins.js").write_text(plugins)
        with setup.strapi:
            setup.save_provider()
            yield setup


ADMIN_CLOSED = {
    "    location / {\n        proxy_pass": "    location ~ ^/(api/|uploads/|_health$) {\n        proxy_pass"
}
PROTO = "        proxy_set_header X-Forwarded-Proto https;\n"
TUNNEL = "https://65e60559.ngrok-free.dev"
TO_BARE = "return 301 https://example.com;"
# By where they are: what is written there instead of what, and the failure that must be named.
IN_STRAPI = {
    "no trust in the proxy": ("proxy: { koa: true },", "", "A22"),
    "Strapi 4's trust": ("proxy: { koa: true },", "proxy: true,", "A22"),
    "no url": ("url: 'https://api.example.com',", "", "A03"),
    "url without https": ("'https://api", "'http://api", "F05"),
    "url with the platform's port": ("example.com'", "example.com:10000'", "F05"),
    "url of the tunnel": ("https://api.example.com", TUNNEL, "A04"),
}
IN_PROXY = {
    "X-Forwarded-Proto missing": ({PROTO: ""}, "F04"),
    "X-Forwarded-Proto http": ({PROTO: PROTO.replace("https", "http")}, "A22"),
    "X-Forwarded-Proto of two": ({PROTO: PROTO.replace("https", "'http, https'")}, "A22"),
    "www leads to the bare domain": (
        {"server_name www.example.com; ssl": f"server_name www.example.com; {TO_BARE} ssl"},
        "F06",
    ),
    "a proxy that hides cookies": ({"proxy_buffers": "proxy_hide_header Set-Cookie; proxy_buffers"}, "F15"),
}


def nothing_is_wrong(setup: Setup) -> None:
    with running(setup, change=ADMIN_CLOSED) as deployed:
        results = deployed.golive()
    assert [each.failure for each in results] == [None] * len(results), results
    assert in_order(results), results


def named(results: list[Result]) -> list[str | None]:
    return [cause.failure for cause, _ in causes(results)]


def test_nothing_is_to_be_said_of_a_setup_in_order(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    with running(setup, change=ADMIN_CLOSED) as deployed:
        results = deployed.golive()
        assert [each.failure for each in results] == [None] * len(results), results
        assert in_order(results)
        assert main(["golive", *deployed.options, "--json"]) == 0
        told = capsys.readouterr().out
        assert json.loads(told)["ok"]
        assert SAMPLE_CLIENT_SECRET not in told
        assert "koa.sess=" not in told
        assert deployed.log_in().startswith("Welcome")


@pytest.mark.parametrize("fault", IN_STRAPI)
def test_a_fault_in_strapis_config_is_named_and_mended(setup: Setup, fault: str) -> None:
    words, others, failure = IN_STRAPI[fault]
    right = setup.production.read_text()
    assert words in right
    try:
        setup.production.write_text(right.replace(words, others))
        setup.restart()
        with running(setup, change=ADMIN_CLOSED) as deployed:
            assert named(deployed.golive()) == [failure]
    finally:
        setup.production.write_text(right)
        setup.restart()
    nothing_is_wrong(setup)


@pytest.mark.parametrize("fault", IN_PROXY)
def test_a_fault_in_the_proxy_is_named_and_mended(setup: Setup, fault: str) -> None:
    change, failure = IN_PROXY[fault]
    with running(setup, change=ADMIN_CLOSED | change) as deployed:
        assert named(deployed.golive()) == [failure]
    nothing_is_wrong(setup)


def test_what_is_stored_and_what_the_page_asks_is_looked_at_together(setup: Setup) -> None:
    """Two faults at once: the tunnel's address in the database, and a request without its cookie."""
    right = setup.page.request
    setup.page.request = right.replace("credentials: 'include',", "")
    setup.save_provider(callback=f"{TUNNEL}/connect/{PROVIDER}/redirect")
    try:
        with running(setup, change=ADMIN_CLOSED) as deployed:
            assert named(deployed.golive()) == ["A04", "F07"]
        setup.save_provider()
        with running(setup, change=ADMIN_CLOSED) as deployed:
            assert named(deployed.golive()) == ["F07"]
            assert "completed provider session" in deployed.log_in()
    finally:
        setup.page.request = right
        setup.save_provider()
    nothing_is_wrong(setup)


IN_DATABASE = {
    "provider disabled": ({"enabled": False}, "A01"),
    "client id in quotes": ({"key": '"563883201184965"'}, "F16"),
    "client secret empty": ({"secret": Secret("")}, "B07"),
    "redirect URL of another host": ({"callback": "https://example.com/connect/x/redirect"}, "F11"),
    "redirect URL on Strapi's own callback": (
        {"callback": f"https://api.example.com/api/connect/{PROVIDER}/callback"},
        "A15",
    ),
}


@pytest.mark.parametrize("fault", IN_DATABASE)
def test_a_fault_in_the_database_is_named_and_mended(setup: Setup, fault: str) -> None:
    stored, failure = IN_DATABASE[fault]
    setup.save_provider(**stored)
    try:
        with running(setup, change=ADMIN_CLOSED) as deployed:
            assert named(deployed.golive()) == [failure]
    finally:
        setup.save_provider()
    nothing_is_wrong(setup)


def test_a_page_whose_route_is_not_served_is_named_and_mended(setup: Setup) -> None:
    setup.page.routed = False
    with running(setup, change=ADMIN_CLOSED) as deployed:
        assert named(deployed.golive()) == ["F12"]
    setup.page.routed = True
    nothing_is_wrong(setup)


def test_an_open_admin_panel_is_a_note(setup: Setup) -> None:
    with running(setup) as deployed:
        results = deployed.golive()
    assert [each.failure for each in results if each.failure] == ["F08"]
    assert in_order(results)


def test_sessions_that_the_page_does_not_refresh_are_a_note(setup: Setup) -> None:
    plugins = setup.production.parent / "plugins.js"
    right = plugins.read_text()
    try:
        plugins.write_text(right.replace("legacy-support", "refresh"))
        setup.restart()
        with running(setup, change=ADMIN_CLOSED) as deployed:
            results = deployed.golive()
    finally:
        plugins.write_text(right)
        setup.restart()
    assert [each.failure for each in results if each.failure] == ["F10"]
    assert in_order(results)
