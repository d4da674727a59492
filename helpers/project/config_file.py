"""``config/server`` of a Strapi project: its ``url`` is made to read a variable, all else stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from helpers.project import javascript as js
from helpers.project.javascript import CannotEdit, bare, literal, parts, property_name

if TYPE_CHECKING:
    from tree_sitter import Node

VARIABLE = "PUBLIC_URL"
DEFAULT = "http://localhost:1337"  # as on Strapi's page
# An address in one of these would keep Strapi from listening.
_TAKEN = ("HOST", "PORT")
_NEEDS_NO_PARENTHESES = ("string", "template_string", "identifier", "member_expression", "call_expression")


class ServerConfig(NamedTuple):
    source: bytes
    variable: str  # what `url` reads, and what `.env` must therefore set


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def set_url(source: bytes, language: str, name: str = "config/server") -> ServerConfig:
    """The same file with a ``url`` that reads a variable: the one it reads already, or ``PUBLIC_URL``.

    What ``url`` was becomes the default. ``language`` is ``js`` or ``ts``.

    Raises:
        InputError: the file has a syntax error; the text names the line.
        CannotEdit: where the address comes from is not certain.
    """
    settings = js.exported_object(js.parse(source, language, name))
    style = _Style(settings)
    url = _url(settings)
    if url is None:
        return ServerConfig(_apply(source, _insertion(source, settings, style)), VARIABLE)
    value = url.child_by_field_name("value") or url
    if variable := style.variable(value):
        return ServerConfig(source, variable)
    return ServerConfig(_apply(source, [style.replacement(url)]), VARIABLE)


def _url(settings: Node) -> Node | None:
    """The property that counts: the last one of that name."""
    found = None
    for member in parts(settings):
        if member.type == "spread_element" or _is_computed(member) or property_name(member) == "url":
            found = member
    if found and (_is_computed(found) or found.type not in ("pair", "shorthand_property_identifier")):
        raise CannotEdit(f"{js.text(found).splitlines()[0]} may set url as well.")
    return found


def _is_computed(member: Node) -> bool:
    key = member.child_by_field_name("key")
    return key is not None and key.type == "computed_property_name"


class _Style:
    """How this file calls ``env`` and quotes its strings."""

    def __init__(self, settings: Node) -> None:
        self.env = js.env_in_reach(settings)
        values = [member.child_by_field_name("value") for member in parts(settings)]
        written = [js.text(node) for value in values if value for node in _strings(value)]
        self.quote = written[0][0] if written else "'"

    def string(self, value: str) -> str:
        return f"{self.quote}{value}{self.quote}"

    def read(self, default: str) -> str:
        """The variable, or else the default; Strapi fills ``process.env`` before it reads its config."""
        if self.env:
            return f"{self.env}({self.string(VARIABLE)}, {default})"
        return f"process.env.{VARIABLE} || {default}"

    def variable(self, value: Node) -> str:
        """The variable that is read first, if it may hold an address."""
        first = _first(value)
        if argument := self._argument(first):
            name = literal(argument)
        else:
            name = js.text(first) if first.type == "member_expression" else ""
            name = name.removeprefix("process.env.")
        return name if name.isidentifier() and name not in _TAKEN else ""

    def replacement(self, url: Node) -> _Edit:
        value = url.child_by_field_name("value")
        if value is None:  # a bare `url,`
            return _Edit(url.start_byte, url.end_byte, f"url: {self.read('url')}")
        argument = self._argument(_first(value))
        if argument and not literal(argument):  # env('', …) reads nothing
            quote = js.text(argument)[0]
            return _Edit(argument.start_byte, argument.end_byte, f"{quote}{VARIABLE}{quote}")
        bracketed = not self.env and value.type not in _NEEDS_NO_PARENTHESES
        default = f"({js.text(value)})" if bracketed else js.text(value)
        return _Edit(value.start_byte, value.end_byte, self.read(default))

    def _argument(self, call: Node) -> Node | None:
        """The name in ``env('NAME', …)``; an ``env`` that a module imports is the same one."""
        function = call.child_by_field_name("function")
        if function is None or js.text(function) not in ("env", self.env):
            return None
        given = call.child_by_field_name("arguments")
        first = parts(given)[:1] if given else []
        return next((node for node in first if node.type == "string"), None)


def _strings(value: Node) -> list[Node]:
    if value.type == "string":
        return [value]
    return [found for child in value.children for found in _strings(child)]


def _first(value: Node) -> Node:
    """In ``a || b`` and ``a ?? b``, a."""
    value = bare(value)
    either = value.type == "binary_expression" and any(child.type in ("||", "??") for child in value.children)
    return _first(parts(value)[0]) if either else value


def _insertion(source: bytes, settings: Node, style: _Style) -> list[_Edit]:
    """Behind ``port``, as that one is written: on a line of its own or not, with a comma behind it or not."""
    by_name = {property_name(member): member for member in parts(settings)}
    if not by_name:
        raise CannotEdit("Its settings are an empty object.")
    anchor = by_name.get("port") or by_name.get("host") or list(by_name.values())[-1]
    after = [node for node in settings.children if node.start_byte >= anchor.end_byte]
    comma = next((node for node in after if node.type == ","), None)
    last = comma or anchor
    edits = [] if comma else [_Edit(last.end_byte, last.end_byte, ",")]
    line = f"url: {style.read(style.string(DEFAULT))}{',' if comma else ''}"
    behind = [node for node in after if node.start_byte >= last.end_byte]
    next_row = next(node.start_point.row for node in behind if node.type != "comment")
    row = last.end_point.row
    indent = source[source.rfind(b"\n", 0, anchor.start_byte) + 1 : anchor.start_byte]
    if indent.strip() or next_row == row:
        return [*edits, _Edit(last.end_byte, last.end_byte, f" {line}")]
    # A remark at the end of the line stays there.
    position = max(node.end_byte for node in [last, *behind[:-1]] if node.start_point.row == row)
    newline = "\r\n" if b"\r\n" in source else "\n"
    return [*edits, _Edit(position, position, newline + indent.decode() + line)]


def _apply(source: bytes, edits: list[_Edit]) -> bytes:
    for edit in reversed(edits):
        written = edit.text.encode(errors="surrogateescape")
        source = source[: edit.start] + written + source[edit.end :]
    return source
