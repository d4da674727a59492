"""What the ngrok cloud decides in a rehearsal: who may come online, and what it says to those who may not.

The wording is ours; numbers, shapes and what an error repeats (105 and 107 echo the authtoken) are ngrok's:
https://ngrok.com/docs/errors/
"""

from __future__ import annotations

import json
import os
import re
import socket
import zlib
from contextlib import suppress
from typing import Any

UNREACHABLE = {
    "offline": 'failed to dial ngrok server with address "connect.ngrok-agent.com:443": dial tcp: '
    "lookup connect.ngrok-agent.com: no such host",
    "tls": "failed to send authentication request: tls: failed to verify certificate: x509: "
    "certificate signed by unknown authority",
}
_TEXTS = {
    "105": "The authtoken you specified does not look like a proper ngrok authtoken.\n"
    "Your authtoken: {token}",
    "107": "The authtoken you specified is properly formed, but it is invalid.\nYour authtoken: {token}",
    "108": "Your account is limited to {limit} simultaneous ngrok agent sessions.",
    "121": "Your ngrok agent is too old. The minimum supported agent version for your account is 3.99.0.",
    "320": "The domain '{host}' is reserved for another account.",
    "324": "Your account may not run more than 3 endpoints over a single ngrok agent session.",
    "334": "The endpoint 'https://{host}' is already online.",
    "4018": "Usage of ngrok requires a verified account and authtoken.",
    "15013": "You must have a dev domain to start an endpoint without a URL.",
}
_PAGES = {
    "727": (429, "The account of {host} has reached its monthly limit of HTTP requests."),
    "3004": (502, "ngrok gateway error: {host} received an invalid answer from {upstream}."),
    "3200": (404, "The endpoint {host} is offline."),
    "8012": (502, "The ngrok agent failed to establish a connection to the upstream web service {upstream}."),
}
_WARNING = """<!doctype html><title>ngrok</title>
<h1>You are about to visit {host}</h1><p>ERR_NGROK_6024</p>
<p>This website is served for free through ngrok. Only visit it if you trust whoever sent the link.</p>
<button onclick="document.cookie='abuse_interstitial={host}; path=/; max-age=604800'; location.reload()">
Visit Site</button>
"""

Page = tuple[int, dict[str, str], bytes]  # status, headers, body


def error_page(code: str, host: str, upstream: str = "") -> Page:
    from html import escape  # its table of 2,231 names is memory that most agents never need

    status, text = _PAGES[code]
    text = escape(text.format(host=host, upstream=upstream))
    return _page(status, code, f"<!doctype html><title>ngrok</title><p>{text}</p><p>ERR_NGROK_{code}</p>\n")


def turned_away(faults: set[str], host: str, headers: dict[bytes, bytes]) -> Page | None:
    """What ngrok's edge answers by itself, before anything is forwarded."""
    if "quota" in faults:
        return error_page("727", host)
    browser = b"Mozilla" in headers.get(b"user-agent", b"") and b"text/html" in headers.get(b"accept", b"")
    if browser and "programs-only" in faults:
        return 403, {"Content-Type": "text/plain"}, b"Access denied\n"
    seen = b"ngrok-skip-browser-warning" in headers or b"abuse_interstitial=" in headers.get(b"cookie", b"")
    return _warning_page(host) if browser and "interstitial" in faults and not seen else None


def _warning_page(host: str) -> Page:
    """What free accounts show each browser once: https://ngrok.com/docs/errors/err_ngrok_6024"""
    from html import escape

    return _page(200, "6024", _WARNING.format(host=escape(host)))


def _page(status: int, code: str, text: str) -> Page:
    headers = {"Content-Type": "text/html; charset=utf-8", "Ngrok-Error-Code": f"ERR_NGROK_{code}"}
    return status, headers, text.encode()


def own_domains() -> list[str]:
    """Of this account; the first is its dev domain. Every other name is somebody else's."""
    return os.environ.get("KIT_NGROK_DOMAIN", "").split(",")


class Cloud:
    """Who is online, in a folder shared by all agents; what the dead held is free again."""

    def __init__(self, folder: str, token: str) -> None:
        self.folder, self.token = folder, token
        # Enough to tell accounts apart; hashlib would be a third of this program's memory.
        self.account = f"{zlib.crc32(token.encode()):08x}"
        self.limit = int(os.environ.get("KIT_NGROK_SESSIONS", "3"))
        self._mine: set[str] = set()
        os.makedirs(folder, exist_ok=True)

    def sentence(self, code: str, host: str = "") -> str:
        """An error as agents print it, its number at the end."""
        text = _TEXTS.get(code, "Refused.").format(token=self.token, limit=self.limit, host=host)
        return f"{text}\r\n\r\nERR_NGROK_{code}\r\n"

    def refuses_session(self, port: int) -> str:
        """The number of the error this agent gets, or nothing; ``port`` is its local API's."""
        if not self.token:
            return "4018"
        for beginning, code in {"revoked": "107", "limit": "108", "old": "121"}.items():
            if self.token.startswith(beginning):
                return code
        if not re.fullmatch(r"[\w-]{20,}", self.token):
            return "105"
        self._claim(f"session-{os.getpid()}", port)
        named = [name for name in os.listdir(self.folder) if re.fullmatch(r"session-.*\.json", name)]
        paths = [os.path.join(self.folder, name) for name in named]
        mine = [path for path in paths if _read(path)["token"] == self.account]
        return "108" if sum(map(_alive, mine)) > self.limit else ""

    def refuses_endpoint(self, host: str, port: int, others: int) -> str:
        """The number of an error, or nothing: then ``host`` is ours as long as we listen on ``port``."""
        if not host:
            return "15013"
        if host not in own_domains():
            return "320"
        if others >= 3:
            return "324"
        return "" if self._claim(host, port) else "334"

    def _claim(self, name: str, port: int) -> bool:
        path, draft = self._file(name), os.path.join(self.folder, f".{name}.{os.getpid()}")
        with open(draft, "w", encoding="utf-8") as file:
            json.dump({"port": port, "pid": os.getpid(), "token": self.account}, file)
        try:
            if os.path.exists(path) and not _alive(path):
                _remove(path)
            os.link(draft, path)  # wholly or not at all, and never over another's
        except FileExistsError:
            return False
        finally:
            os.unlink(draft)
        self._mine.add(path)
        return True

    def free(self, *hosts: str) -> None:
        """Go offline with these hosts; without any, altogether."""
        for path in [self._file(host) for host in hosts] or list(self._mine):
            _remove(path)
            self._mine.discard(path)

    def _file(self, name: str) -> str:
        return os.path.join(self.folder, f"{name}.json")


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            facts: dict[str, Any] = json.load(file)
    except FileNotFoundError:  # its owner has just left
        return {"port": 0, "pid": 0, "token": ""}
    return facts


def _alive(path: str) -> bool:
    """Both, for a dead agent's port is soon another's, and a killed process stays a while as a zombie."""
    facts = _read(path)
    try:
        if os.name != "nt":
            os.kill(facts["pid"], 0)
        with socket.create_connection(("127.0.0.1", facts["port"]), 1):
            return True
    except OSError:
        return False
