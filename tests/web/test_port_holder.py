"""Who listens on a port of this machine, by the system's own tables."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.web import port_holder

pytestmark = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="asks Linux")


def test_a_listener_of_ours_is_found_by_its_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port_holder.holder(port) == os.getpid()
    assert port_holder.holder(port) is None


def test_who_is_only_connected_to_a_port_does_not_hold_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
        assert port_holder.holder(client.getsockname()[1]) is None


def test_a_kernel_is_called_a_notebook_and_nothing_else_is() -> None:
    command = [sys.executable, "-c", "print(flush=True); input()", "ipykernel_launcher"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as kernel:
        assert kernel.stdout
        kernel.stdout.readline()  # a process that is only just beginning has no command line yet
        assert port_holder.told(kernel.pid) == f"your notebook, process {kernel.pid}"
        kernel.kill()
    assert port_holder.told(os.getpid()) == f"your process {os.getpid()}"
    assert port_holder.told(kernel.pid) == f"your process {kernel.pid}", "it has ended"
