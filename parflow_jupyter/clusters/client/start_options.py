"""What a start says about who asks: interpreter, folder, path and environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from parflow_jupyter._system.environment import allowed_environment
from parflow_jupyter.clusters.files.profiles import configured_launcher
from parflow_jupyter.clusters.launchers import check_launcher, is_on_this_host, launcher_names
from parflow_jupyter.clusters.protocol.engine_count import check_engine_count, limit_of_start
from parflow_jupyter.clusters.protocol.restart_policy import POLICY, restart_limit
from parflow_jupyter.errors import InvalidInputError


def _own_path_entries() -> list[str]:
    """Return what this process added to ``sys.path``: not the interpreter's own entries."""
    prefixes = {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix)}
    entries = [os.path.abspath(entry) for entry in sys.path if entry and os.path.isdir(entry)]

    def is_ours(entry: str) -> bool:
        real = os.path.realpath(entry)
        if os.path.basename(real) in ("site-packages", "dist-packages"):
            return False
        inside = any(real == prefix or real.startswith(prefix + os.sep) for prefix in prefixes)
        return not (inside and "lib" in real.split(os.sep))

    return [entry for entry in entries if is_ours(entry)]


def _launcher(asked: str | None, profile_dir: Path | None) -> str:
    configured = configured_launcher(profile_dir) if asked is None and profile_dir else None
    if configured is not None and configured not in launcher_names():
        raise InvalidInputError(
            f"The profile configures the launcher {configured!r}, which can't be used here: choose "
            f"one of {', '.join(launcher_names())} with launcher=, or start these engines with "
            f"ipcluster; they are then shown and used, too."
        )
    return check_launcher(configured if asked is None else asked)


def start_params(
    n: int | None,
    launcher: str | None,
    python: str | None,
    cwd: str | None,
    path: list[str] | None,
    profile_dir: Path | None = None,
    restart: str | None = None,
) -> dict[str, Any]:
    """Return what a supervisor is told about a start; see ``Clusters.start_engines``.

    Raises:
        EngineCountError, InvalidInputError: An argument can't be used.
    """
    folder = os.path.abspath(cwd) if cwd is not None else os.getcwd()
    if not os.path.isdir(folder):
        raise InvalidInputError(f"cwd={cwd!r} is no folder: give an existing one.")
    policy = os.environ.get(POLICY) if restart is None else restart
    restart_limit(policy)
    chosen = _launcher(launcher, profile_dir)
    return {
        "restart": policy,
        "n": check_engine_count(n, limit_of_start(is_on_this_host(chosen))),
        "launcher": chosen,
        "python": python or sys.executable,
        "cwd": folder,
        "path": _own_path_entries() if path is None else [str(entry) for entry in path],
        "environment": allowed_environment(os.environ),
    }
