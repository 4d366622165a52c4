"""Values that are set on input ports: which can be right, and how types are shown."""

from __future__ import annotations

import reprlib

from parflow_jupyter.pipelines.ports import Port
from parflow_jupyter.pipelines.types import value_fits


def value_problem(port: Port, value: object) -> tuple[str, str] | None:
    """Return what is wrong with a parameter and how to fix it, or None.

    Example:
        >>> value_problem(Port("size", "int"), "big")
        ("'big' is no int", 'set it to a int')
    """
    if port.depth == 0 and value is None and port.default is None:
        return None
    if value_fits(value, port.type, port.depth):
        return None
    what = f"{reprlib.repr(value)} is no {shown_type(port)}"
    if isinstance(value, list | tuple) and port.depth == 0:
        return what, f"set one value, or map over it: add_map(…, over={port.name!r})"
    return what, f"set it to a {shown_type(port)}"


def shown_type(port: Port) -> str:
    """Return the type of a port as Python would write it.

    Example:
        >>> shown_type(Port("x", "int", 2))
        'list[list[int]]'
    """
    return "list[" * port.depth + port.type + "]" * port.depth
