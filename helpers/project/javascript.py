"""The settings object in a JavaScript or TypeScript config file, found by parsing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from helpers.core.errors import InputError, KitError

if TYPE_CHECKING:
    from tree_sitter import Node

_FUNCTIONS = {"arrow_function", "function_expression", "function_declaration"}
_WRAPPERS = {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"}


class CannotEdit(KitError):
    """What only its author can change safely, with the text to put there by hand."""

    def __init__(self, reason: str, snippet: str = "") -> None:
        super().__init__(reason)
        self.snippet = snippet


def parse(source: bytes, language: str, name: str) -> Node:
    """The whole file as a tree; ``language`` is ``js`` or ``ts``.

    Raises:
        InputError: it has a syntax error; the text names the line.
    """
    # Only for those who edit files: a rehearsal never loads the grammars.
    import tree_sitter

    if language == "ts":
        from tree_sitter_typescript import language_typescript as grammar
    else:
        from tree_sitter_javascript import language as grammar
    root = tree_sitter.Parser(tree_sitter.Language(grammar())).parse(source).root_node
    if root.has_error:
        error = _error(root)
        first, last = error.start_point.row + 1, error.end_point.row + 1
        place = f"line {first}" if first == last else f"lines {first} to {last}"
        raise InputError(f"{name} has a syntax error in {place}: correct it first.")
    return root


def _error(node: Node) -> Node:
    if node.is_error or node.is_missing:
        return node
    return next((_error(child) for child in node.children if child.has_error), node)


# Reading a tree


def parts(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def text(node: Node) -> str:
    return (node.text or b"").decode(errors="surrogateescape")


def literal(node: Node) -> str:
    """What a string says, without its quotes."""
    return text(node)[1:-1] if node.type == "string" else ""


def bare(node: Node) -> Node:
    """The expression behind parentheses and TypeScript's annotations."""
    return bare(parts(node)[0]) if node.type in _WRAPPERS else node


def property_name(member: Node) -> str:
    key = member.child_by_field_name("key") or member.child_by_field_name("name") or member
    return literal(key) if key.type == "string" else text(key)


def _walk(node: Node, *, into_functions: bool = True) -> Iterator[Node]:
    yield node
    for child in node.children:
        if into_functions or child.type not in _FUNCTIONS | {"method_definition"}:
            yield from _walk(child, into_functions=into_functions)


# Where the settings are


def exported_object(root: Node) -> Node:
    """The object that the file exports, directly or as what a function returns.

    Raises:
        CannotEdit: there is none, or more than one place may change it.
    """
    return _object(_exported(root))


def _exported(root: Node) -> Node:
    """CommonJS, a module's default, or TypeScript's ``export =``."""
    found: list[Node | None] = []
    for node in _walk(root):
        if node.type == "export_statement" and any(child.type in ("default", "=") for child in node.children):
            found.append(parts(node)[-1])
        elif node.type == "member_expression" and text(node) == "module.exports":
            parent = node.parent
            assigned = parent if parent and parent.type == "assignment_expression" else None
            found.append(assigned.child_by_field_name("right") if assigned else None)
    if len(found) != 1 or found[0] is None:
        raise CannotEdit("It does not export its settings in one plain statement.")
    return found[0]


def _object(node: Node) -> Node:
    node = bare(node)
    if node.type == "object":
        return node
    if node.type == "type_assertion":
        return _object(parts(node)[-1])
    if node.type in _FUNCTIONS and (body := node.child_by_field_name("body")):
        return _object(_returned(body) if body.type == "statement_block" else body)
    if node.type == "identifier":
        return _object(_declared(node))
    raise CannotEdit("It computes its settings, so the place for url is not certain.")


def _returned(body: Node) -> Node:
    returns = [node for node in _walk(body, into_functions=False) if node.type == "return_statement"]
    if len(returns) != 1 or not parts(returns[0]):
        raise CannotEdit("Its function returns settings in more than one place, or in none.")
    return parts(returns[0])[0]


def _declared(use: Node) -> Node:
    root = use
    while root.parent:
        root = root.parent
    names = ("identifier", "shorthand_property_identifier")
    others = [node for node in _walk(root) if node.type in names and node.text == use.text and node != use]
    # Whoever else uses the name may change what it holds.
    declaration = others[0].parent if len(others) == 1 else None
    if declaration and declaration.type == "function_declaration":
        return declaration
    if declaration and declaration.type == "variable_declarator":
        value = declaration.child_by_field_name("value")
        if value:
            return value
    raise CannotEdit(f"{text(use)} is used in more than one place, and any of them may change its url.")


# What is in reach there


def env_in_reach(settings: Node) -> str | None:
    """How Strapi's ``env`` is called inside the object; None where no function is handed it."""
    node = settings.parent
    while node:
        if node.type in _FUNCTIONS and (name := _handed_env(node)):
            return name
        node = node.parent
    return None


def _handed_env(function: Node) -> str | None:
    given = function.child_by_field_name("parameters")
    first = parts(given)[0] if given and parts(given) else function.child_by_field_name("parameter")
    if first is None:
        return None
    # Behind TypeScript's annotation, or before a default.
    first = first.child_by_field_name("pattern") or first.child_by_field_name("left") or first
    if first.type == "identifier":
        return f"{text(first)}.env"
    found = (part for part in parts(first) if property_name(part) == "env")
    return next((text(part.child_by_field_name("value") or part) for part in found), None)
