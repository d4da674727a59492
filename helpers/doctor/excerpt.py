"""The telling part of a long text: its two ends, masked before anything of it is kept."""

from __future__ import annotations

from helpers.core.masking import redact

MOST = 16_000  # characters; the telling ones of a log stand at its ends
_HALF = MOST // 2 - 1
# Longer than any secret: what a cut leaves of one, which nothing may tell as one, lies within.
_SEVERED = 6_000


def excerpt(text: str) -> tuple[str, bool]:
    """What is kept of it, and whether a secret was in what was looked at. Nobody looks at the rest."""
    if len(text) <= MOST:
        shown = redact(text)
        return shown, shown != text
    reach = _HALF + _SEVERED
    parts = text[:reach], text[-reach:]
    head, tail = map(redact, parts)
    return f"{head[:-_SEVERED][:_HALF]}\n{tail[_SEVERED:][-_HALF:]}", (head, tail) != parts
