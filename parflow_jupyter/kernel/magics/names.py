"""Which notebook names the body of a map changes, which the notebook would never see."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

CONTAINERS = (list, dict, set, bytearray, deque)
MUTATORS = frozenset(
    (
        *("add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert"),
        *("pop", "popitem", "popleft", "remove", "reverse", "setdefault", "sort", "update"),
    )
)
CONDITIONAL = (
    *(ast.If, ast.While, ast.Try, ast.TryStar, ast.IfExp, ast.BoolOp, ast.Match),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


@dataclass(frozen=True)
class Change:
    """A notebook name that the body changes, and where."""

    name: str
    line: int
    column: int


@dataclass(frozen=True)
class _Use:
    name: str
    kind: Literal["read", "write", "update"]
    certain: bool
    place: ast.AST


def unbound(function: ast.FunctionDef, notebook: Mapping[str, Any]) -> list[Change]:
    r"""Return the notebook names that the body updates before it has a value of its own.

    Python would say that a local variable is unbound, which tells nobody why.

    Args:
        function: The body as a function, its parameter unpacked by the first statement.
        notebook: Names and values of the notebook.

    Example:
        >>> body = ast.parse("def item(x):\n    total += x\n    return x").body[0]
        >>> [change.name for change in unbound(body, {"total": 0})]
        ['total']
    """
    uses = list(_uses(function.body))
    written = {use.name for use in uses if use.kind == "write"}
    own = local_names(function)
    first: dict[str, _Use] = {}
    for use in uses:
        first.setdefault(use.name, use)
    return [
        Change(use.name, getattr(use.place, "lineno", 1), getattr(use.place, "col_offset", 0))
        for use in first.values()
        if use.name in own
        and use.name in notebook
        and use.kind != "write"
        # In a branch, a value may have come from another branch before.
        and (use.certain or (use.kind == "update" and use.name not in written))
    ]


def changed(
    function: ast.FunctionDef, notebook: Mapping[str, Any], targets: frozenset[str]
) -> list[Change]:
    r"""Return the notebook names that the body assigns or changes in place.

    Args:
        function: The body as a function.
        notebook: Names and values of the notebook.
        targets: Names that the items are given, which are the cell's own.

    Example:
        >>> body = ast.parse("def item(x):\n    found.append(x)\n    return x").body[0]
        >>> [change.name for change in changed(body, {"found": []}, frozenset("x"))]
        ['found']
    """
    own = local_names(function)
    found: dict[str, Change] = {}
    for node in ast.walk(function):
        for name in _changes(node, own, notebook):
            if name in notebook and name not in targets:
                place = Change(name, getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
                found.setdefault(name, place)
    return list(found.values())


def local_names(function: ast.FunctionDef) -> frozenset[str]:
    r"""Return the names that are the function's own.

    Example:
        >>> sorted(local_names(ast.parse("def f(x):\n y = [z for z in x]").body[0]))
        ['x', 'y']
    """
    written = {use.name for use in _uses(function.body) if use.kind != "read"}
    parameters = {argument.arg for argument in function.args.args}
    declared = {
        name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names
    }
    return frozenset((written | parameters) - declared)


def _changes(node: ast.AST, own: frozenset[str], notebook: Mapping[str, Any]) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if name in own:
            yield name
        case ast.Global(names=names):
            yield from names
        case (
            ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del())
        ):
            root = _root(node)
            if root is not None and root not in own:
                yield root
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            ours = name not in own and isinstance(notebook.get(name), CONTAINERS)
            if ours and method in MUTATORS:
                yield name


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _uses(nodes: list[ast.stmt], certain: bool = True) -> Iterator[_Use]:
    for node in nodes:
        yield from _uses_in(node, certain)


def _uses_in(node: ast.AST, certain: bool) -> Iterator[_Use]:
    """Yield the uses of names in the order in which Python comes to them."""
    certain = certain and not isinstance(node, CONDITIONAL)
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            yield _Use(name, "read", certain, node)
        case ast.Name(id=name):
            yield _Use(name, "write", certain, node)
        case ast.AugAssign(target=ast.Name(id=name)):
            yield from _uses_in(node.value, certain)
            yield _Use(name, "update", certain, node)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield _Use(name, "write", certain, node)
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield _Use((alias.asname or alias.name).split(".")[0], "write", certain, node)
        case (
            ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            for child in ast.iter_child_nodes(node):
                yield from _uses_in(child, certain)
            yield _Use(name, "write", certain, node)
        case ast.ExceptHandler(name=str(name)):
            yield _Use(name, "write", certain, node)
            yield from _uses(node.body, certain)
        case ast.Lambda():
            return
        case _:
            for child in _in_order(node):
                yield from _uses_in(child, certain)


def _in_order(node: ast.AST) -> list[ast.AST]:
    children = list(ast.iter_child_nodes(node))
    match node:
        case ast.Assign() | ast.AnnAssign() | ast.NamedExpr():
            # The value comes before what it is assigned to.
            return sorted(children, key=lambda child: child is not node.value)
        case ast.For() | ast.AsyncFor():
            return sorted(children, key=lambda child: child is not node.iter)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            # The rest has a scope of its own, but for what := gives to the function.
            named = [inner.target for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
            return [node.generators[0].iter, *named]
    return children
