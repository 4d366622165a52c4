"""Builds the function that ``%%parflow map`` runs for each item.

The cell is the body of ``for TARGET in EXPRESSION:``, and its last expression
is the item's result. Everything here is pure but for :func:`build`, which
compiles.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from parflow_jupyter.errors import MagicError
from parflow_jupyter.kernel.magics.line import PREFIX, MapLine, problem, read_line
from parflow_jupyter.kernel.magics.names import Change, changed, unbound

ITEM = "__item"
SHELL_SYNTAX = re.compile(r"^\s*([\w\s,.*\[\]]+=\s*)?[%!]|^\s*\?|\?\s*$")
MISUSES: dict[type[ast.AST], str] = {
    ast.Return: "'return' can't stand here: end the cell with the result itself",
    ast.Yield: "'yield' can't stand here: an item has one result, which may be a list",
    ast.YieldFrom: "'yield' can't stand here: an item has one result, which may be a list",
    ast.Await: "'await' can't stand here, since no event loop runs it: call what is not async",
    ast.AsyncFor: "'async for' can't stand here: use a plain for",
    ast.AsyncWith: "'async with' can't stand here: use a plain with",
}
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class MapCell:
    """What a whole cell says: its source, its line, and the item's function as a syntax tree."""

    source: str
    line: MapLine
    function: ast.FunctionDef


def read_cell(line: str, body: str) -> MapCell:
    r"""Read a ``%%parflow map`` cell.

    Args:
        line: The line after ``%%parflow``.
        body: The rest of the cell.

    Raises:
        MagicError: It can't run; the message shows where and says how to fix it.

    Example:
        >>> cell = read_cell("map x in xs", "y = x + 1\ny * y")
        >>> print(ast.unparse(cell.function))
        def item(__item):
            x = __item
            y = x + 1
            return y * y
    """
    read = read_line(line)
    source = f"{PREFIX}{line}\n{body}"
    statements = _parse_body(source, body)
    for node, message in _misuses(statements):
        raise problem(source, node.lineno, node.col_offset, message)
    last = statements[-1]
    if not isinstance(last, ast.Expr):
        raise problem(
            source,
            last.lineno,
            last.col_offset,
            "the last statement has no value: end the cell with the item's result, "
            "such as the name of a variable, or None",
        )
    unpack = ast.Assign([read.target], ast.Name(ITEM, ast.Load()))
    ast.copy_location(unpack, read.target)
    result = ast.copy_location(ast.Return(last.value), last)
    cell = MapCell(source, read, _function([unpack, *statements[:-1], result]))
    _compile(cell, "<cell>")
    return cell


def check_names(cell: MapCell, notebook: Mapping[str, Any]) -> list[Change]:
    """Return the notebook names that the cell changes where the notebook does not see it.

    Args:
        cell: The cell.
        notebook: Names and values of the notebook.

    Raises:
        MagicError: A name is updated that has no value where the item runs.
    """
    for change in unbound(cell.function, notebook):
        raise problem(
            cell.source,
            change.line,
            change.column,
            f"{change.name!r} of the notebook can't be updated by the items, which run apart from "
            f"it and in any order: make the update the item's result, and combine the results "
            f"afterwards, as in sum(results)",
        )
    targets = {node.id for node in ast.walk(cell.line.target) if isinstance(node, ast.Name)}
    return changed(cell.function, notebook, frozenset(targets))


def build(
    cell: MapCell, filename: str, notebook: dict[str, Any]
) -> tuple[Callable[[Any], Any], CodeType]:
    """Compile the item's function and the iterable.

    Args:
        cell: The cell.
        filename: What tracebacks name; its lines are those of the whole cell.
        notebook: Where the function finds the notebook's names.

    Returns:
        The function of one item, and the code of the expression.
    """
    module = _compile(cell, filename)
    code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    iterable = compile(ast.Expression(cell.line.iterable), filename, "eval")
    # Tracebacks then show it as they show any cell, and find its lines although no def begins them.
    code = code.replace(co_name="<module>", co_qualname="<module>")
    return FunctionType(code, notebook, "item"), iterable


def _compile(cell: MapCell, filename: str) -> CodeType:
    try:
        return compile(ast.Module([cell.function], []), filename, "exec")
    except (SyntaxError, ValueError) as error:
        raise _syntax_problem(cell.source, error) from None


def _function(body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(ITEM)], None, [], [], None, [])
    function = ast.parse("def item(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.args, function.body = arguments, body
    return ast.fix_missing_locations(function)


def _parse_body(source: str, body: str) -> list[ast.stmt]:
    try:
        # The first line is the magic's own, so that lines count as in the cell.
        statements = ast.parse("\n" + body).body
    except (SyntaxError, ValueError) as error:
        raise _syntax_problem(source, error) from None
    if not statements:
        raise MagicError(
            "The cell is empty: write below the line what is done with an item, "
            "and end with its result."
        )
    return statements


def _syntax_problem(source: str, error: SyntaxError | ValueError) -> MagicError:
    if not isinstance(error, SyntaxError):
        return MagicError(f"The cell can't be read: {error}.")
    line, column = error.lineno or 1, (error.offset or 1) - 1
    lines = source.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    if line > 1 and SHELL_SYNTAX.search(shown):
        column = len(shown) - len(shown.lstrip())
        message = (
            "magics and shell commands can't stand here, since engines have none: "
            "write it in Python, with subprocess.run(...) for a command, say"
        )
        return problem(source, line, column, message)
    return problem(source, line, column, f"{error.msg}: the cell must be plain Python")


def _misuses(nodes: list[ast.stmt]) -> Iterator[tuple[Any, str]]:
    waiting: list[ast.AST] = list(nodes)
    while waiting:
        node = waiting.pop(0)
        if type(node) in MISUSES:
            yield node, MISUSES[type(node)]
        if not isinstance(node, INNER):
            waiting.extend(ast.iter_child_nodes(node))
