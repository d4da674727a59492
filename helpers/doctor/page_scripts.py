"""What a page brings to the browser, as far as it is written in its HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_SCRIPTS = 20
# Bounded, and never across another tag's beginning: a hostile page must not keep the search busy.
_TAG = re.compile(r"<(script|link)\b([^<>]{0,2000})>", re.I)
_ADDRESS = re.compile(r"""\b(?:src|href)\s{0,9}=\s{0,9}["']?([^"'\s]{1,2000})""", re.I)


@dataclass(frozen=True)
class Scripts:
    """What the page brings to the browser, as far as it was read."""

    texts: tuple[str, ...]  # inline scripts, with the page around them, among them
    read: int
    left: int
    elsewhere: int = field(default=0)  # on other hosts, where nobody looks

    @property
    def told(self) -> str:
        left = f", {self.left} left unread" if self.left else ""
        away = f", {self.elsewhere} on other hosts not looked at" if self.elsewhere else ""
        return f"{self.read} of the page's scripts read{left}{away}"


def sources(html: str) -> list[str]:
    """The addresses of its scripts, as they are written, in their order."""
    found = []
    for tag, attributes in _TAG.findall(html):
        address = _ADDRESS.search(attributes)
        if address and (tag.lower() == "script" or "modulepreload" in attributes.lower()):
            found.append(address[1])
    return found
