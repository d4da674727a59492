"""What ngrok says, in the catalogue's words."""

from __future__ import annotations

import re

from helpers import failures
from helpers.core.errors import TunnelError
from helpers.core.masking import redact
from helpers.failures import known

_MOST_EVIDENCE = 400  # characters


def refusal(text: str) -> TunnelError:
    """The catalogue's name for what ngrok said, by its error number or, without one, by its words."""
    if code := re.search(r"ERR_NGROK_(\d+)", text):
        entries = (entry for entry in failures.all_failures().values() if entry.id[0] == "C")
        id_ = next((entry.id for entry in entries if entry.found_in(code[0])), None)
        if id_:
            return TunnelError.of(id_, shown(text))
        page = f"https://ngrok.com/docs/errors/{code[0].lower()}"
        return TunnelError(f"ngrok refused with {code[0]}", evidence=shown(text), fix=[f"Read {page}"])
    if re.search(r"x509|tls:|certificate", text):
        return TunnelError.of(known.FIREWALL_BEFORE_NGROK, shown(text))
    said, failure = "The ngrok agent did not get ready", known.AGENT_DOES_NOT_START
    if re.search(r"dial tcp|no such host|failed to reconnect", text):
        said, failure = "The ngrok agent cannot reach ngrok", known.FIREWALL_BEFORE_NGROK
    return TunnelError(said, failure=failure, evidence=shown(text))


def shown(text: str) -> str:
    """One short line, redacted before it is cut: half a token is still half a secret."""
    line = " ".join(re.sub(r"\\[rn]", " ", redact(text)).split())
    return line if len(line) <= _MOST_EVIDENCE else line[: _MOST_EVIDENCE - 1] + "…"
