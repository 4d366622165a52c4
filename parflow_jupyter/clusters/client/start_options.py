"""What a start says about who asks: interpreter, folder, path and environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from parflow_jupyter._system.engine_side import started_as
from parflow_jupyter._system.environment import allowed_environment
from parflow_jupyter._system.local_modules import is_own
from parflow_jupyter.clusters.files.profiles import configured_launcher
from parflow_jupyter.clusters.launchers import check_launcher, launcher_names
from parflow_jupyter.clusters.protocol.restart_policy import POLICY
from parflow_jupyter.clusters.protocol.start_options import StartOptions
from parflow_jupyter.errors import InvalidInputError, StartRefusedError


def _own_path_entries() -> list[str]:
    """Return what this process added to ``sys.path``: not the interpreter's own entries."""
    entries = [os.path.abspath(entry) for entry in sys.path if entry and os.path.isdir(entry)]
    return [entry for entry in entries if is_own(entry)]


def _launcher(asked: str | None, profile_dir: Path | None) -> str:
    configured = configured_launcher(profile_dir) if asked is None and profile_dir else None
    if configured is not None and configured not in launcher_names():
        raise InvalidInputError(
            f"The profile configures the launcher {configured!r}, which can't be used here: choose "
            f"one of {', '.join(launcher_names())} with launcher=, or start these engines with "
            f"ipcluster; they are then shown and used, too."
        )
    return check_launcher(configured if asked is None else asked)


def start_options(
    profile_dir: Path | None,
    n: int | None = None,
    *,
    launcher: str | None = None,
    python: str | None = None,
    cwd: str | None = None,
    path: list[str] | None = None,
    restart: str | None = None,
    timeout: float = 60.0,
) -> StartOptions:
    """Return the options of a start, filled up from the profile and this process.

    Raises:
        EngineCountError, InvalidInputError: An argument can't be used.
        StartRefusedError: This process is itself an engine, or another one of a cluster.
    """
    inside = started_as()
    if inside:
        raise StartRefusedError(
            f"No engines are started from inside the {inside} {os.getpid()}, where each would "
            f"start more of them: the line belongs into the notebook or script. Engines run the "
            f"files in their profile's startup folder, too."
        )
    folder = os.path.abspath(cwd) if cwd is not None else os.getcwd()
    if not os.path.isdir(folder):
        raise InvalidInputError(f"cwd={cwd!r} is no folder: give an existing one.")
    return StartOptions(
        n=n,  # type: ignore[arg-type]
        launcher=_launcher(launcher, profile_dir),
        python=python or sys.executable,
        cwd=folder,
        path=_own_path_entries() if path is None else [str(entry) for entry in path],
        environment=allowed_environment(os.environ),
        restart=os.environ.get(POLICY) if restart is None else restart,
        timeout=timeout,
    )
