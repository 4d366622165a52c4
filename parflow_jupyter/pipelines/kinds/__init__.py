"""Kinds of modules: one file each, found by its name.

A kind's file provides ``KIND``, the class. Files that begin with an underscore are helpers.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines.abc import Kind
from parflow_jupyter.pipelines.model import ModuleSpec


def names() -> list[str]:
    """Return the names of all kinds there are.

    Example:
        >>> {"function", "group", "map"} <= set(names())
        True
    """
    return sorted(found.name for found in iter_modules(__path__) if found.name[:1] != "_")


@cache
def load(name: str) -> Kind:
    """Return a kind.

    Raises:
        PipelineError: There is none of this name.
    """
    if name not in names():
        raise PipelineError(f"There is no kind {name!r} of modules: use one of {names()}.")
    found: type[Kind] = import_module(f"{__name__}.{name}").KIND
    return found()


def of(spec: ModuleSpec) -> Kind:
    """Return the kind of a module."""
    return load(spec.kind)
