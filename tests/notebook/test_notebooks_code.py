"""The code of the notebooks, without running it."""

from __future__ import annotations

import ast

from tests.support.notebooks import (
    cells,
    docstring,
    each_notebook,
)


def tree(name: str) -> list[ast.AST]:
    return [node for source in cells(name, "code") for node in ast.walk(parsed(source))]


def parsed(source: str) -> ast.Module:
    """Notebooks may await outside of functions."""
    compiled = compile(source, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(compiled, ast.Module)
    return compiled


@each_notebook
def test_a_code_cell_is_one_to_six_lines(name: str):
    sizes = {
        source: len([line for line in source.splitlines() if line.strip()]) for source in cells(name, "code")
    }
    assert [source for source, size in sizes.items() if not 1 <= size <= 6] == []


@each_notebook
def test_a_code_cell_calls_helpers_and_has_no_machinery(name: str):
    plain = (
        ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.Assign, ast.Expr, ast.Await, ast.Call,
        ast.keyword, ast.Attribute, ast.Name, ast.Constant, ast.Load, ast.Store,
    )  # fmt: skip
    assert [ast.unparse(node) for node in tree(name) if not isinstance(node, plain)] == []


def called(name: str) -> set[tuple[str, str]]:
    """Module and name of everything of the kit's that the cells call."""
    known: dict[str, tuple[str, str]] = {}
    for node in tree(name):
        if isinstance(node, ast.ImportFrom):
            known |= {alias.name: (node.module or "", alias.name) for alias in node.names}
    found = set()
    for node in tree(name):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(known[node.func.id])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert isinstance(node.func.value, ast.Name)
            found.add((".".join(known[node.func.value.id]), node.func.attr))
    return found


@each_notebook
def test_every_helper_that_a_cell_calls_says_what_it_does(name: str):
    found = called(name)
    assert {module for module, *_ in found} == {"helpers.notebook"}
    assert sorted(helper for helper in found if not docstring(*helper)) == []


@each_notebook
def test_everything_imported_is_used(name: str):
    used = {node.id for node in tree(name) if isinstance(node, ast.Name)}
    imported = {
        a.asname or a.name for node in tree(name) if isinstance(node, ast.ImportFrom) for a in node.names
    }
    assert imported <= used
