"""Tunnels on the stand-in account, and programs that are no agents."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.core.masking import Secret
from helpers.rehearsal.ngrok.cloud import Cloud
from helpers.rehearsal.ngrok.install import install_agent
from helpers.tunnel import ngrok_lease
from helpers.tunnel.ngrok import NgrokTunnel

TOKEN = "2theAuthtokenThatNobodyMaySee_0001"
DOMAIN = "65e60559.ngrok-free.dev"
PUBLIC = f"https://{DOMAIN}"
UPSTREAM = "http://127.0.0.1:9"
HELLO, NONCE = "/hello", "the-nonce-of-this-very-server"


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
    return found


def processes_mentioning(folder: Path) -> list[str]:
    """Command lines of living processes; a zombie has none."""
    if not Path("/proc/self").exists():
        listing = subprocess.run(
            ["/bin/ps", "-ww", "-eo", "args="], capture_output=True, text=True, check=True
        )
        return [line for line in listing.stdout.splitlines() if str(folder) in line]
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_text(errors="replace"))
    return [line for line in found if str(folder) in line]


class Scripted:
    """A server that says yes to every GET and ``said`` to the first other request, its last."""

    def __init__(self, said: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, args=(said,))
        self._thread.start()

    def _run(self, said: bytes) -> None:
        asked = b"GET"
        while asked.startswith(b"GET"):
            sock, _ = self._listener.accept()
            with sock:
                asked = sock.recv(65536)
                sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n" if asked.startswith(b"GET") else said)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):  # closing on unread words would take back the answer
                    pass

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


class Bench:
    """Tunnels on one account; each state folder stands for a notebook server of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cloud = folder, Cloud().start()
        self.tunnels: list[NgrokTunnel] = []

    def install(self, **environment: str) -> Path:
        defaults = {"KIT_NGROK_CLOUD": self.cloud.address, "KIT_NGROK_DOMAIN": f"{DOMAIN},mine.ngrok.app"}
        return install_agent(self.folder / f"bin{len(self.tunnels)}", **defaults | environment)

    def tunnel(
        self, token: str = TOKEN, *, state: str = "state", fault: str = "", **options: Any
    ) -> NgrokTunnel:
        environment = options.pop("environment", {}) | {"KIT_NGROK_FAULT": fault}
        options.setdefault("ngrok_path", self.install(**environment))
        options.setdefault("patience", 0.3)
        made = NgrokTunnel(authtoken=Secret(token), state_dir=self.folder / state, **options)
        self.tunnels.append(made)
        return made

    def edge(self) -> str:
        return self.cloud.url

    def pid(self, state: str = "state") -> int | None:
        return ngrok_lease.leased_pid(self.folder / state)


def script(path: Path, text: str, mode: int = 0o700) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path
