"""A websocket passes the gateway, to the front end alone, as if nobody stood in between."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from pyngrok import ngrok
from pyngrok.conf import PyngrokConfig
from websockets.exceptions import InvalidStatus

from helpers.gateway.app import Gateway
from helpers.rehearsal.ngrok.cloud import Cloud
from helpers.rehearsal.ngrok.install import install_agent
from tests.conftest import PUBLIC
from tests.support.asgi import AsgiServer
from tests.support.dev_server import HOST, Conversation, DevServer, Talk, dial, last_heard
from tests.support.servers import SOON

STRAPI = "http://localhost:1337"  # never asked


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[str, DevServer]]:
    """One echoing dev server for the tests that only ask how things arrive."""
    dev = DevServer()
    with ExitStack() as stack:
        server = AsgiServer(dev).start()
        stack.callback(server.stop)
        gateway = Gateway("instagram", STRAPI, server.url, public=PUBLIC).start()
        stack.callback(gateway.stop)
        yield gateway.url, dev


@pytest.fixture
def behind(open_gateway, serve) -> Callable[..., tuple[Gateway, DevServer]]:
    def behind(*talk: Talk) -> tuple[Gateway, DevServer]:
        dev = DevServer(*talk)
        return open_gateway(STRAPI, serve(dev).url), dev

    return behind


# What passes


@pytest.mark.parametrize("said", ["hello", "", "\u20ac \U0001f600", b"\x00\xff", b"", "x" * 2_000_000])
def test_what_one_side_says_the_other_hears(stage, said):
    with dial(stage[0]) as browser:
        browser.send(said)

        assert browser.recv(SOON) == said


def test_a_stranger_cannot_call_into_the_dev_server(stage):
    with dial(stage[0]) as browser:
        browser.send('{"type":"custom","event":"vite:invoke","data":{"name":"fetchModule"}}')
        browser.send(b'{"type":"custom","event":"nuxt:devtools:rpc"}')
        browser.send('{"type":"ping"}')

        assert browser.recv(SOON) == '{"type":"ping"}'


@pytest.mark.parametrize("target", ["/__open-in-editor", "/%5f%5fdevtools/", "/@fs/etc/passwd"])
def test_what_is_closed_takes_no_websocket_either(stage, target):
    with pytest.raises(InvalidStatus) as refused, dial(stage[0], target):
        pass
    assert refused.value.response.status_code == 404


def test_conversations_at_the_same_time_do_not_mix(stage):
    with dial(stage[0]) as ada, dial(stage[0]) as bob:
        ada.send("of ada")
        bob.send("of bob")

        assert (bob.recv(SOON), ada.recv(SOON)) == ("of bob", "of ada")


@pytest.mark.parametrize("target", ["/", "/_next/webpack-hmr?page=%2F", "/a%2Fb//c?token=a+b%20c&x=%C3%BC"])
def test_path_and_query_arrive_as_they_were_written(stage, target):
    url, dev = stage
    with dial(url, target):
        scope = dev.latest.scope

    query = scope["query_string"].decode()
    assert scope["raw_path"].decode() + (f"?{query}" if query else "") == target


def test_the_subprotocol_is_the_one_that_the_dev_server_chose(stage):
    url, dev = stage
    with dial(url, subprotocols=["vite-hmr", "vite-ping"]) as browser:
        assert browser.subprotocol == "vite-hmr"
    assert dev.latest.scope["subprotocols"] == ["vite-hmr", "vite-ping"]
    with dial(url) as browser:
        assert browser.subprotocol is None


def test_cookies_pass_both_ways(stage):
    url, dev = stage
    with dial(url, additional_headers={"Cookie": "koa.sess=1; b=2"}) as browser:
        assert browser.response.headers.get_all("set-cookie") == ["a=1; path=/", "b=2"]
    assert dev.latest.told("cookie") == ["koa.sess=1; b=2"]


def test_a_dev_server_sees_its_own_name_and_is_told_the_public_one(open_gateway, serve):
    dev = DevServer()
    server = serve(dev)
    gateway = open_gateway(STRAPI, server.url)
    with dial(gateway.url, user_agent_header="Mozilla/5.0"):
        pass

    assert dev.latest.told("host") == [urlsplit(server.url).netloc]
    assert dev.latest.told("origin") == [server.url]
    assert dev.latest.told("x-forwarded-host") == [HOST]
    assert dev.latest.told("x-forwarded-proto") == ["https"]
    assert dev.latest.told("x-forwarded-for") == ["127.0.0.1"]
    assert dev.latest.told("user-agent") == ["Mozilla/5.0"]
    assert len(dev.latest.told("sec-websocket-key")) == len(dev.latest.told("upgrade")) == 1


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://" + HOST, PUBLIC + ".evil.example", "null", None]
)
def test_another_pages_origin_is_left_to_the_judgement_of_the_dev_server(stage, origin):
    url, dev = stage
    with dial(url, origin=origin):
        pass

    assert dev.latest.told("origin") == ([origin] if origin else [])


def test_before_the_public_address_is_known_the_client_names_it(open_gateway, serve):
    dev = DevServer()
    server = serve(dev)
    with dial(open_gateway(STRAPI, server.url, public="").url, origin=f"http://{HOST}"):
        pass

    assert (dev.latest.told("origin"), dev.latest.told("x-forwarded-proto")) == ([server.url], ["http"])


def test_no_log_tells_what_passes(stage, caplog):
    caplog.set_level(logging.DEBUG)
    said = {"Cookie": "koa.sess=canary-1"}
    with dial(stage[0], "/?token=canary-2", additional_headers=said, logger=quiet()) as browser:
        browser.send("canary-3")
        assert browser.recv(SOON) == "canary-3"

    assert "canary" not in caplog.text


def quiet() -> logging.Logger:
    """For the test's own end of the line."""
    logger = logging.getLogger("tests.quiet")
    logger.setLevel(logging.CRITICAL)
    return logger


def test_it_is_no_step_of_a_login(behind):
    gateway, _ = behind()
    with dial(gateway.url, "/connect/instagram/redirect?access_token=x") as browser:
        browser.send("hello")
        assert browser.recv(SOON) == "hello"

    assert gateway.witness.attempts == []


# How it ends


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "restart"), (1012, ""), (4321, "grüße")])
def test_the_last_word_of_the_dev_server_reaches_the_browser(behind, code, reason):
    async def leaves(conversation: Conversation) -> None:
        await conversation.accept()
        await conversation.say("update")
        await conversation.leave(code, reason)

    gateway, _ = behind(leaves)
    with dial(gateway.url) as browser:
        assert browser.recv(SOON) == "update"
        assert last_heard(browser) == (code, reason)


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "left the page"), (4321, "grüße")])
def test_the_last_word_of_the_browser_reaches_the_dev_server(behind, code, reason):
    gateway, dev = behind()
    with dial(gateway.url) as browser:
        browser.close(code, reason)

    assert dev.latest.ended.wait(SOON)
    assert (dev.latest.last_word["code"], dev.latest.last_word["reason"]) == (code, reason)


def test_a_browser_that_vanishes_frees_the_dev_server(behind):
    gateway, dev = behind()
    with dial(gateway.url) as browser:
        browser.socket.shutdown(socket.SHUT_RDWR)

        assert dev.latest.ended.wait(SOON)


def test_a_message_beyond_all_measure_ends_the_conversation(behind, monkeypatch):
    async def says_much(conversation: Conversation) -> None:
        await conversation.accept()
        await conversation.say(b"x" * 1001)
        await conversation.receive()

    monkeypatch.setattr("helpers.gateway.frames.LARGEST", 1000)
    gateway, _ = behind(says_much)
    with dial(gateway.url) as browser:
        assert last_heard(browser)[0] == 1009


def test_an_open_websocket_does_not_keep_the_gateway_from_stopping(behind):
    gateway, dev = behind()
    with dial(gateway.url) as browser:
        gateway.stop()

        assert not gateway.running
        assert last_heard(browser)[0] == 1012  # service restart
    assert dev.latest.ended.wait(SOON)


# Through the tunnel


def test_it_passes_the_tunnel_too(behind, tmp_path):
    gateway, dev = behind()
    cloud = Cloud().start()
    program = install_agent(tmp_path / "bin", KIT_NGROK_CLOUD=cloud.address, KIT_NGROK_DOMAIN=HOST)
    config = PyngrokConfig(
        ngrok_path=str(program),
        config_path=str(tmp_path / "ngrok.yml"),
        auth_token="2wellFormedAuthtoken_00000000001",
        config_version="3",
    )
    try:
        ngrok.connect(gateway.url.rpartition(":")[2], pyngrok_config=config)
        with dial(cloud.url, "/?token=t", subprotocols=["vite-hmr"]) as browser:
            browser.send("x" * 200_000)
            assert browser.recv(SOON) == "x" * 200_000
            browser.close(4321, "done")
        assert dev.latest.ended.wait(SOON)
    finally:
        ngrok.kill(config)
        cloud.stop()

    assert (dev.latest.last_word["code"], dev.latest.scope["query_string"]) == (4321, b"token=t")
    assert dev.latest.told("origin") != [PUBLIC]
