"""Launchers: how controllers and engines are started, by name.

Each launcher file here is named as its launcher; packages of others add some by the entry
point group ``parflow_jupyter.launchers``. All further names are those of ipyparallel's
launchers of engine sets (``ipyparallel.engine_launchers``).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from parflow_jupyter.errors import InvalidInputError

if TYPE_CHECKING:
    from parflow_jupyter.clusters.launchers.base import Launcher

_NOT_OFFERED = {"local", "winhpc", "batch"}
DEFAULT_LAUNCHER = "local"
_SETS_ON_THIS_HOST = {"mpi"}
"""Of ipyparallel's launchers: those whose engines run on this host, unless configured otherwise."""
ENDS_TOGETHER = {"mpi"}
"""Launchers whose engines can't go on when one of them ends."""


def _here() -> set[str]:
    names = {module.name for module in iter_modules(__path__)} - {"base"}
    return {name for name in names if not name.startswith("_")}


@cache
def _of_others() -> dict[str, metadata.EntryPoint]:
    return {found.name: found for found in metadata.entry_points(group="parflow_jupyter.launchers")}


@cache
def engine_set_names() -> frozenset[str]:
    """Return the names of ipyparallel's launchers of engine sets.

    Example:
        >>> {"mpi", "ssh", "slurm"} <= engine_set_names()
        True
    """
    group = metadata.entry_points(group="ipyparallel.engine_launchers")
    return frozenset(found.name.lower() for found in group) - _NOT_OFFERED


def launcher_names() -> list[str]:
    """Return the names of all launchers; our own come first.

    Example:
        >>> launcher_names()[0]
        'local'
    """
    own = _here() | _of_others().keys()
    return [*sorted(own), *sorted(engine_set_names() - own)]


def check_launcher(name: str | None) -> str:
    """Return the name of a known launcher; None stands for the local one.

    Raises:
        InvalidInputError: There is no such launcher.
    """
    chosen = DEFAULT_LAUNCHER if name is None else name
    if chosen not in _here() and chosen not in launcher_names():
        raise InvalidInputError(
            f"There is no launcher named {name!r}: choose one of {', '.join(launcher_names())}."
        )
    return chosen


def is_engine_set(name: str) -> bool:
    """Tell whether a launcher is one of ipyparallel's, which start engines in sets."""
    return name not in _here() and name not in _of_others()


def is_on_this_host(name: str) -> bool:
    """Tell whether a launcher's engines reach a controller that listens on this host only.

    Raises:
        InvalidInputError: There is no such launcher, or it can't be used.

    Example:
        >>> [is_on_this_host(name) for name in ("local", "mpi", "ssh", "slurm")]
        [True, True, False, False]
    """
    if name == DEFAULT_LAUNCHER:
        return True
    if is_engine_set(check_launcher(name)):
        return name in _SETS_ON_THIS_HOST
    return load_launcher(name).is_on_this_host


def load_launcher(name: str) -> type[Launcher]:
    """Return the launcher class of this name; sets are driven by a local process.

    Raises:
        InvalidInputError: There is no such launcher, or it can't be used.
    """
    chosen = check_launcher(name)
    if is_engine_set(chosen):
        chosen = DEFAULT_LAUNCHER
    if chosen in _here():
        found: type[Launcher] = import_module(f"{__name__}.{chosen}").LAUNCHER
        return found
    return _load_of_others(_of_others()[chosen])


def _load_of_others(entry: metadata.EntryPoint) -> type[Launcher]:
    from parflow_jupyter.clusters.launchers.base import Launcher

    try:
        found = entry.load()
    except Exception as error:
        raise InvalidInputError(
            f"The launcher {entry.name!r} can't be loaded from {entry.value} "
            f"({type(error).__name__}: {error}): repair or uninstall the package that brings it."
        ) from error
    if not (isinstance(found, type) and issubclass(found, Launcher)):
        raise InvalidInputError(
            f"The launcher {entry.name!r} ({entry.value}) is no subclass of "
            f"parflow_jupyter.clusters.launchers.base.Launcher: repair the package that brings it."
        )
    return found
