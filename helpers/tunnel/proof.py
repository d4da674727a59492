"""The proof that a public address leads to us, and what stands there instead when it does not."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from helpers import failures
from helpers.core.errors import TunnelError
from helpers.failures import known
from helpers.tunnel import ngrok_refusals
from helpers.web.deadline import aside, fetch
from helpers.web.server import OTHER_NAME

_MOST_READ = 65536  # bytes of a stranger's answer
_PATIENCE = 8.0  # seconds for them
REFUSES_HOST = r"Invalid Host header|Blocked request\. This host"
_STRAPIS = (
    r'"error":\s*\{\s*"status":\s*404,\s*"name":\s*"NotFoundError"'  # its answer to a path it does not have
)
_KEEP_HOST = (
    "Let your tunnel pass on the host that browsers ask for: with nginx proxy_set_header Host $host;",
    "or let it ask for localhost.",
)
_PROGRAM = {"user-agent": "kit", "ngrok-skip-browser-warning": "1"}
_BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0", "accept": "text/html,*/*;q=0.8"}


@dataclass(frozen=True)
class Confirmation:
    """``interstitial``: browsers are shown ngrok's warning page first (C07), which one click dismisses."""

    interstitial: bool
    evidence: str


def confirm(http: httpx.Client, public_url: str, path: str, nonce: str, gateway: str) -> Confirmation:
    """Visit our own server through the public address, as a program and as a browser without cookies.

    ``nonce`` is the whole body that our server answers at ``path``; a status alone proves nothing, because
    a placeholder or another agent on a shared address answers 200 too. ``gateway`` is where it listens.

    Raises:
        TunnelError: the address does not lead here (C05, C06, C09, C10, C15, C17, D13).
    """
    url = public_url.rstrip("/") + path
    as_browser = aside(lambda: visit(http, url, browser=True))
    program = visit(http, url)
    if program.body.strip() != nonce:
        raise program.trouble(gateway)
    browser = as_browser.result()
    if browser.body.strip() != nonce and not browser.warned:
        raise TunnelError(
            "Programs reach this server through the tunnel, but browsers do not",
            failure=known.ONLY_PROGRAMS_PASS,
            evidence=browser.evidence,
        )
    return Confirmation(
        browser.warned, f"{url} answered {program.status} to a program, {browser.seen} to a browser"
    )


@dataclass(frozen=True)
class Visit:
    """One answer of a stranger, as much of it as is worth reading; ``code`` is ngrok's own error."""

    status: int
    headers: httpx.Headers
    code: str
    body: str

    @property
    def warned(self) -> bool:
        return "ERR_NGROK_6024" in self.code + self.body

    @property
    def seen(self) -> str:
        return f"{self.status} {self.code}".strip()

    @property
    def evidence(self) -> str:
        return ngrok_refusals.shown(f"{self.seen}: {self.body}")

    def trouble(self, gateway: str) -> TunnelError:
        """Why this is not the answer of our server at ``gateway``."""
        if not self.code and (other := _another_tunnel(self)):
            return TunnelError.of(other, self.evidence)
        refusal = ngrok_refusals.refusal(self.evidence) if self.code else None
        if refusal and refusal.failure != known.STRAPI_DOES_NOT_ANSWER:
            return refusal
        if refusal or self.status in (502, 503, 504):
            sentence = "The tunnel stands, but nothing answers where it leads"
            return _astray(sentence, self.evidence, gateway, known.STRAPI_DOES_NOT_ANSWER)
        for failure, words in (
            (known.DEV_SERVER_REFUSES_HOST, REFUSES_HOST),
            (known.DOMAIN_IN_USE, "Cloud Endpoint"),
        ):
            if re.search(words, self.body):
                return TunnelError.of(failure, self.evidence)
        if self.status == 421 and self.body == OTHER_NAME:
            sentence = "The tunnel leads here, but asks for another host than its own"
            return TunnelError(sentence, evidence=self.evidence, fix=_KEEP_HOST)
        if re.search(_STRAPIS, self.body):
            sentence = "The tunnel leads straight to Strapi, past the kit's gateway"
            return _astray(sentence, self.evidence, gateway, None)
        return _astray("Another server answers at this address", self.evidence, gateway, known.DOMAIN_IN_USE)


def _another_tunnel(visit: Visit) -> str | None:
    """Whose page this is, if it is one of another tunnel or of a hosting platform."""
    shown = "\n".join([*(f"{name}: {value}" for name, value in visit.headers.items()), visit.body])
    pages = (known.OTHER_TUNNEL_ASKS_FIRST, known.OTHER_TUNNEL_OFFLINE, known.PLATFORM_HAS_NO_APP)
    return next((each for each in pages if failures.get(each).proven_by(shown)), None)


def _astray(sentence: str, evidence: str, gateway: str, failure: str | None) -> TunnelError:
    """With steps of its own: the catalogue's speak of Strapi, and here the kit's gateway is not reached."""
    return TunnelError(
        sentence,
        failure=failure,
        evidence=evidence,
        fix=(
            f"Let your tunnel lead to the kit's gateway, {gateway}, instead of to Strapi or the front end.",
            "If its port shall stay the same, type it in 1.1, or set KIT_GATEWAY_PORT.",
            "If it leads there already, somebody else holds the address: with ngrok look under Endpoints.",
        ),
    )


def visit(http: httpx.Client, url: str, *, browser: bool = False, origin: str = "") -> Visit:
    """Fetch as a program or as a browser that has never been there, for a page of ``origin`` if given.

    Raises:
        TunnelError: nobody answers (C05, C15), or not in HTTP (C10).
    """
    headers = (_BROWSER if browser else _PROGRAM) | ({"origin": origin} if origin else {})
    request = http.build_request("GET", url, headers=headers, timeout=_PATIENCE)
    try:
        answer = fetch(http, request, seconds=_PATIENCE, most=_MOST_READ)
    except httpx.HTTPError as error:
        said, host = f"{type(error).__name__}: {error}", request.url.host
        if isinstance(error, httpx.RemoteProtocolError):
            raise _astray(
                f"{host} does not speak HTTP", said, "the address of 1.1", known.DOMAIN_IN_USE
            ) from error
        failure = (
            known.FIREWALL_BEFORE_NGROK if re.search(r"certificate|SSL|TLS", said) else known.TUNNEL_OFFLINE
        )
        raise TunnelError(f"{host} does not answer", failure=failure, evidence=said) from error
    code = answer.headers.get("ngrok-error-code", "")
    if not code and answer.status >= 400 and (found := re.search(r"ERR_NGROK_\d+", answer.text)):
        code = found[0]
    return Visit(answer.status, answer.headers, code, answer.text)
