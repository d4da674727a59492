"""Starting and stopping: the real pyngrok against the stand-in agent."""

from __future__ import annotations

import os
import signal

import httpx

from helpers.web.server import Server
from tests.support.tunnels import (
    HELLO,
    NONCE,
    PUBLIC,
    UPSTREAM,
    Bench,
    until,
)


def test_a_start_leads_from_the_public_address_to_the_upstream(
    bench: Bench, client: httpx.Client, upstream: Server
) -> None:
    made = bench.tunnel()
    assert made.start(upstream.url) == PUBLIC
    assert made.alive
    assert client.get(bench.edge() + HELLO).text == NONCE
    made.stop()
    assert not made.alive
    assert not bench.cloud.sessions


def test_a_second_start_returns_the_running_tunnel(bench: Bench) -> None:
    made = bench.tunnel()
    made.start(UPSTREAM)
    pid = bench.pid()
    assert made.start(UPSTREAM) == PUBLIC
    assert bench.pid() == pid


def test_a_start_for_another_upstream_moves_the_tunnel(
    bench: Bench, client: httpx.Client, upstream: Server
) -> None:
    made = bench.tunnel()
    made.start(UPSTREAM)
    assert made.start(upstream.url) == PUBLIC
    assert client.get(bench.edge() + HELLO).text == NONCE


def test_an_interrupted_cell_leaves_a_running_tunnel_alone(bench: Bench) -> None:
    bench.tunnel().start(UPSTREAM)
    assert os.getpgid(bench.pid()) != os.getpgid(0), "Ctrl-C goes to a group of processes"


def test_a_domain_of_ones_own_is_asked_for(bench: Bench) -> None:
    assert bench.tunnel(domain="mine.ngrok.app").start(UPSTREAM) == "https://mine.ngrok.app"


def test_stopping_twice_or_before_a_start_does_nothing(bench: Bench) -> None:
    made = bench.tunnel()
    made.stop()
    made.start(UPSTREAM)
    made.stop()
    made.stop()
    assert not made.alive


def test_a_dead_agent_is_noticed_and_a_start_replaces_it(bench: Bench) -> None:
    made = bench.tunnel()
    made.start(UPSTREAM)
    os.kill(bench.pid(), signal.SIGKILL)
    until(lambda: not made.alive)
    assert made.start(UPSTREAM) == PUBLIC
    assert made.alive


def test_an_agent_that_dies_by_itself_is_noticed(bench: Bench) -> None:
    made = bench.tunnel(fault="dies")
    made.start(UPSTREAM)
    until(lambda: not made.alive)
    made.stop()


def test_the_log_keeps_flowing_so_that_the_agent_never_stands_still(
    bench: Bench, client: httpx.Client, upstream: Server
) -> None:
    made = bench.tunnel()
    made.start(upstream.url)
    for _ in range(700):  # more lines than a pipe holds
        assert client.get(bench.edge()).status_code == 200
    assert "join connections" in made.log[-1]
    assert len(made.log) == 100
