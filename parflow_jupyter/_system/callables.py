"""What a callable is made of and called, asked by type.

A user's value may answer for any attribute: a dictionary with attributes, a table with a column of
that name, a stand-in that loads what it stands for. So no value is asked, but its type.
"""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

_OF_TYPES = (types.GetSetDescriptorType, types.MemberDescriptorType)


def attribute_of(value: object, name: str) -> Any:
    """Return an attribute that a value holds itself or its type keeps for it, else None.

    Example:
        >>> class AttrDict(dict):
        ...     __getattr__ = dict.__getitem__
        >>> attribute_of(AttrDict(), "__name__") is attribute_of(3, "__name__") is None
        True
        >>> attribute_of(attribute_of, "__name__")
        'attribute_of'
    """
    if type(value) is types.MethodType:
        value = value.__func__
    found = inspect.getattr_static(value, name, None)
    if isinstance(found, _OF_TYPES):
        return found.__get__(value, type(value))
    return found


def inner_function(value: Any) -> Any:
    """Return what a partial or a bound method calls, innermost; anything else as it is.

    Example:
        >>> inner_function(functools.partial(functools.partial(abs), 3)) is abs
        True
    """
    while True:
        if issubclass(type(value), functools.partial):
            value = value.func
        elif type(value) is types.MethodType:
            value = value.__func__
        else:
            return value


def name_of(function: object) -> str:
    """Return a callable's name; that of its type where it has none.

    Example:
        >>> name_of(len), name_of(functools.partial(len))
        ('len', 'partial')
    """
    name = attribute_of(function, "__name__")
    return name if isinstance(name, str) else type(function).__name__


def variables_of(function: types.FunctionType) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the closure variables and the globals that a function's own code names.

    Those that have no value yet, or none any more, are left out.

    Example:
        >>> def outer():
        ...     def inner():
        ...         return later, types
        ...     found = variables_of(inner)
        ...     later = 1
        ...     return found
        >>> outer()[0], list(outer()[1])
        ({}, ['types'])
    """
    nonlocals = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            nonlocals[name] = cell.cell_contents
        except ValueError:
            continue
    names = function.__code__.co_names
    return nonlocals, {n: function.__globals__[n] for n in names if n in function.__globals__}
