"""One variable of an ``.env`` file is set; every other byte of the file stays."""

from __future__ import annotations

import re
from io import StringIO
from itertools import takewhile

from dotenv.parser import Binding, parse_stream

# A value may go on over several lines inside its quotes.
_QUOTED = re.compile(r"""'(?:\\'|[^'])*'|"(?:\\"|[^"])*\"""")


def read(content: bytes) -> str:
    """Bytes that are no UTF-8 come back as they were when the text is encoded the same way."""
    return content.decode("utf-8", "surrogateescape")


def bindings(content: str) -> list[Binding]:
    """The file piece by piece; together the originals are the file again."""
    return list(parse_stream(StringIO(content, newline="")))


def set_variable(before: bytes | None, name: str, value: str) -> bytes:
    """The file with ``name`` set to ``value``, an address that needs no quotes.

    Where a name stands twice the last one counts, so that one is changed. Remarks, quotes, ``export``
    and line endings are kept, and so is a missing newline at the end.
    """
    content = read(before or b"")
    found = bindings(content)
    pieces = [each.original.string for each in found]
    at = max((n for n, each in enumerate(found) if each.key == name), default=None)
    if at is None:
        pieces.append(_appended(content, f"{name}={value}"))
    elif found[at].value != value:
        pieces[at] = _with_value(pieces[at], found[at].value or "", value)
    return "".join(pieces).encode("utf-8", "surrogateescape")


def _appended(content: str, line: str) -> str:
    newline = "\r\n" if "\r\n" in content else "\n"
    ended = not content or content.endswith(("\n", "\r"))
    return f"{line}{newline}" if ended else f"{newline}{line}"


def _with_value(line: str, old: str, new: str) -> str:
    head, sign, tail = line.partition("=")
    if not sign:  # the name alone
        body = line.rstrip()
        return f"{body}={new}{line[len(body) :]}"
    blanks = "".join(takewhile(lambda each: each.isspace() and each not in "\r\n", tail))
    body = tail[len(blanks) :]
    if quoted := _QUOTED.match(body):
        return f"{head}={blanks}{body[0]}{new}{body[0]}{body[quoted.end() :]}"
    # A remark right behind the sign is taken for the value by Python's reader, not by Node's.
    rest = f" {body}" if body.startswith("#") else body[len(old) :]
    return f"{head}={blanks}{new}{rest}"
