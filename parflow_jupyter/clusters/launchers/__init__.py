"""Launchers: how controllers and engines are started; each file here is named as its launcher."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from ...errors import InvalidInputError

_NOT_LAUNCHERS = {"__init__", "base", "fork_client", "fork_server", "roles"}
DEFAULT_LAUNCHER = "local"


def launcher_names() -> list[str]:
    """Return the names of all launchers.

    Example:
        >>> launcher_names()
        ['local']
    """
    here = Path(__file__).parent
    return sorted(path.stem for path in here.glob("*.py") if path.stem not in _NOT_LAUNCHERS)


def check_launcher(name: str | None) -> str:
    """Return the name of a known launcher; None stands for the local one.

    Raises:
        InvalidInputError: There is no such launcher.
    """
    chosen = DEFAULT_LAUNCHER if name is None else name
    if chosen not in launcher_names():
        raise InvalidInputError(
            f"There is no launcher named {name!r}: choose one of {', '.join(launcher_names())}."
        )
    return chosen


def load_launcher(name: str) -> type:
    """Return the launcher class in the file of this name.

    Raises:
        InvalidInputError: There is no such launcher.
    """
    module = f"{__name__}.{check_launcher(name)}"
    if find_spec(module) is None:
        raise InvalidInputError(f"There is no launcher named {name!r}.")
    found: type = import_module(module).LAUNCHER
    return found
