"""What the gateway lets in, where it leads, and when it is open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from helpers.core.errors import InputError
from helpers.gateway.app import HELLO, Gateway
from helpers.web.server import PortTaken
from tests.conftest import PUBLIC
from tests.support.asgi import AsgiServer
from tests.support.servers import App, Client, Request, ask, nobody

CONNECT = "/api/connect/instagram"
REDIRECT = "/connect/instagram/redirect"


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Gateway, App, App]]:
    """One gateway for the many tests that only ask."""
    apps = App("strapi"), App("front end")
    with ExitStack() as stack:
        strapi, frontend = (AsgiServer(app).start() for app in apps)
        stack.callback(strapi.stop)
        stack.callback(frontend.stop)
        gateway = Gateway("instagram", strapi.url, frontend.url, public=PUBLIC).start()
        stack.callback(gateway.stop)
        yield gateway, *apps


@pytest.fixture
def gateway(stage: tuple[Gateway, App, App]) -> Gateway:
    return stage[0]


@pytest.fixture
def strapi(stage: tuple[Gateway, App, App]) -> App:
    stage[1].requests.clear()
    return stage[1]


@pytest.fixture
def frontend(stage: tuple[Gateway, App, App]) -> App:
    stage[2].requests.clear()
    return stage[2]


# Where it leads


@pytest.mark.parametrize(
    ("target", "served_by"),
    [
        ("/api", "strapi"),
        ("/api/", "strapi"),
        ("/api?x=1", "strapi"),
        ("/api/articles/1?populate=*", "strapi"),
        ("/api/admin", "strapi"),
        (CONNECT, "strapi"),
        ("/_health", "strapi"),
        ("/", "front end"),
        (REDIRECT, "front end"),
        ("/apis", "front end"),
        ("/API/articles", "front end"),
        ("//api/articles", "front end"),
        ("/_health/", "front end"),
        ("/administration", "front end"),
        ("/pages/admin", "front end"),
        ("/uploads/ada.png", "front end"),
        ("/upload/files", "front end"),
        ("/i18n/locales", "front end"),
    ],
)
def test_the_api_is_strapis_and_the_rest_the_front_ends(gateway, target, served_by):
    answer = ask(gateway.url, target)

    assert (answer.status, answer.body.decode()) == (200, served_by)


def test_without_a_front_end_the_kits_own_page_stands_in(open_gateway, serve):
    gateway = open_gateway(serve(App("strapi")).url)

    assert b'href="/api/connect/instagram"' in ask(gateway.url, "/").body
    assert ask(gateway.url, REDIRECT).status == 200
    assert ask(gateway.url, "/api/x").body == b"strapi"
    assert ask(gateway.url, "/elsewhere").status == 404


@pytest.mark.parametrize(
    "target",
    [
        "/admin",
        "/admin/",
        "/admin/login?x=1",
        "//admin",
        "///admin/init",
        "/./admin",
        "/.//./admin",
        "/ADMIN",
        "/Admin/login",
        "/%61dmin",
        "/%2561dmin",
        "/%252561dmin",
        "/%2fadmin",
        "/%2e/admin",
        "/\\admin",
        "/%5cadmin",
        "/api/../admin",
        "/api/..",
        "/api/x/../../admin",
        "/api/%2e%2e/admin",
        "/api/%2E%2e/admin",
        "/api/..%2fadmin",
        "/api/%252e%252e/admin",
        "/api/..%252fadmin",
        "/api/%25252e%25252e/admin",
        "/api/..\\admin",
        "/api\\..\\admin",
        "/api/..%5cadmin",
        "/api/..%255cadmin",
        "/_health/../admin",
        "/pages/../admin",
        "/content-manager/collection-types",
        "/content-type-builder",
        "/content-releases",
        "/review-workflows",
        "/users-permissions/providers",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_the_admin_panel_and_its_api_are_closed_whoever_would_answer(
    gateway, strapi, frontend, target, method
):
    answer = ask(gateway.url, target, method)

    assert answer.status == 404
    assert b"not reachable from the internet" in answer.body
    assert b"http://localhost:1337/admin" in answer.body
    assert strapi.requests + frontend.requests == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "QUERY"])
@pytest.mark.parametrize("target", ["/@fs/etc/passwd", "/__open-in-editor?file=x", "/%2eenv", "/_next/mcp"])
def test_what_a_dev_server_has_for_its_developer_is_closed(gateway, frontend, target, method):
    answer = ask(gateway.url, target, method)

    assert answer.status == 404
    assert frontend.requests == []


@pytest.mark.parametrize(
    "signed",
    [
        ("X-Powered-By", "Strapi <strapi.io>"),
        ("X-Powered-By", "Next.js, STRAPI"),
        ("Set-Cookie", "strapi_admin_refresh=x; path=/admin; httponly"),  # where the other is switched off
    ],
)
@pytest.mark.parametrize("status", [200, 304, 500])
def test_what_strapi_says_by_the_mouth_of_the_front_end_is_not_passed_on(open_gateway, serve, signed, status):
    async def rewrites(request: Request) -> None:
        await request.answer(
            b"" if status == 304 else b"the client secret",
            status,
            [("Set-Cookie", "a=1"), signed, ("X-Id", "1")],
        )

    strapi, frontend = App("strapi", rewrites), App("front end", rewrites)
    gateway = open_gateway(serve(strapi).url, serve(frontend).url)
    answer = ask(gateway.url, "/backend/users-permissions/providers")

    assert (answer.status, answer.all("x-id"), answer.all(signed[0].lower())) == (404, [], [])
    assert b"secret" not in answer.body
    assert ask(gateway.url, "/api/articles").status == status


@pytest.mark.parametrize(
    "target",
    [
        "/api/auth/local",
        "/api/auth/local/register",
        "/API/auth/local/register",
        "/api/AUTH/Local?x=1",
        "/api//auth/local",
        "/api/auth/%6cocal/register",
    ],
)
def test_accounts_with_a_password_are_closed_until_they_are_opened(gateway, strapi, target):
    gateway.passwords_closed = True
    try:
        answer = ask(gateway.url, target, "POST")
        others = ask(gateway.url, "/api/auth/instagram/callback")
    finally:
        gateway.passwords_closed = False

    if target.startswith("/api"):
        assert answer.status == 403
        assert "anybody on the internet" in json.loads(answer.body)["error"]["message"]
    assert [request.path for request in strapi.requests] == ["/api/auth/instagram/callback"]
    assert others.status == 200
    assert ask(gateway.url, "/api/auth/local", "POST").body == b"strapi"


def test_another_power_than_strapi_passes(open_gateway, serve):
    async def rendered(request: Request) -> None:
        await request.answer(b"page", 200, [("X-Powered-By", "Next.js")])

    gateway = open_gateway("http://localhost:1337", serve(App("front end", rendered)).url)

    assert ask(gateway.url, "/").all("x-powered-by") == ["Next.js"]


def test_a_request_that_names_a_whole_address_is_refused(gateway, strapi, frontend):
    assert ask(gateway.url, "http://shop.dev/admin").status == 400
    assert ask(gateway.url, "*", "OPTIONS").status == 400
    assert ask(gateway.url, "shop.dev:443", "CONNECT").status == 400
    assert strapi.requests + frontend.requests == []


@pytest.mark.parametrize("target", ["/src/main.js#", "/@fs/etc/passwd#/node_modules/x.js", "/?x#y"])
def test_a_target_with_a_fragment_is_refused(gateway, frontend, target):
    assert ask(gateway.url, target).status == 400
    assert frontend.requests == []


def test_an_upgrade_to_something_else_is_ignored(gateway):
    assert ask(gateway.url, "/", headers=[("Connection", "Upgrade"), ("Upgrade", "h2c")]).body == b"front end"


# Its life


def test_it_says_hello_with_a_word_of_its_own(gateway, open_gateway, strapi, frontend):
    answer = ask(gateway.url, HELLO)

    assert answer.body.decode() == gateway.nonce
    assert len(gateway.nonce) > 16
    assert answer.all("cache-control") == ["no-store"]
    assert open_gateway("http://localhost:1337").nonce != gateway.nonce
    assert strapi.requests + frontend.requests == []


def test_it_starts_once_and_again_after_a_stop(open_gateway, serve):
    gateway = open_gateway("http://localhost:1337", serve(App("front end")).url)
    url = gateway.url

    assert gateway.start() is gateway
    assert gateway.url == url
    gateway.stop()
    assert not gateway.running
    assert ask(gateway.start().url, "/").body == b"front end"


def test_it_moves_to_another_port_with_its_next_start(open_gateway):
    gateway = open_gateway("http://localhost:1337")
    with nobody() as address:
        port = int(address.rpartition(":")[2])
    gateway.use_port(port)
    gateway.stop()

    assert ask(gateway.start().url, HELLO).body.decode() == gateway.nonce
    assert gateway.url == address


def test_a_taken_port_is_named(gateway, open_gateway):
    with pytest.raises(PortTaken) as caught:
        open_gateway("http://localhost:1337", port=int(gateway.url.rpartition(":")[2]))
    assert caught.value.failure == "E04"


def test_a_provider_that_is_no_name_is_refused():
    with pytest.raises(InputError):
        Gateway("../admin", "http://localhost:1337")


def test_one_connection_serves_many_requests(gateway):
    with Client(gateway.url) as client:
        answers = [client.ask(target) for target in ("/", "/admin", "/api/x", HELLO, "/_health")]

    assert [answer.status for answer in answers] == [200, 404, 200, 200, 200]
