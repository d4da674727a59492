"""The rehearsal's internet: true names, loopback wires, and a person's browser tab among them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from helpers.rehearsal.internet import Internet
from tests.support.asgi import AsgiServer

SHOP = "https://shop.ngrok-free.dev"
LINK = "https://www.instagram.com/oauth/authorize?redirect_uri=https%3A%2F%2Fshop.ngrok-free.dev%2Fback&a=1#_"


async def echo(request: Request) -> Response:
    body = (await request.body()).decode()
    target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
    return JSONResponse(
        {"host": request.headers["host"], "method": request.method, "target": target.decode(), "body": body}
        | {name: request.headers.get(name) for name in ("cookie", "origin", "referer", "x-mine")}
    )


async def stream(request: Request) -> Response:
    async def parts():
        yield b"one,"
        yield b"two"

    return StreamingResponse(parts(), media_type="text/csv", headers={"x-theirs": "kept"})


async def redirect(request: Request) -> Response:
    return RedirectResponse(LINK)


async def relative(request: Request) -> Response:
    return RedirectResponse("/echo?next=https://www.instagram.com/x")


async def page(request: Request) -> Response:
    nested = "https://www.instagram.com/oauth?redirect_uri=https://shop.ngrok-free.dev/back"
    text = (
        f'<a href="{LINK}">in</a> <a href="{nested}">nested</a> <p>Type {SHOP}/back there.</p>'
        f'<a href="https://docs.strapi.io/">docs</a> <main data-backend="{SHOP}">'
    )
    policy = f"default-src 'none'; connect-src 'self' {SHOP}; img-src data:"
    return HTMLResponse(text, headers={"content-security-policy": policy})


async def cookies(request: Request) -> Response:
    response = Response(status_code=204)
    response.raw_headers = [
        (b"set-cookie", b"koa.sess=abc; Path=/; HttpOnly; Secure; Domain=shop.ngrok-free.dev; SameSite=Lax"),
        (b"set-cookie", b"koa.sess.sig=def; path=/; samesite=none; secure"),
    ]
    return response


async def cors(request: Request) -> Response:
    origin = request.headers.get("origin", "")
    return Response("ok", headers={"access-control-allow-origin": origin})


SPECIAL = (stream, redirect, relative, page, cookies, cors)
APP = Starlette(
    routes=[
        *(Route(f"/{endpoint.__name__}", endpoint) for endpoint in SPECIAL),
        Route("/{path:path}", echo, methods=["GET", "POST"]),
    ]
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = AsgiServer(APP).start()
    yield server.port
    server.stop()


@pytest.fixture(scope="module")
def world(port) -> Iterator[Internet]:
    """All names lead to one server, which tells them apart by their Host header."""
    internet = Internet()
    for host in ("www.instagram.com", "shop.ngrok-free.dev", "localhost:3000"):
        internet.add(host, port)
    yield internet
    internet.close()


@pytest.fixture
def internet() -> Iterator[Internet]:
    internet = Internet()
    yield internet
    internet.close()


@pytest.fixture(scope="module")
def client(world) -> Iterator[httpx.Client]:
    with httpx.Client(transport=world.transport()) as client:
        yield client


@pytest.fixture(scope="module")
def tab() -> Iterator[httpx.Client]:
    """A browser without any knowledge of the rehearsal; it keeps no cookies between tests."""
    with httpx.Client() as client:
        yield client


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that refuses: bound, so that nobody else gets it, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_known_host_is_reached_under_its_own_name(client, scheme):
    url = f"{scheme}://www.instagram.com/a%2Fb?q=1%202"
    answer = client.post(url, content="hello", headers={"x-mine": "1"})

    seen = answer.json()
    assert seen["host"] == "www.instagram.com"
    assert seen["target"] == "/a%2Fb?q=1%202"
    assert (seen["method"], seen["body"], seen["x-mine"]) == ("POST", "hello", "1")
    assert answer.url == url


def test_a_host_with_a_port_is_a_host_of_its_own(client):
    assert client.get("http://localhost:3000/x").json()["host"] == "localhost:3000"


def test_names_are_known_in_any_case(internet, port):
    internet.add("API.Instagram.com", port)

    with httpx.Client(transport=internet.transport()) as client:
        assert client.get("https://api.INSTAGRAM.com/x").json()["host"] == "api.instagram.com"


def test_secure_cookies_are_kept_for_https_and_withheld_from_http(world):
    with httpx.Client(transport=world.transport()) as client:
        client.get(SHOP + "/cookies")

        assert client.get(SHOP + "/x").json()["cookie"] == "koa.sess=abc; koa.sess.sig=def"
        assert client.get(SHOP.replace("https", "http") + "/x").json()["cookie"] is None


def test_an_answer_streams_through_untouched(client):
    with client.stream("GET", SHOP + "/stream") as answer:
        assert answer.headers["x-theirs"] == "kept"
        assert b"".join(answer.iter_raw()) == b"one,two"


def test_this_machine_itself_is_reached_as_ever(client, world, port):
    assert client.get(f"http://127.0.0.1:{port}/x").json()["host"] == f"127.0.0.1:{port}"
    assert client.get(f"http://localhost:{port}/x").json()["host"] == f"localhost:{port}"


@pytest.mark.parametrize(
    "url", ["https://example.com/", "https://www.instagram.com:8443/", "http://10.0.0.1/", "https://graph.facebook.com/"]
)  # fmt: skip
def test_any_other_name_does_not_exist(client, world, url):
    with pytest.raises(httpx.ConnectError, match=r"there is no \S+ in the rehearsal"):
        client.get(url)


def test_a_removed_host_does_not_exist_any_more(internet, port):
    internet.add("api.instagram.com", port)
    internet.remove("api.instagram.com")

    with httpx.Client(transport=internet.transport()) as client, pytest.raises(httpx.ConnectError):
        client.get("https://api.instagram.com/")


def test_a_known_host_whose_server_is_down_refuses(internet, dead_port):
    internet.add("api.instagram.com", dead_port)

    with httpx.Client(transport=internet.transport()) as client, pytest.raises(httpx.ConnectError):
        client.get("https://api.instagram.com/")


def test_a_tunnel_whose_agent_is_gone_gets_ngroks_offline_page(internet, dead_port):
    internet.add("gone.ngrok-free.dev", lambda: None)
    internet.add("crashed.ngrok.io", dead_port)

    with httpx.Client(transport=internet.transport()) as client:
        for host in ("gone.ngrok-free.dev", "crashed.ngrok.io", "never-was.ngrok-free.app"):
            answer = client.get(f"https://{host}/x")
            assert answer.status_code == 404
            assert answer.headers["ngrok-error-code"] == "ERR_NGROK_3200"
            assert f"The endpoint {host} is offline." in answer.text


def test_a_name_that_only_contains_ngrok_is_no_tunnel(client):
    with pytest.raises(httpx.ConnectError):
        client.get("https://shop.ngrok-free.dev.example.com/")


def test_a_port_may_be_looked_up_at_every_request(internet, port):
    found: list[int | None] = [None]
    internet.add("shop.ngrok-free.dev", lambda: found[0])

    with httpx.Client(transport=internet.transport()) as client:
        assert client.get(SHOP + "/x").status_code == 404
        found[0] = port
        assert client.get(SHOP + "/x").json()["host"] == "shop.ngrok-free.dev"


def test_closing_one_client_leaves_the_others_connected(world):
    first = httpx.Client(transport=world.transport())
    with httpx.Client(transport=world.transport()) as second:
        first.get(SHOP + "/x")
        first.close()
        assert second.get(SHOP + "/x").status_code == 200


# --- a browser tab -------------------------------------------------------------------------------


def test_a_tab_reaches_the_host_under_its_true_name(world, tab):
    seen = tab.post(world.tab_url(SHOP + "/a%2Fb?q=1%202&redirect_uri=https%3A%2F%2Fx"), content="hi").json()

    assert seen["host"] == "shop.ngrok-free.dev"
    assert seen["target"] == "/a%2Fb?q=1%202&redirect_uri=https%3A%2F%2Fx"
    assert (seen["method"], seen["body"]) == ("POST", "hi")


def test_a_tabs_address_is_on_this_machine_and_keeps_all_but_the_origin(world):
    address = world.tab_url(LINK)

    twin, _, rest = address.partition("/oauth")
    assert twin.startswith("http://127.0.0.1:")
    assert "/oauth" + rest == LINK.removeprefix("https://www.instagram.com")
    assert world.tab_url(LINK.replace(".com", ".com:443")) == address


def test_a_tab_opened_twice_is_served_by_the_same_twin(world):
    assert world.tab_url(SHOP) == world.tab_url(SHOP)
    assert world.tab_url(SHOP) != world.tab_url("http://localhost:3000")


def test_redirects_of_a_tab_stay_inside_and_their_parameters_stay_true(world, tab):
    answer = tab.get(world.tab_url(SHOP + "/redirect"))

    assert answer.headers["location"] == world.tab_url(LINK)
    assert "redirect_uri=https%3A%2F%2Fshop.ngrok-free.dev%2Fback&a=1#_" in answer.headers["location"]


def test_a_relative_redirect_of_a_tab_is_left_alone(world, tab):
    answer = tab.get(world.tab_url(SHOP + "/relative"))

    assert answer.headers["location"] == "/echo?next=https://www.instagram.com/x"


def test_links_in_a_tabs_page_lead_to_twins_and_its_text_stays_true(world, tab):
    text = tab.get(world.tab_url(SHOP + "/page")).text

    assert f'<a href="{world.tab_url(LINK)}">in</a>' in text
    nested = world.tab_url("https://www.instagram.com/oauth")
    assert f'"{nested}?redirect_uri=https://shop.ngrok-free.dev/back"' in text
    assert "Type https://shop.ngrok-free.dev/back there." in text
    assert 'href="https://docs.strapi.io/"' in text
    assert f'data-backend="{world.tab_url(SHOP)}"' in text


def test_a_tabs_page_may_call_the_twin_of_whom_it_may_call(world, tab):
    policy = tab.get(world.tab_url(SHOP + "/page")).headers["content-security-policy"]

    assert policy == f"default-src 'none'; connect-src 'self' {world.tab_url(SHOP)}; img-src data:"


def test_a_tab_gets_each_cookie_in_a_form_it_can_keep(world, tab):
    answer = tab.get(world.tab_url(SHOP + "/cookies"))

    assert answer.headers.get_list("set-cookie") == [
        "koa.sess=abc; Path=/; HttpOnly; SameSite=Lax",
        "koa.sess.sig=def; path=/",
    ]


def test_a_tab_sends_a_host_only_the_cookies_it_got_from_it(world, tab):
    tab.get(world.tab_url(SHOP + "/cookies"))
    jar = {"cookie": "koa.sess=abc; username-127-0-0-1-8888=jupyter; koa.sess.sig=def"}

    assert (
        tab.get(world.tab_url(SHOP + "/x"), headers=jar).json()["cookie"] == "koa.sess=abc; koa.sess.sig=def"
    )
    assert tab.get(world.tab_url("http://localhost:3000/x"), headers=jar).json()["cookie"] is None


def test_a_tabs_origin_is_told_by_its_true_name(world, tab):
    page, shop = world.tab_url("http://localhost:3000"), world.tab_url(SHOP)

    headers = {"origin": page, "referer": f"{shop}/page?x=1"}
    seen = tab.get(shop + "/x", headers=headers).json()
    assert (seen["origin"], seen["referer"]) == ("http://localhost:3000", SHOP + "/page?x=1")
    assert tab.get(shop + "/cors", headers=headers).headers["access-control-allow-origin"] == page
    elsewhere = {"origin": "https://example.com"}
    assert tab.get(shop + "/x", headers=elsewhere).json()["origin"] == "https://example.com"


def test_a_tab_streams_what_is_not_html(world, tab):
    with tab.stream("GET", world.tab_url(SHOP + "/stream")) as answer:
        assert answer.headers["x-theirs"] == "kept"
        assert b"".join(answer.iter_raw()) == b"one,two"


def test_a_tab_for_a_server_that_is_down_says_so(internet, dead_port, tab):
    internet.add("api.instagram.com", dead_port)
    internet.add("gone.ngrok-free.dev", lambda: None)

    down = tab.get(internet.tab_url("https://api.instagram.com/"))
    assert down.status_code == 502
    assert "api.instagram.com does not answer" in down.text
    offline = tab.get(internet.tab_url("https://gone.ngrok-free.dev/"))
    assert offline.headers["ngrok-error-code"] == "ERR_NGROK_3200"


def test_this_machines_own_addresses_need_no_twin(internet):
    assert internet.tab_url("http://localhost:8888/lab#x") == "http://localhost:8888/lab#x"


def test_no_tab_is_opened_on_the_real_internet(internet):
    with pytest.raises(httpx.ConnectError, match=r"there is no example\.com in the rehearsal"):
        internet.tab_url("https://example.com/")


def test_a_host_added_later_gets_its_twin_too(internet, port, tab):
    internet.add("www.instagram.com", port)
    internet.tab_url("https://www.instagram.com/")
    internet.add("localhost:3000", port)

    assert tab.get(internet.tab_url("http://localhost:3000/x")).json()["host"] == "localhost:3000"


def test_closing_ends_the_tabs(port):
    internet = Internet()
    internet.add("www.instagram.com", port)
    internet.add("localhost:3000", port)
    twins = [internet.tab_url(url) for url in ("https://www.instagram.com/x", "http://localhost:3000/x")]

    internet.remove("localhost:3000")
    with pytest.raises(httpx.ConnectError):
        httpx.get(twins[1])
    assert httpx.get(twins[0]).status_code == 200
    internet.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(twins[0])
