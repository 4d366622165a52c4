"""Makes a function travel: pickled by value where it has to be, and named by its content."""

from __future__ import annotations

import functools
import hashlib
import linecache
import os
import types
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from parflow_jupyter._system.callables import attribute_of, inner_function, variables_of
from parflow_jupyter._system.local_modules import extra_paths
from parflow_jupyter._system.pickling import dumps
from parflow_jupyter.errors import CannotShipError
from parflow_jupyter.maps.transport.shared_arrays import SharedArrays

_DEEPEST = 6
_WIDEST = 1000


@dataclass(frozen=True)
class ShippedFunction:
    """A function in the form that goes to a slot, once.

    Args:
        key: Hash of the content.
        pickled: The function and ``init`` or None, by cloudpickle.
        sources: Source text of its notebook cells, by file name.
        paths: Folders from which the caller imports, beside what is installed.
        folder: Where the caller is.
        shares: Large arrays of the run, or None where nothing is shared.
        numbers: Those that the function and ``init`` refer to.
    """

    key: str
    pickled: bytes
    sources: dict[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    folder: str = ""
    shares: SharedArrays | None = None
    numbers: tuple[int, ...] = ()


def ship(
    function: Callable[..., Any], init: Callable[[], Any] | None = None, *, share: bool = True
) -> ShippedFunction:
    """Pickle a function, and what is called before it, with what they need of the notebook.

    Both go together, so that a global that ``init`` sets is there for the function.

    Args:
        function: What is mapped.
        init: What is called in each slot before it, or None.
        share: Whether large arrays stay out of the pickle, to be held once per host.

    Raises:
        CannotShipError: It names what can't be pickled, down to the variable or attribute.

    Example:
        >>> import pickle
        >>> factor = 3
        >>> shipped = ship(lambda x: factor * x)
        >>> pickle.loads(shipped.pickled)[0](2)
        6
    """
    both = (function, init)
    shares = SharedArrays() if share else None
    numbers: list[int] = []
    try:
        if shares is None:
            pickled = dumps(both)
        else:
            pickled, numbers = shares.dumps(both)
    except Exception as error:
        part = next((part for part in both if not _can_be_pickled(part)), function)
        where = what_cannot_be_pickled(part, _name(part))
        raise CannotShipError(
            f"{_name(part)} can't be sent to other processes: {where or error}. "
            f"Create that inside the function, or use scheme='serial'."
        ) from error
    key = hashlib.sha256(pickled).hexdigest()
    if shares:
        # Its arrays may have changed since the last run; to look would cost as much as to copy.
        key += uuid.uuid4().hex
    sources = _sources(function) | _sources(init)
    return ShippedFunction(
        key, pickled, sources, extra_paths(), os.getcwd(), shares, tuple(numbers)
    )


def what_cannot_be_pickled(value: object, name: str) -> str | None:
    """Return the smallest part of a value that can't be pickled, as a path with its type.

    Example:
        >>> import threading
        >>> what_cannot_be_pickled({"a": [1, threading.Lock()]}, "it")
        "it['a'][1] is a '_thread.lock' object"
    """
    return _walk(value, name, _DEEPEST, set())


def _walk(value: object, name: str, depth: int, seen: set[int]) -> str | None:
    if id(value) in seen or _can_be_pickled(value):
        return None
    seen.add(id(value))
    if depth:
        for part_name, part in _parts(value, name):
            found = _walk(part, part_name, depth - 1, seen)
            if found:
                return found
    kind = type(value)
    shown = kind.__qualname__ if kind.__module__ == "builtins" else _qualified(kind)
    return f"{name} is a {shown!r} object"


def _can_be_pickled(value: object) -> bool:
    try:
        dumps(value)
    except Exception:
        return False
    return True


def _parts(value: Any, name: str) -> Iterator[tuple[str, object]]:
    kind = type(value)
    if kind is types.FunctionType:
        nonlocals, module_globals = variables_of(value)
        for variable, part in nonlocals.items():
            yield f"the closure variable {variable!r} of {name}", part
        for variable, part in module_globals.items():
            yield f"the global {variable!r} used by {name}", part
        for position, part in enumerate(value.__defaults__ or ()):
            yield f"default value {position} of {name}", part
    elif kind is types.MethodType:
        yield f"{name}.__self__", value.__self__
        yield f"{name}.__func__", value.__func__
    elif issubclass(kind, dict):
        for key, part in list(value.items())[:_WIDEST]:
            yield f"{name}[{key!r}]", part
    elif issubclass(kind, (list, tuple)):
        for position, part in enumerate(value[:_WIDEST]):
            yield f"{name}[{position}]", part
    elif issubclass(kind, (set, frozenset)):
        for part in list(value)[:_WIDEST]:
            yield f"an element of {name}", part
    else:
        yield from _attributes(value, name)


def _attributes(value: Any, name: str) -> Iterator[tuple[str, object]]:
    if issubclass(type(value), functools.partial):
        for attribute in ("func", "args", "keywords"):
            yield f"{name}.{attribute}", getattr(value, attribute)
    own = attribute_of(value, "__dict__") or {}
    for attribute, part in list(own.items())[:_WIDEST]:
        yield f"{name}.{attribute}", part


def _name(function: object) -> str:
    name = attribute_of(function, "__qualname__")
    return name if isinstance(name, str) else f"a {type(function).__qualname__!r}"


def _qualified(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _sources(function: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in _functions(function, _DEEPEST, set()):
        name = part.__code__.co_filename
        if name not in found and not os.path.exists(name):
            text = "".join(linecache.getlines(name))
            if text:
                found[name] = text
    return found


def seems_random(function: Callable[..., Any], pickled: bytes) -> bool:
    """Return whether a function uses random numbers, as far as its own code shows.

    Args:
        function: What is mapped.
        pickled: The same by cloudpickle, which names what it imports.

    Example:
        >>> import random
        >>> seems_random(lambda x: random.random(), b""), seems_random(abs, b"")
        (True, False)
    """
    if b"random" in pickled:
        return True
    names = (
        name for part in _functions(function, _DEEPEST, set()) for name in part.__code__.co_names
    )
    return any("random" in name for name in names)


def _functions(value: Any, depth: int, seen: set[int]) -> Iterator[types.FunctionType]:
    if not depth or id(value) in seen:
        return
    seen.add(id(value))
    value = inner_function(value)
    if type(value) is types.FunctionType:
        yield value
        nonlocals, module_globals = variables_of(value)
        for part in (*nonlocals.values(), *module_globals.values()):
            yield from _functions(part, depth - 1, seen)
