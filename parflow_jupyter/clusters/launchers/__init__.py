"""Launchers: how controllers and engines are started, by name.

Each launcher file here is named as its launcher; packages of others add some by the entry
point group ``parflow_jupyter.launchers``. All further names are those of ipyparallel's
launchers of engine sets (``ipyparallel.engine_launchers``).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module, metadata
from pathlib import Path

from ...errors import InvalidInputError

_NOT_LAUNCHERS = {"__init__", "base", "engine_set", "fork_client", "fork_server", "roles"}
_NOT_OFFERED = {"local", "winhpc", "batch"}
DEFAULT_LAUNCHER = "local"
ON_THIS_HOST = {"local", "mpi"}
"""Launchers whose engines reach a controller that listens on this host only."""


def _here() -> dict[str, str]:
    files = Path(__file__).parent.glob("*.py")
    return {path.stem: "" for path in files if path.stem not in _NOT_LAUNCHERS}


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
    own = {**_here(), **_of_others()}
    return [*sorted(own), *sorted(engine_set_names() - own.keys())]


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


def load_launcher(name: str) -> type:
    """Return the launcher class of this name; sets are driven by a local process.

    Raises:
        InvalidInputError: There is no such launcher.
    """
    chosen = check_launcher(name)
    if is_engine_set(chosen):
        chosen = DEFAULT_LAUNCHER
    if chosen in _of_others():
        loaded: type = _of_others()[chosen].load()
        return loaded
    found: type = import_module(f"{__name__}.{chosen}").LAUNCHER
    return found
