"""A public address that the reader brings, and the proof that an address leads to us."""

from __future__ import annotations

import re
import threading
from contextlib import closing
from dataclasses import dataclass

import httpx

from helpers import agent
from helpers.errors import TunnelError

_MOST_READ = 65536  # bytes of a stranger's answer
_PROGRAM = {"user-agent": "kit", "ngrok-skip-browser-warning": "1"}
_BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0", "accept": "text/html,*/*;q=0.8"}


class BroughtTunnel:
    """A tunnel that somebody else runs: whether it leads here, only :func:`confirm` can tell."""

    def __init__(self, public_url: str) -> None:
        self.url = public_url.rstrip("/")
        self.alive = False

    def start(self, upstream: str = "", cancelled: threading.Event | None = None) -> str:
        self.alive = True
        return self.url

    def stop(self) -> None:
        self.alive = False


@dataclass(frozen=True)
class Confirmation:
    """``interstitial``: browsers are shown ngrok's warning page first (C07), which one click dismisses."""

    interstitial: bool
    evidence: str


def confirm(http: httpx.Client, public_url: str, path: str, nonce: str) -> Confirmation:
    """Visit our own server through the public address, as a program and as a browser without cookies.

    ``nonce`` is the whole body that our server answers at ``path``; a status alone proves nothing, because
    a placeholder or another agent on a shared address answers 200 too.

    Raises:
        TunnelError: the address does not lead here (C05, C06, C09, C10, C15, C17).
    """
    url = public_url.rstrip("/") + path
    program = _visit(http, url, _PROGRAM)
    if program.body.strip() != nonce:
        raise program.trouble()
    browser = _visit(http, url, _BROWSER)
    warned = "ERR_NGROK_6024" in browser.code + browser.body
    if browser.body.strip() != nonce and not warned:
        raise browser.trouble("C09", "Programs reach this server through the tunnel, but browsers do not")
    return Confirmation(warned, f"{url} answered {program.status} to a program, {browser.seen} to a browser")


@dataclass(frozen=True)
class _Visit:
    status: int
    code: str
    body: str

    @property
    def seen(self) -> str:
        return f"{self.status} {self.code}".strip()

    def trouble(
        self, failure: str = "C10", sentence: str = "Another server answers at this address"
    ) -> TunnelError:
        evidence = agent.shown(f"{self.seen}: {self.body}")
        if self.code:
            return agent.refusal(evidence)
        if self.status in (502, 503, 504):
            failure, sentence = "C06", "The tunnel stands, but nothing answers behind it"
        return TunnelError(sentence, failure=failure, evidence=evidence)


def _visit(http: httpx.Client, url: str, headers: dict[str, str]) -> _Visit:
    request = http.build_request("GET", url, headers=headers)
    request.headers.pop("cookie", None)
    body = b""
    try:
        with closing(http.send(request, stream=True, follow_redirects=False)) as response:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MOST_READ:
                    break
    except httpx.HTTPError as error:
        failure = "C15" if re.search(r"certificate|SSL|TLS", str(error)) else "C05"
        host = request.url.host
        evidence = f"{type(error).__name__}: {error}"
        raise TunnelError(f"{host} does not answer", failure=failure, evidence=evidence) from error
    text = body.decode(errors="replace")
    code = response.headers.get("ngrok-error-code", "")
    if not code and response.is_error and (found := re.search(r"ERR_NGROK_\d+", text)):
        code = found[0]
    return _Visit(response.status_code, code, text)
