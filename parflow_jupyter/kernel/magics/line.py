"""Reads the line of ``%%parflow map``: target, expression, name and options.

The line holds Python, so it is split by Python's own tokenizer: an arrow or two
dashes inside a string, a bracket or a lambda are part of the expression.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import shlex
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from parflow_jupyter.errors import MagicError
from parflow_jupyter.kernel.magics.parsers import map_parser

PREFIX = "%%parflow "
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")
OPTION = re.compile(r"--[A-Za-z][\w-]*")
GRAMMAR = "%%parflow map TARGET in EXPRESSION [-> NAME] [options]"
CLAUSES = {
    "if": "put the condition into the expression, as in (x for x in xs if x > 0)",
    "for": "give all combinations as one iterable, such as itertools.product(xs, ys)",
}


@dataclass(frozen=True)
class MapLine:
    """What a line says.

    ``target`` and ``iterable`` are syntax trees whose columns are those of the
    whole cell's first line; ``name`` is where the result goes, or None.
    """

    target: ast.expr
    iterable: ast.expr
    text: str
    name: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


def read_line(line: str) -> MapLine:
    """Read the line after ``%%parflow``.

    Args:
        line: ``map TARGET in EXPRESSION [-> NAME] [options]``.

    Raises:
        MagicError: It can't be understood; the message shows where.

    Example:
        >>> read = read_line("map (a, b) in zip(xs, 'a->b') -> sums --retries 2")
        >>> read.text, read.name, read.options
        ("(a, b) in zip(xs, 'a->b')", 'sums', {'retries': 2})
    """
    parts = _split(line)
    start = len(line) - len(line.removeprefix("map").lstrip())
    loop = _parse_loop(line, start, parts.head)
    _check_target(line, loop.target)
    text = line[start : parts.head].strip()
    name, options = _read_name(line, parts), _read_options(line, parts)
    return MapLine(loop.target, loop.iter, text, name, options)


def problem(source: str, line: int, column: int, message: str) -> MagicError:
    """Return an error that shows the place.

    Args:
        source: The whole cell, first line included.
        line: From 1.
        column: From 0.
        message: What is wrong there and how to fix it.

    Example:
        >>> print(problem("x = = 2", 1, 4, "invalid syntax"))
        Line 1, column 5: invalid syntax
            x = = 2
                ^
    """
    lines = source.splitlines()
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    stripped = shown.lstrip()
    caret = max(0, column - (len(shown) - len(stripped)))
    return MagicError(
        f"Line {line}, column {column + 1}: {message}\n    {stripped}\n    {' ' * caret}^"
    )


def _line_problem(line: str, column: int, message: str) -> MagicError:
    return problem(PREFIX + line, 1, len(PREFIX) + column, message)


# --- splitting -------------------------------------------------------------


@dataclass(frozen=True)
class _Parts:
    """Columns where the expression, the name's arrow, the options and the line end or start."""

    head: int
    arrow: int | None
    options: int | None
    end: int


def _split(line: str) -> _Parts:
    arrow = options = None
    end = len(line)
    for token in _outer_tokens(line):
        column = token.start[1]
        if token.type == tokenize.COMMENT:
            end = column
        elif token.string == "->":
            arrow = column
        elif token.string == "-" and options is None and _is_option(line, column):
            options = column
    head = min(place for place in (arrow, options, end) if place is not None)
    return _Parts(head, arrow, options, end)


def _outer_tokens(line: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens that are in no bracket; refuse a bracket that stays open."""
    opened: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(line).readline):
            if token.string in CLOSING and opened:
                opened.pop()
            if not opened:
                yield token
            if token.string in OPENING:
                opened.append(token.start[1])
    except (tokenize.TokenError, SyntaxError):
        # What can't be cut into tokens is left to the parser, which says why.
        pass
    if opened:
        raise _line_problem(line, opened[-1], f"{line[opened[-1]]!r} is never closed")


def _is_option(line: str, column: int) -> bool:
    found = OPTION.match(line, column)
    if found is None or (column and not line[column - 1].isspace()):
        return False
    known = sorted(map_parser()._option_string_actions)
    if found.group() in known:
        return True
    raise _line_problem(
        line,
        column,
        f"there is no option {found.group()} (there are: {', '.join(known)}); "
        f"write 'a - -b' where a minus of a minus is meant",
    )


# --- the parts -------------------------------------------------------------


def _parse_loop(line: str, start: int, head: int) -> ast.For:
    text = line[start:head].rstrip()
    if not re.search(r"\bin\b", text):
        raise _line_problem(line, start, f"write {GRAMMAR}")
    _refuse_clauses(line, start, head)
    shift = len(PREFIX) + start - len("for ")
    try:
        loop = ast.parse(f"for {text}: pass").body[0]
        compile(ast.Module([loop], []), "<line>", "exec")
    except (SyntaxError, ValueError) as error:
        column = (getattr(error, "offset", None) or 1) - 1 + shift - len(PREFIX)
        place = min(max(column, start), head)
        raise _line_problem(line, place, f"{_reason(error)}; write {GRAMMAR}") from None
    assert isinstance(loop, ast.For)
    for node in ast.walk(loop):
        if isinstance(node, ast.expr):
            node.col_offset += shift
            node.end_col_offset = (node.end_col_offset or 0) + shift
    return loop


def _reason(error: Exception) -> str:
    return str(error.msg if isinstance(error, SyntaxError) else error)


def _refuse_clauses(line: str, start: int, head: int) -> None:
    """Refuse what a comprehension allows after its iterable and a for loop does not."""
    clause = None
    for token in _outer_tokens(line):
        if not start <= token.start[1] < head or token.type != tokenize.NAME:
            continue
        if token.string in CLAUSES:
            clause = token
        elif token.string == "else":
            clause = None
    if clause is not None:
        message = f"a second {clause.string!r} clause can't follow: {CLAUSES[clause.string]}"
        if clause.string == "if":
            message = f"an 'if' clause can't follow: {CLAUSES['if']}"
        raise _line_problem(line, clause.start[1], message)


def _check_target(line: str, target: ast.expr) -> None:
    for node in ast.walk(target):
        if isinstance(node, ast.Attribute | ast.Subscript):
            raise _line_problem(
                line,
                node.col_offset - len(PREFIX),
                f"the items can't go to {ast.unparse(node)}, which is in the notebook and not "
                f"where they run: use plain names, such as x or (a, b)",
            )


def _read_name(line: str, parts: _Parts) -> str | None:
    if parts.arrow is None:
        return None
    after = [place for place in (parts.options, parts.end) if place and place > parts.arrow]
    name = line[parts.arrow + 2 : min(after)].strip()
    if name.isidentifier() and not keyword.iskeyword(name):
        return name
    told = f"{name!r} is no name of a variable" if name else "a name is missing after '->'"
    raise _line_problem(line, parts.arrow, f"{told}: write '-> results', say")


def _read_options(line: str, parts: _Parts) -> dict[str, Any]:
    if parts.options is None:
        return {}
    after = [place for place in (parts.arrow, parts.end) if place and place > parts.options]
    try:
        read = map_parser().parse_args(shlex.split(line[parts.options : min(after)]))
    except ValueError as error:
        raise _line_problem(line, parts.options, str(error)) from None
    return {name: value for name, value in vars(read).items() if value is not None}
