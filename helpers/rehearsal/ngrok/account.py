"""What the ngrok cloud decides in a rehearsal: who may come online, and what it says to those who may not.

The wording is ours; numbers, shapes and what an error repeats (105 and 107 echo the authtoken) are ngrok's:
https://ngrok.com/docs/errors/
"""

from __future__ import annotations

import re

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


def sentence(code: str, **facts: object) -> str:
    """An error as agents print it, its number at the end."""
    text = _TEXTS.get(code, "Refused.").format(**{"host": "", "token": "", "limit": ""} | facts)
    return f"{text}\r\n\r\nERR_NGROK_{code}\r\n"


def refuses_session(token: str, others: int, limit: int) -> str:
    """The number of the error an agent gets beside so many ``others`` of its account, or nothing."""
    if not token:
        return "4018"
    for beginning, code in {"revoked": "107", "limit": "108", "old": "121"}.items():
        if token.startswith(beginning):
            return code
    if not re.fullmatch(r"[\w-]{20,}", token):
        return "105"
    return "108" if others >= limit else ""


def refuses_endpoint(host: str, own: list[str], others: int, taken: bool) -> str:
    """The number of the error, or nothing; ``others`` the agent has already."""
    if not host:
        return "15013"
    if host not in own:
        return "320"
    if others >= 3:
        return "324"
    return "334" if taken else ""
