"""Scheme, host and port as people type them, in their one usual spelling, or told apart from what is none."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_USUAL_PORT = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
# What stands for a scheme where none is: nothing, or one with a slip of the finger (`http:/`, `htp://`).
_NO_SCHEME = re.compile(r"(?i)(https?[:/]+|[a-z]*:?/+)?")


def usual(text: str) -> str:
    """Scheme, host and port in their one usual spelling; empty when the text is no web address."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in _USUAL_PORT or port == 0 or not is_host(host):
        return ""
    if " " in text or not text.isprintable():
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _USUAL_PORT[parts.scheme]) else f":{port}")


def with_scheme(text: str) -> str:
    """The address that a text without a scheme most likely means; empty when it means none."""
    bare = _NO_SCHEME.sub("", text, count=1)
    site = usual(f"http://{bare}").removeprefix("http://")
    # A single word may be anything, unless a port follows.
    if "@" in bare or not (site == "localhost" or re.search(r"[.:]", site)):
        return ""
    near = is_this_machine(host(f"http://{bare}")) or "." not in site
    return f"{'http' if near else 'https'}://{bare}"


def host(address: str) -> str:
    return urlsplit(usual(address)).hostname or ""


def is_host(host: str) -> bool:
    """A name or an IP address that every HTTP client takes; names outside ASCII they spell differently."""
    if ":" in host or host.rpartition(".")[2].isdigit():
        try:
            return bool(ipaddress.ip_address(host))
        except ValueError:
            return False
    return len(host) <= 253 and _NAME.fullmatch(host) is not None


def server(origin: str) -> tuple[str, int | None]:
    """Host and port; all names of this machine are one."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    return "" if is_this_machine(host) else host, parts.port or _USUAL_PORT.get(parts.scheme)


def is_this_machine(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    address = getattr(address, "ipv4_mapped", None) or address  # Python 3.13 sees through that itself
    return address.is_loopback or address.is_unspecified
