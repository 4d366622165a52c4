"""The settings of the toolbox of schemes: one file that all kernels and the sidebar share.

Writers take a lock and replace the file as a whole, so that readers see the
old or the new settings and concurrent writers lose nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from parflow_jupyter._system.caller import warn
from parflow_jupyter._system.private_files import locked
from parflow_jupyter._system.private_json import write_private_json
from parflow_jupyter.errors import InvalidInputError, SchemeUnavailableError
from parflow_jupyter.maps.abc import Scheme
from parflow_jupyter.maps.schemes import LAST_RESORT, registered
from parflow_jupyter.stores.data_dir import data_folder


def order() -> tuple[str, ...]:
    """Return all schemes in their order before somebody changes it.

    Example:
        >>> order()[0], order()[-1]
        ('ipyparallel', 'serial')
    """
    return tuple(registered())


def schemes(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the schemes in their order, each with ``enabled`` and ``workers`` (None: automatic).

    Args:
        path: The file; that of this user if None.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
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
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     configure_scheme("ipyparallel", enabled=False, path=Path(folder) / "s.json")
        {'enabled': False, 'workers': None}
    """
    _check(name, enabled, workers)
    file = path or _file()
    # A lock file of its own, because the settings file itself is replaced.
    with locked(file.with_suffix(".lock")):
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
    if enabled is False and name == LAST_RESORT:
        raise InvalidInputError("The serial scheme is the last resort and can't be disabled.")
    if workers is None:
        return
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 0:
        raise InvalidInputError(
            f"workers={workers!r} can't be used: give a whole number from 1, or 0 for automatic."
        )
    kind = _class_of(name)
    if not kind.takes_workers:
        instead = "start the engines you want with parflow_jupyter.start_engines(n)"
        raise InvalidInputError(
            f"workers={workers} can't be used, because the scheme {name!r} takes no number of its "
            f"own: {instead if kind.needs_cluster else 'its own settings say how many it has'}."
        )


def _class_of(name: object) -> type[Scheme]:
    # What is kept of a scheme that is gone stays, with what holds for any.
    return registered().get(str(name), Scheme)


def _ordered(document: dict[str, Any]) -> list[str]:
    """Return the names in the kept order; the last resort stays last."""
    kept = document.get("schemes", {})
    known = [*order(), *sorted(set(kept) - set(order()))]
    chosen = document.get("order")
    wanted = chosen if isinstance(chosen, list) else []
    places = {name: wanted.index(name) if name in wanted else len(wanted) for name in known}
    return sorted(known, key=lambda name: (name == LAST_RESORT, places[name]))


def _moved(names: list[str], name: str, position: object) -> list[str]:
    if name == LAST_RESORT:
        raise InvalidInputError("The serial scheme is the last resort and stays last.")
    last = len(names) - 2
    if type(position) is not int or not 0 <= position <= last:
        raise InvalidInputError(
            f"position={position!r} can't be used: give a whole number from 0 to {last}."
        )
    others = [other for other in names if other != name]
    return [*others[:position], name, *others[position:]]


def _merged(scheme: str, kept: object) -> dict[str, Any]:
    at_first: dict[str, Any] = {"enabled": _class_of(scheme).enabled_at_first, "workers": None}
    known = kept if isinstance(kept, dict) else {}
    return {name: known.get(name, value) for name, value in at_first.items()}


def _file() -> Path:
    return data_folder() / "schemes.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        warn(
            f"The settings of the schemes can't be read ({path}: {error}): the defaults hold. "
            f"Remove or repair the file.",
            RuntimeWarning,
        )
        return {}
    kept = document if isinstance(document, dict) else {}
    return kept if isinstance(kept.get("schemes", {}), dict) else {}
