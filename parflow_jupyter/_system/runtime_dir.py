"""The per-user folder on local disk that holds sockets, locks, owners and logs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from parflow_jupyter._system.private_files import locked, private_folder, why_foreign
from parflow_jupyter.errors import SupervisorError

MAX_SOCKET_PATH = 107
"""Longest path a Unix socket can have on Linux; source: unix(7)."""


def host_name() -> str:
    """Return the name of this host as records and tables show it."""
    return socket.gethostname()


def runtime_path() -> Path:
    """Return where the runtime folder is, existing or not."""
    chosen = os.environ.get("PARFLOW_RUNTIME_DIR")
    return Path(chosen) if chosen else Path(tempfile.gettempdir()) / f"parflow-{os.getuid()}"


def runtime_dir(sub: str = "") -> Path:
    """Return the runtime folder or a folder in it, made when missing.

    Raises:
        SupervisorError: It belongs to someone else, or others may enter it.
    """
    root = runtime_path()
    _private_folder(root)
    if not sub:
        return root
    _private_folder(root / sub)
    return root / sub


@contextlib.contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Say what to do when something can't be written in the runtime folder.

    Raises:
        SupervisorError: It is full, or can't be written.
    """
    try:
        yield
    except OSError as error:
        raise SupervisorError(
            f"Can't write in the runtime folder {folder}: {error.strerror}. Free some space there, "
            f"or set PARFLOW_RUNTIME_DIR to a folder of yours on a local disk."
        ) from error


def _private_folder(path: Path) -> None:
    try:
        foreign = why_foreign(private_folder(path))
    except OSError as error:
        raise SupervisorError(
            f"Can't use the runtime folder {path}: {error.strerror}. "
            f"Set PARFLOW_RUNTIME_DIR to a folder of yours on a local disk."
        ) from error
    if foreign:
        raise SupervisorError(
            f"The runtime folder {path} is not yours alone: remove it, make it mode 0700, "
            f"or set PARFLOW_RUNTIME_DIR to another folder."
        )


def cluster_key(profile_dir: Path, cluster_id: str, host: str | None = None) -> str:
    """Return the short text that names a cluster in the runtime folder.

    Two names of one folder (a symbolic link, say) give the same key.
    """
    identity = "\0".join([os.path.realpath(profile_dir), cluster_id, host or host_name()])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def socket_path(key: str) -> Path:
    """Return the path of a supervisor's socket.

    Raises:
        SupervisorError: It would be longer than the system allows.
    """
    path = runtime_dir() / f"{key}.sock"
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        raise SupervisorError(
            f"The socket path {path} is longer than {MAX_SOCKET_PATH} bytes: "
            f"set PARFLOW_RUNTIME_DIR to a folder with a shorter path."
        )
    return path


def supervisor_log(key: str) -> Path:
    """Return where the output of a cluster's supervisors goes."""
    return runtime_dir("logs") / f"supervisor-{key}.log"


@contextlib.contextmanager
def file_lock(path: Path, timeout: float) -> Iterator[None]:
    """Hold an exclusive lock on a file of the runtime folder.

    Args:
        path: The lock file, made when missing.
        timeout: Seconds to wait for another holder.

    Raises:
        SupervisorError: Another process still holds it after ``timeout``.
    """
    with contextlib.ExitStack() as held:
        with writing_in(path.parent):
            try:
                held.enter_context(locked(path, timeout))
            except TimeoutError as error:
                raise SupervisorError(
                    f"Another process held {path} for more than {timeout:g} s: "
                    f"'python -m parflow_jupyter doctor' shows what runs."
                ) from error
        yield
