"""The life of an address, from its connect to its disconnect."""

from __future__ import annotations

import contextlib
import socket

import pytest
from pyngrok import ngrok

from tests.support.agents import (
    DOMAIN,
    Agents,
    Upstream,
)
from tests.support.tunnels import until


@pytest.mark.parametrize("config_version", ["2", "3"])
def test_pyngrok_connects_lists_and_disconnects(
    agents: Agents, upstream: Upstream, config_version: str
) -> None:
    config = agents.config(config_version=config_version)
    tunnel = ngrok.connect(upstream.server.url, pyngrok_config=config)
    assert tunnel.public_url == f"https://{DOMAIN}"
    with agents.edge() as client:
        assert client.get("/echo").status_code == 200
    assert [it.public_url for it in ngrok.get_tunnels(config)] == [tunnel.public_url]
    tunnel.refresh_metrics()
    assert tunnel.metrics["http"]["count"] == 1
    ngrok.disconnect(tunnel.public_url, config)
    assert ngrok.get_tunnels(config) == []
    assert DOMAIN not in agents.cloud.endpoints


def test_a_url_of_ones_own_is_used(agents: Agents, upstream: Upstream) -> None:
    tunnel = ngrok.connect(upstream.server.url, url="https://mine.ngrok.app", pyngrok_config=agents.config())
    assert tunnel.public_url == "https://mine.ngrok.app"
    assert "mine.ngrok.app" in agents.cloud.endpoints


def test_a_conversation_left_open_learns_that_the_address_went_offline(
    agents: Agents, upstream: Upstream
) -> None:
    config = agents.config()
    tunnel = ngrok.connect(upstream.server.url, pyngrok_config=config)
    with agents.edge() as client:
        assert client.get("/echo").status_code == 200
        ngrok.disconnect(tunnel.public_url, config)
        late = client.get("/echo")
    assert (late.status_code, late.headers["ngrok-error-code"]) == (404, "ERR_NGROK_3200")


@pytest.mark.parametrize(
    "said", [b"", b"\n", b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b'{"token": 1}\n', b"x" * 3_000_000]
)
def test_whatever_else_connects_to_the_agents_line_is_no_agent(agents: Agents, said: bytes) -> None:
    here = ("127.0.0.1", int(agents.cloud.address))
    with socket.create_connection(here, 10) as stranger, contextlib.suppress(OSError):  # hung up on
        stranger.sendall(said)
        stranger.shutdown(socket.SHUT_WR)
        assert stranger.recv(100) == b""
    assert not agents.cloud.sessions


def test_the_edge_goes_by_its_own_names_alone(tunnel: Agents) -> None:
    with tunnel.edge() as client:
        assert client.get("/echo").status_code == 200
        assert client.get("/echo", headers={"host": "evil.example"}).status_code == 421
        assert client.get("/echo", headers={"host": "a.ngrok.app"}).status_code == 404, "offline"


def test_whoever_says_nothing_on_the_agents_line_is_hung_up_on_at_the_end(agents: Agents) -> None:
    with socket.create_connection(("127.0.0.1", int(agents.cloud.address)), 10) as stranger:
        stranger.sendall(b'{"token"')
        until(lambda: agents.cloud.connected)
        agents.cloud.stop()
        with contextlib.suppress(ConnectionError):
            assert stranger.recv(100) == b""
