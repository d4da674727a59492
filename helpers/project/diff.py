"""The difference between two states of a user's file, without the secrets that stand next to it."""

from __future__ import annotations

import re

from helpers.core.masking import MASK, redact
from helpers.project import env_file

# Code is only worth hiding where a line speaks of secrets; NAMES_LIKE_THIS are variables, not values.
_SPEAKS_OF_SECRETS = re.compile(r"(?i)secret|token|passw|key|salt|auth|credential")
_VALUE = re.compile(r"""(['"`])(?![A-Z_]+\1)[^'"`]{4,}\1""")


def unified(name: str, before: bytes | None, after: bytes | None, variable: str = "") -> str:
    """A unified diff to read, empty when there is no difference; None stands for no file.

    With ``variable`` it is an ``.env`` file's, and of all values only that one is shown.
    """
    from difflib import unified_diff

    old, new = ((content or b"").decode(errors="replace") for content in (before, after))
    masks = _env_masks(old, variable) | _env_masks(new, variable) if variable else {}
    lines = unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        "/dev/null" if before is None else f"a/{name}",
        "/dev/null" if after is None else f"b/{name}",
    )
    shown = []
    for number, line in enumerate(lines):
        if number > 1 and not line.startswith("@@"):
            masked = masks.get(line[1:], MASK) if variable else _masked_code(line[1:])
            # What the kit writes into a new file is none of the user's secrets.
            line = line if before is None and not variable else line[0] + masked
        shown.append(redact(line.rstrip("\r\n")) + "\n")
    return "".join(shown)


def _masked_code(line: str) -> str:
    return _VALUE.sub(rf"\g<1>{MASK}\g<1>", line) if _SPEAKS_OF_SECRETS.search(line) else line


def _env_masks(content: str, variable: str) -> dict[str, str]:
    """Every line, with what may be shown of it."""
    masks: dict[str, str] = {}
    for binding in env_file.bindings(content):
        lines = binding.original.string.splitlines(keepends=True)
        written = [line for line in lines if line.strip()]
        # A line of a longer value may look like a line of its own.
        whole = len(written) == 1 and not binding.error
        for line in lines:
            masks[line] = (
                line if binding.key == variable or line not in written else _masked(line, whole=whole)
            )
    return masks


def _masked(line: str, *, whole: bool) -> str:
    name, sign, _ = line.partition("=")
    if whole and sign:
        return f"{name}={MASK}"
    return line if whole and line.lstrip().startswith("#") else MASK
