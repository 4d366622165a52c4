"""The code of a function by what it says: no line numbers, comments, docstring or file name."""

from __future__ import annotations
import __future__

import ast
import dis
import inspect
import linecache
import sys
import types
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from parflow_jupyter.fingerprint.values import digest_of, sized

_FUTURE = 0
for _feature in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _feature).compiler_flag
_HAS_DOCSTRING = 0x4000000
_DOCSTRING_IS_MARKED = sys.version_info[:2] >= (3, 14)
_GLOBALS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"})
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_WITH_DOCSTRING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)


def code_digest(function: types.FunctionType) -> bytes:
    """Return the digest of a function's own code.

    It is that of the source, if that is known and really what runs, else of the compiled code.

    Example:
        >>> one, same, other = lambda x: x + 1, lambda x: x + 1, lambda x: x + 2
        >>> code_digest(one) == code_digest(same), code_digest(one) == code_digest(other)
        (True, False)
    """
    node = _definition(function.__code__)
    if node is None:
        return digest_of(b"code", fingerprint(function.__code__))
    return digest_of(b"source", source_digest(_bare(node)))


def source_is_what_runs(function: types.FunctionType) -> bool:
    """Return whether the source of a function is known, and is what it was made from."""
    return _definition(function.__code__) is not None


def source_digest(node: ast.AST) -> bytes:
    """Return the digest of what a tree of source says, without its docstrings."""
    return digest_of(ast.dump(_without_docstrings(node)).encode("utf-8", "surrogatepass"))


def global_names(code: types.CodeType) -> list[str]:
    """Return the names that code looks up as globals, also in the functions inside it.

    Example:
        >>> global_names((lambda: [len(name) for name in names]).__code__)
        ['len', 'names']
    """
    return sorted({str(i.argval) for i in _instructions(code) if i.opname in _GLOBALS})


def attribute_names(code: types.CodeType) -> list[str]:
    """Return the attributes that code looks up, also in the functions inside it.

    Example:
        >>> attribute_names((lambda x: x.real + abs(x.imag)).__code__)
        ['imag', 'real']
    """
    return sorted({str(i.argval) for i in _instructions(code) if i.opname in _ATTRIBUTES})


def imported_names(code: types.CodeType) -> list[str]:
    """Return the modules that code imports when it runs.

    ``from package import name`` yields both ``package`` and ``package.name``, of which the
    second may be no module.
    """
    found: set[str] = set()
    module = ""
    for instruction in _instructions(code):
        if instruction.opname == "IMPORT_NAME":
            module = str(instruction.argval)
            found.add(module)
        elif instruction.opname == "IMPORT_FROM":
            found.add(f"{module}.{instruction.argval}")
    return sorted(found)


def _instructions(code: types.CodeType) -> Iterator[dis.Instruction]:
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _instructions(constant)


def fingerprint(code: types.CodeType) -> bytes:
    """Return a digest of compiled code, the same wherever in a file it stands."""
    counts = (
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags & ~_FUTURE & ~_HAS_DOCSTRING,
    )
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    constants = list(code.co_consts)
    if constants and isinstance(constants[0], str) and _is_docstring(code):
        constants[0] = None
    return digest_of(
        repr((counts, names)).encode("utf-8", "surrogatepass"),
        sized(code.co_code),
        sized(code.co_exceptiontable),
        *map(_constant, constants),
    )


def _is_docstring(code: types.CodeType) -> bool:
    if _DOCSTRING_IS_MARKED:
        return bool(code.co_flags & _HAS_DOCSTRING)
    return bool(code.co_flags & inspect.CO_NEWLOCALS) and not code.co_name.startswith("<")


def _constant(constant: Any) -> bytes:
    if isinstance(constant, types.CodeType):
        return fingerprint(constant)
    if isinstance(constant, tuple):
        return digest_of(b"t", *map(_constant, constant))
    if isinstance(constant, frozenset):
        return digest_of(b"z", *sorted(map(_constant, constant)))
    shown = f"{type(constant).__name__} {constant!r}"
    return digest_of(shown.encode("utf-8", "surrogatepass"))


# --- the source that belongs to code ------------------------------------------------------


def _definition(code: types.CodeType) -> ast.AST | None:
    """Return the part of the source that defines code, or None if it is not known or differs."""
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename))
    if not text:
        return None
    nodes, codes = _index(text, code.co_flags & _FUTURE)
    if fingerprint(code) not in codes.get((code.co_firstlineno, code.co_name), ()):
        return None
    found = list(nodes.get((code.co_firstlineno, code.co_name), ()))
    if code.co_name == "<lambda>" and len(found) > 1:
        places = set(code.co_positions())
        found = [node for node in found if _place(node.body) in places]
    return found[0] if len(found) == 1 else None


def _bare(node: Any) -> ast.AST:
    # Defaults and decorators count by what they are, not by how they are written.
    node = _copied(node)
    node.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
    node.args.kw_defaults = [ast.Constant(None) if d else None for d in node.args.kw_defaults]
    if not isinstance(node, ast.Lambda):
        node.decorator_list = []
    assert isinstance(node, ast.AST)
    return node


Place = tuple[int, str]


@lru_cache(maxsize=64)
def _index(text: str, flags: int) -> tuple[dict[Place, list[Any]], dict[Place, set[bytes]]]:
    """Return the definitions in a text, and the fingerprints of their code, by line and name."""
    nodes: dict[Place, list[Any]] = {}
    codes: dict[Place, set[bytes]] = {}
    try:
        # The shell allows await outside of functions; and warnings were given when it ran.
        whole = compile(
            text, "<source>", "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
        )
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return nodes, codes
    for node in ast.walk(tree):
        if isinstance(node, _DEFINITIONS):
            decorators = getattr(node, "decorator_list", None) or [node]
            name = getattr(node, "name", "<lambda>")
            nodes.setdefault((decorators[0].lineno, name), []).append(node)
    for code in _inner(whole):
        place = (code.co_firstlineno, code.co_name)
        codes.setdefault(place, set()).add(fingerprint(code))
    return nodes, codes


def _inner(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _inner(constant)


def _place(node: Any) -> tuple[int, int, int, int]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _without_docstrings(tree: ast.AST) -> ast.AST:
    changed = _Strip().visit(_copied(tree))
    assert isinstance(changed, ast.AST)
    return changed


def _copied(node: Any) -> Any:
    if isinstance(node, ast.AST):
        return type(node)(**{name: _copied(part) for name, part in ast.iter_fields(node)})
    return [_copied(part) for part in node] if isinstance(node, list) else node


class _Strip(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node
