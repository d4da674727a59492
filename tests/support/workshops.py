"""A real hub for a facilitator and two attendees, started and removed by the workshop's own commands.

Started as root, attendees are Unix users of this machine meanwhile.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.bench.workshop_load_client import Server

HUB = Path(__file__).parents[2] / "workshop" / "hub.py"


@dataclass
class Workshop:
    state: Path
    token: str
    config: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cards(self) -> dict[str, str]:
        text = (self.state / "cards.tsv").read_text(encoding="utf-8")
        return dict(line.split("\t") for line in text.splitlines())

    def run(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        """One of the workshop's commands; what ``make -C workshop`` calls."""
        options = ["--state", self.state, "--name", f"kt{os.getpid()}", "--port", str(self.port)]
        given = {name: value for name, value in os.environ.items() if not name.startswith("KIT_")}
        # What leads out of this machine must not be asked about this machine.
        given |= {"WORKSHOP_CONFIG": str(self.config), "http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        return subprocess.run(
            [sys.executable, HUB, command, *options, "--attendees", "2", *more],
            env=given, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    @property
    def names(self) -> tuple[str, str, str]:
        host, ann, ben = self.cards
        return host, ann, ben

    @contextmanager
    def signed_in(self, who: str, word: str | None = None) -> Iterator[httpx.Client]:
        """A browser in which somebody has typed what stands on a card."""
        with httpx.Client(base_url=self.url, follow_redirects=True, timeout=60, trust_env=False) as browser:
            browser.get("/hub/login")
            form = {"username": who, "password": word or self.cards[who], "_xsrf": browser.cookies["_xsrf"]}
            self.answer = browser.post("/hub/login", data=form, params={"next": "/hub/home"})
            yield browser

    @asynccontextmanager
    async def server(self, who: str) -> Any:
        headers = {"authorization": f"token {self.token}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=120, trust_env=False) as hub:
            server = Server(hub, who)
            await server.start()
            yield server


CONFIG = """
load_subconfig({base!r})
c.JupyterHub.services = [*c.JupyterHub.services, {{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, {{
    "name": "tests", "services": ["tests"], "scopes": ["admin:servers", "access:servers", "list:users"]}}]
c.Spawner.environment |= {{"KIT_AUTOPILOT": "1"}}
"""


@contextmanager
def a_workshop(folder: Path) -> Iterator[Workshop]:
    token = secrets.token_hex(16)
    config = folder / "config.py"
    config.write_text(CONFIG.format(base=str(HUB.with_name("jupyterhub_config.py")), token=token))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    workshop = Workshop(folder / "state", token, config, port)
    try:
        started = workshop.run("start")
        assert started.returncode == 0, started.stderr
        yield workshop
    finally:
        removed = workshop.run("remove")
        assert removed.returncode == 0, removed.stderr
        assert not workshop.state.exists()
