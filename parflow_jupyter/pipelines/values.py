"""Values that are set on input ports: which can be right, and how types are shown."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines.model import ModuleSpec, listing
from parflow_jupyter.pipelines.ports import Port
from parflow_jupyter.pipelines.types import value_fits


def with_parameters(spec: ModuleSpec, parameters: Mapping[str, Any]) -> ModuleSpec:
    """Return the module with these values set, besides those set before.

    Raises:
        PipelineError: There is no such input, or a value can't be right for it.
    """
    known = listing(port.name for port in spec.inputs)
    for name, value in parameters.items():
        port = spec.input(name)
        if port is None:
            raise PipelineError(f"Module {spec.name!r} has no input {name!r}: it has {known}.")
        wrong = value_problem(port, value)
        if wrong:
            place = spec.place(name)
            raise PipelineError(f"{place[0].upper()}{place[1:]}: {wrong[0]}; {wrong[1]}.")
    merged = {**spec.parameters, **parameters}
    # In the order of the ports, so that a saved file does not depend on who set what when.
    return replace(
        spec, parameters={p.name: merged[p.name] for p in spec.inputs if p.name in merged}
    )


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
