"""The settings of the toolbox of schemes: one file that all kernels and the sidebar share.

Writers take a lock and replace the file as a whole, so that readers see the
old or the new settings and concurrent writers lose nothing.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from parflow_jupyter._system.private_json import write_private_json
from parflow_jupyter.errors import InvalidInputError, SchemeUnavailableError
from parflow_jupyter.stores.data_dir import data_folder

ORDER = ("ipyparallel", "dask", "processes", "threads", "serial")
"""The schemes of the toolbox that come with it, the one to try first in front."""

GROUP = "parflow_jupyter.schemes"
"""Entry points by which other packages add schemes."""

TAKES_WORKERS: tuple[str, ...] = ("processes", "threads")
"""Those whose number of slots is a setting; of the others, it is the number of engines."""

_ALWAYS_ON = "serial"
_DEFAULTS: dict[str, Any] = {"enabled": True, "workers": None}
# A dask client is there for more than maps: "auto" takes its workers only when told to.
_OWN_DEFAULTS: dict[str, dict[str, Any]] = {"dask": {"enabled": False}}


@cache
def order() -> tuple[str, ...]:
    """Return all schemes in their order: those of other packages come before serial.

    Looked up once, because it takes longer than a small map.

    Example:
        >>> order()[0], order()[-1]
        ('ipyparallel', 'serial')
    """
    others = {entry.name for entry in entry_points(group=GROUP)} - set(ORDER)
    return (*ORDER[:-1], *sorted(others), ORDER[-1])


def schemes(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the schemes in their order, each with ``enabled`` and ``workers`` (None: automatic).

    Args:
        path: The file; that of this user if None.

    Example:
        >>>         >>> with tempfile.TemporaryDirectory() as folder:
        ...     schemes(Path(folder) / "schemes.json")["ipyparallel"]
        {'enabled': True, 'workers': None}
    """
    document = _read(path or _file())
    kept = document.get("schemes", {})
    return {name: _merged(name, kept.get(name)) for name in _ordered(document)}


def configure_scheme(
    name: str,
    *,
    enabled: bool | None = None,
    workers: int | None = None,
    position: int | None = None,
    path: Path | None = None,
) -> dict[str, Any]:
    """Change settings of a scheme, keep them, and return all of that scheme.

    Args:
        name: The scheme.
        enabled: Whether "auto" may take it; None leaves it as it is.
        workers: Number of slots it gets, 0 for automatic; None leaves it as it is.
        position: Its place in the order, from 0; None leaves it where it is.
        path: The file; that of this user if None.

    Raises:
        SchemeUnavailableError: There is no such scheme.
        InvalidInputError: A value can't be used.

    Example:
        >>>         >>> with tempfile.TemporaryDirectory() as folder:
        ...     configure_scheme("ipyparallel", enabled=False, path=Path(folder) / "s.json")
        {'enabled': False, 'workers': None}
    """
    _check(name, enabled, workers)
    file = path or _file()
    with _locked(file):
        document = _read(file)
        if position is not None:
            document["order"] = _moved(_ordered(document), name, position)
        kept = document.setdefault("schemes", {})
        changed = _merged(name, kept.get(name))
        if enabled is not None:
            changed["enabled"] = enabled
        if workers is not None:
            changed["workers"] = workers or None
        kept[name] = changed
        write_private_json(file, {"version": 1, **document}, durable=True)
    return changed


def _check(name: object, enabled: object, workers: object) -> None:
    if name not in order():
        known = ", ".join(repr(known) for known in order())
        raise SchemeUnavailableError(f"There is no scheme {name!r}: choose one of {known}.")
    if enabled is not None and not isinstance(enabled, bool):
        raise InvalidInputError(f"enabled={enabled!r} can't be used: give True or False.")
    if enabled is False and name == _ALWAYS_ON:
        raise InvalidInputError("The serial scheme is the last resort and can't be disabled.")
    if workers is None:
        return
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 0:
        raise InvalidInputError(
            f"workers={workers!r} can't be used: give a whole number from 1, or 0 for automatic."
        )
    if name not in TAKES_WORKERS:
        instead = "start the engines you want with parflow_jupyter.start_engines(n)"
        raise InvalidInputError(
            f"workers={workers} can't be used, because the scheme {name!r} takes no number of its "
            f"own: {instead if name == ORDER[0] else 'its own settings say how many it has'}."
        )


def _ordered(document: dict[str, Any]) -> list[str]:
    """Return the names in the kept order; the last resort stays last."""
    kept = document.get("schemes", {})
    known = [*order(), *sorted(set(kept) - set(order()))]
    chosen = document.get("order")
    wanted = chosen if isinstance(chosen, list) else []
    places = {name: wanted.index(name) if name in wanted else len(wanted) for name in known}
    return sorted(known, key=lambda name: (name == _ALWAYS_ON, places[name]))


def _moved(names: list[str], name: str, position: object) -> list[str]:
    if name == _ALWAYS_ON:
        raise InvalidInputError("The serial scheme is the last resort and stays last.")
    last = len(names) - 2
    if type(position) is not int or not 0 <= position <= last:
        raise InvalidInputError(
            f"position={position!r} can't be used: give a whole number from 0 to {last}."
        )
    others = [other for other in names if other != name]
    return [*others[:position], name, *others[position:]]


def _merged(scheme: str, kept: object) -> dict[str, Any]:
    known = kept if isinstance(kept, dict) else {}
    given = {name: known[name] for name in _DEFAULTS if name in known}
    return _DEFAULTS | _OWN_DEFAULTS.get(scheme, {}) | given


def _file() -> Path:
    return data_folder() / "schemes.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        warnings.warn(
            f"The settings of the schemes can't be read ({path}: {error}): the defaults hold. "
            f"Remove or repair the file.",
            RuntimeWarning,
            stacklevel=4,
        )
        return {}
    kept = document if isinstance(document, dict) else {}
    return kept if isinstance(kept.get("schemes", {}), dict) else {}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # The lock is a file of its own, because the settings file itself is replaced.
    fd = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            import fcntl
        except ImportError:
            yield
            return
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
