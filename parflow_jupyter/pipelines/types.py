"""Names of types on ports, and which of them fit together.

A port stores its type as text, so that a pipeline file can be read and checked
without importing anything. Classes seen in annotations of this process are
remembered under their text; two types of which one is not known here are given
the benefit of the doubt.
"""

from __future__ import annotations

import builtins
import types
import typing
from typing import Any

ANY = "Any"
"""Type of a port without annotation: it takes and gives everything."""

_SEPARATOR = " | "
_CLASSES: dict[str, type] = {"None": types.NoneType}


def describe_annotation(annotation: object) -> tuple[str, int]:
    """Return the type name and list depth of an annotation.

    Args:
        annotation: What stands behind the colon: a class, ``list[...]``, a union.

    Example:
        >>> describe_annotation(list[list[int]]), describe_annotation(list)
        (('int', 2), ('Any', 1))
        >>> describe_annotation(int | None)
        ('int | None', 0)
    """
    annotation = _unwrap(annotation)
    if isinstance(annotation, str):
        return annotation, 0
    origin = typing.get_origin(annotation)
    if origin is list:
        name, depth = describe_annotation(typing.get_args(annotation)[0])
        return name, depth + 1
    if origin in (typing.Union, types.UnionType):
        return _describe_union([describe_annotation(a) for a in typing.get_args(annotation)])
    if origin is typing.Literal:
        members = dict.fromkeys(type(value) for value in typing.get_args(annotation))
        return _describe_union([describe_annotation(member) for member in members])
    if annotation is list:
        return ANY, 1
    return _class_name(origin if isinstance(origin, type) else annotation), 0


def _unwrap(annotation: object) -> object:
    """Strip what says nothing about the value: Annotated, NewType, type aliases."""
    if annotation is None:
        return types.NoneType
    for attribute in ("__supertype__", "__value__"):
        if not isinstance(annotation, type) and hasattr(annotation, attribute):
            return _unwrap(getattr(annotation, attribute))
    if typing.get_origin(annotation) is typing.Annotated:
        return _unwrap(typing.get_args(annotation)[0])
    return annotation


def _describe_union(members: list[tuple[str, int]]) -> tuple[str, int]:
    if (ANY, 0) in members:
        return ANY, 0
    depths = {depth for name, depth in members if name != "None"}
    if len(depths) == 1 and depths != {0}:
        names = [name for name, _ in members if name != "None"]
        return (ANY if ANY in names else _SEPARATOR.join(dict.fromkeys(names))), depths.pop()
    flat = ["list" if depth else name for name, depth in members]
    return _SEPARATOR.join(dict.fromkeys(flat)), 0


def _class_name(annotation: object) -> str:
    if not isinstance(annotation, type) or annotation in (Any, object):
        return ANY
    if annotation is types.NoneType:
        return "None"
    module, name = annotation.__module__, annotation.__qualname__
    full = name if module == "builtins" else f"{module}.{name}"
    _CLASSES[full] = annotation
    return full


def accepts(source: str, target: str) -> bool:
    """Tell whether a value of type ``source`` may go where ``target`` is expected.

    Equal types fit, subclasses do, int and float as in PEP 484, and ``Any``
    fits everything. Of unions, one fitting member is enough: only what can
    never fit is refused.

    Args:
        source: Type name of the value.
        target: Type name of the place it goes to.

    Example:
        >>> accepts("int", "float"), accepts("float", "int"), accepts("bool", "int")
        (True, False, True)
        >>> accepts("str", "Any"), accepts("int | None", "str"), accepts("some.Unknown", "str")
        (True, False, True)
    """
    return any(
        _fits(one, other) for one in source.split(_SEPARATOR) for other in target.split(_SEPARATOR)
    )


def _fits(source: str, target: str) -> bool:
    if ANY in (source, target) or source == target:
        return True
    have, want = known_class(source), known_class(target)
    if have is None or want is None:
        return True
    try:
        if issubclass(have, want):
            return True
    except TypeError:  # a Protocol that can't be asked
        return True
    return (issubclass(have, int) and want in (float, complex)) or (
        issubclass(have, float) and want is complex
    )


def known_class(name: str) -> type | None:
    """Return the class of this name if this process has met it; imports nothing."""
    found = _CLASSES.get(name, getattr(builtins, name, None))
    return found if isinstance(found, type) else None


_SCALARS: dict[str, type] = {
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "str": str,
}
_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, types.NoneType)


def value_fits(value: object, name: str, depth: int) -> bool:
    """Tell whether a parameter's value can be right for a port.

    Only plain values and ports of plain types are judged: what a library
    takes for its own types is its own business.

    Args:
        value: The parameter.
        name: Type name of the port.
        depth: Its list depth; a value for depth 1 must be some iterable, but no text.

    Example:
        >>> value_fits("big", "int", 0), value_fits(3, "float", 0), value_fits(["a"], "str", 1)
        (False, True, True)
    """
    if depth > 0:
        return not isinstance(value, str | bytes) and hasattr(value, "__iter__")
    wanted = name.split(_SEPARATOR)
    if not all(want in _SCALARS or want == "None" for want in wanted):
        return True
    if type(value) not in _PLAIN:
        return True
    return any(_fits(_class_name(type(value)), want) for want in wanted)
