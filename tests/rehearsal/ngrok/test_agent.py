"""Life and death of the agent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest
from pyngrok import ngrok

from tests.support.agents import (
    Agents,
    Upstream,
    start_alone,
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(agents: Agents, upstream: Upstream, number: signal.Signals) -> None:
    config = agents.config()
    ngrok.connect(upstream.server.url, pyngrok_config=config)
    process = ngrok.get_ngrok_process(config).proc
    process.send_signal(number)
    assert process.wait(10) == 0
    assert not agents.cloud.sessions


INTERRUPTED = """
import os, signal, socket
from helpers.rehearsal.ngrok import agent
shutdown = socket.socket.shutdown
socket.socket.shutdown = lambda *it: (os.kill(os.getpid(), signal.SIGTERM), shutdown(*it))
agent.main(["start", "--none", "--log", "stdout", "--authtoken", "2" * 30])
"""


def test_a_second_signal_does_not_keep_it_online(agents: Agents) -> None:
    environment = os.environ | {"KIT_NGROK_CLOUD": agents.cloud.address}
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout
        assert any(b"tunnel session started" in line for line in process.stdout)
        process.terminate()
        assert process.wait(10) == 0
    assert not agents.cloud.sessions


def test_it_dies_soon_after_an_address_is_up_when_told_to(agents: Agents, upstream: Upstream) -> None:
    config = agents.config(KIT_NGROK_FAULT="dies")
    process = ngrok.get_ngrok_process(config).proc
    ngrok.connect(upstream.server.url, pyngrok_config=config)
    assert process.wait(10) == 1


def test_an_orphan_ends_by_itself(agents: Agents) -> None:
    process, _ = start_alone(agents, KIT_NGROK_LINGER="0")
    process.stdout.close()
    assert process.wait(10) == 0
    assert not agents.cloud.sessions


def test_an_orphan_dies_of_its_next_line(agents: Agents) -> None:
    process, api = start_alone(agents, KIT_NGROK_LINGER="3600")
    process.stdout.close()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{api}/api/status", trust_env=False)
    assert process.wait(10) == 141


def test_a_slow_agent_gets_there(agents: Agents) -> None:
    assert ngrok.get_ngrok_process(agents.config(KIT_NGROK_FAULT="slow")).healthy()
