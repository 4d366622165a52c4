"""Schemes: one file each, found by its name; third parties add theirs by entry point.

A scheme's module provides ``SCHEME``, the class, and loads no library before it is needed.
Entry points of the group ``parflow_jupyter.schemes`` name a class directly. What the toolbox,
the sidebar and the reports have to know of a scheme, they learn from its class.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from parflow_jupyter._system.cpu_count import counted
from parflow_jupyter.errors import SchemeUnavailableError
from parflow_jupyter.maps.abc import (
    Capabilities,
    ClusterAccess,
    Plan,
    Readiness,
    Scheme,
    Sink,
    Slots,
)

GROUP = "parflow_jupyter.schemes"
"""Entry points by which other packages add schemes."""

LAST_RESORT = "serial"
"""The scheme that always works: it comes last and can't be disabled."""


def names() -> list[str]:
    """Return the names of all schemes there are.

    Example:
        >>> "serial" in names()
        True
    """
    own = {module.name for module in iter_modules(__path__) if not module.name.startswith("_")}
    return sorted(own | {entry.name for entry in entry_points(group=GROUP)})


@cache
def registered() -> dict[str, type[Scheme]]:
    """Return the classes of all schemes by name, in the order of the toolbox.

    Looked up once, because it takes longer than a small map.

    Example:
        >>> list(registered())
        ['ipyparallel', 'dask', 'processes', 'threads', 'serial']
    """
    found = {name: _found_or_broken(name) for name in names()}
    return dict(sorted(found.items(), key=lambda x: (x[0] == LAST_RESORT, x[1].rank, x[0])))


def load(name: str) -> type[Scheme]:
    """Return the class of a scheme.

    Raises:
        SchemeUnavailableError: There is no scheme of this name, or it can't be imported.

    Example:
        >>> load("serial").name
        'serial'
    """
    kind = registered().get(name, _Broken)
    return _find(name) if kind is _Broken else kind


def provided(name: str, workers: int | None = None, cluster: ClusterAccess | None = None) -> Scheme:
    """Return a scheme as it is set, or one that says why it can't run.

    Args:
        name: The scheme.
        workers: Number of slots; None for automatic.
        cluster: The way to the current cluster.

    Example:
        >>> provided("warp").readiness()
        Readiness(slots=0, why="There is no scheme 'warp': choose one of dask, ipyparallel, \
processes, serial, threads.")
    """
    try:
        return load(name).configured(workers, cluster)
    except Exception as error:
        return _Broken(name, str(error) or type(error).__name__)


def place(scheme: str, slots: int) -> str:
    """Return where a map runs, in words.

    Args:
        scheme: The scheme's name.
        slots: How many slots it has; 0 where that is not known.

    Example:
        >>> place("ipyparallel", 2), place("threads", 2), place("processes", 1), place("serial", 1)
        ('ipyparallel on 2 engines', '2 threads', '1 process', 'serial')
    """
    noun = registered().get(scheme, Scheme).noun
    if noun is None or not slots:
        return scheme
    words = counted(slots, *noun)
    return words if noun[1] == scheme else f"{scheme} on {words}"


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


def _found_or_broken(name: str) -> type[Scheme]:
    try:
        return _find(name)
    except Exception:
        return _Broken


def _find(name: str) -> type[Scheme]:
    if name not in names():
        known = ", ".join(names())
        raise SchemeUnavailableError(f"There is no scheme {name!r}: choose one of {known}.")
    entries = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    found = entries[0].load() if entries else import_module(f"{__name__}.{name}").SCHEME
    if not (isinstance(found, type) and issubclass(found, Scheme)):
        raise SchemeUnavailableError(
            f"Scheme {name!r} is {found!r}, which is no Scheme class: "
            f"update or remove the package that provides it."
        )
    return found
