"""Schemes: one file each, found by its name; third parties add theirs by entry point.

A scheme's module provides ``SCHEME``, the class. Entry points of the group
``parflow_jupyter.schemes`` name a class directly.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from parflow_jupyter.errors import SchemeUnavailableError
from parflow_jupyter.maps.abc import Capabilities, Plan, Readiness, Scheme, Sink, Slots
from parflow_jupyter.maps.toolbox.scheme_settings import GROUP


def names() -> list[str]:
    """Return the names of all schemes there are.

    Example:
        >>> "serial" in names()
        True
    """
    own = {module.name for module in iter_modules(__path__)} - {"base"}
    return sorted(
        {name for name in own if not name.startswith("_")}
        | {entry.name for entry in entry_points(group=GROUP)}
    )


def load(name: str) -> type[Scheme]:
    """Return the class of a scheme.

    Raises:
        SchemeUnavailableError: There is no scheme of this name, or it can't be imported.

    Example:
        >>> load("serial").name
        'serial'
    """
    if name not in names():
        known = ", ".join(names())
        raise SchemeUnavailableError(f"There is no scheme {name!r}: choose one of {known}.")
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            return _checked(name, entry.load())
    return _checked(name, import_module(f"{__name__}.{name}").SCHEME)


def provided(name: str) -> Scheme:
    """Return a scheme that another package provides, or one that says why it can't run.

    Example:
        >>> provided("warp").readiness()
        Readiness(slots=0, why="There is no scheme 'warp': choose one of dask, ipyparallel, \
processes, serial, threads.")
    """
    try:
        return load(name)()
    except Exception as error:
        return _Broken(name, str(error) or type(error).__name__)


class _Broken(Scheme):
    """Stands in the toolbox for a scheme whose package is broken: it must not break every map."""

    name = ""
    kind = "remote"
    capabilities = Capabilities()

    def __init__(self, name: str, why: str) -> None:
        self.name = name  # type: ignore[misc]
        self._why = why

    def readiness(self) -> Readiness:
        return Readiness(0, self._why)

    def open(self, plan: Plan, sink: Sink) -> Slots:
        raise SchemeUnavailableError(self._why)


def _checked(name: str, found: object) -> type[Scheme]:
    if not (isinstance(found, type) and issubclass(found, Scheme)):
        raise SchemeUnavailableError(
            f"Scheme {name!r} is {found!r}, which is no Scheme class: "
            f"update or remove the package that provides it."
        )
    return found
