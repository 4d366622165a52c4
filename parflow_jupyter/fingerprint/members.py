"""What functions and classes hold besides their code."""

from __future__ import annotations

import enum
import functools
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

EMPTY = object()
"""The content of a variable that has none yet."""

SUPPORTS = "__parflow_supports__"
"""The attribute in which ``parallelizable`` notes which schemes run a function: no part of it."""

_SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)
_NOT_CONTENT = frozenset(
    {
        *("__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__slotnames__"),
        *("__dataclass_fields__", "__dataclass_params__", "__abstractmethods__", "_abc_impl"),
        *("__firstlineno__", "__static_attributes__", "__annotations__", "__annotate__"),
        *("__annotations_cache__", "__annotate_func__"),
    }
)


def is_importable(value: Any, home: str) -> bool:
    """Return whether a function or class is found again by its name."""
    found: Any = sys.modules.get(home) if home != "__main__" else None
    for part in value.__qualname__.split(".") if found is not None else ():
        found = getattr(found, part, None)
    return found is value


def defaults(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the parameters of a function that have a default, with it."""
    code = function.__code__
    given = function.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    yield from zip(positional[len(positional) - len(given) :], given, strict=True)
    yield from sorted((function.__kwdefaults__ or {}).items())


def content_of(cell: types.CellType) -> Any:
    """Return what a variable of a closure holds, or EMPTY."""
    try:
        return cell.cell_contents
    except ValueError:
        return EMPTY


def notes_of(kind: type) -> dict[str, Any]:
    """Return the annotations of a class, or nothing where they can't be told."""
    try:
        found = getattr(kind, "__annotations__", {})
    except Exception:  # from 3.14 on they are evaluated now, and a name may be missing
        return {}
    return found if isinstance(found, dict) else {}


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield what makes a class: its attributes, without what Python adds by itself."""
    members = vars(kind)
    if issubclass(kind, enum.Enum):
        yield from ((f"{name}=", member.value) for name, member in kind.__members__.items())
        for name, value in members.items():
            own = inspect.isfunction(value) and value.__module__ != "enum"
            if own or isinstance(value, (property, staticmethod, classmethod)):
                yield name, value
        return
    for name, value in members.items():
        if name not in _NOT_CONTENT and not isinstance(value, _SLOTS):
            yield name, value


def methods_in(space: dict[str, Any], home: str) -> Iterator[types.FunctionType]:
    """Yield the functions that a module defines, also those in its classes."""
    for value in list(space.values()):
        if inspect.isfunction(value) and value.__module__ == home:
            yield value
        elif isinstance(value, type) and value.__module__ == home:
            for inner in list(vars(value).values()):
                yield from filter(inspect.isfunction, functions_in(inner))


def functions_in(value: Any) -> Iterator[Any]:
    """Yield the functions that a descriptor holds, or the value itself."""
    if isinstance(value, (staticmethod, classmethod)):
        yield value.__func__
    elif isinstance(value, property):
        yield from (part for part in (value.fget, value.fset, value.fdel) if part is not None)
    elif isinstance(value, functools.cached_property):
        yield value.func
    else:
        yield value
