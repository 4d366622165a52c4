"""Small private JSON files: written whole or not at all, and distrusted when read."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from parflow_jupyter._system.private_files import private_folder, written_whole
from parflow_jupyter.errors import Problem, reasons

Kind = TypeVar("Kind")
RECORD_VERSION = 1
_MAX_BYTES = 16_000_000
_ROOM = 32_768


def record_path(profile_dir: Path, cluster_id: str, host: str) -> Path:
    """Return where the record of a cluster is kept; it names the host, as homes are shared.

    Example:
        >>> record_path(Path("/p"), "", "node1").name
        'parflow-default@node1.json'
    """
    return profile_dir / "security" / f"parflow-{cluster_id or 'default'}@{host}.json"


def write_private_json(path: Path, data: dict[str, Any], *, durable: bool = False) -> None:
    """Replace a file atomically by ``data`` as JSON, readable by its owner alone (0600).

    Args:
        path: The file.
        data: JSON-ready.
        durable: Return when it is on the disk, for what nobody could tell again.

    Raises:
        OSError: The disk is full or the folder can't be written; the old file is intact.
    """
    private_folder(path.parent)
    with written_whole(path, durable=durable) as file:
        file.write(json.dumps(data, indent=1).encode())


def check_writable(folder: Path) -> None:
    """Write and remove a file as large as what is about to be written.

    Raises:
        OSError: The disk is full, or the folder can't be written.
    """
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        if (file.write(bytes(_ROOM)) or 0) < _ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _distrust(path: Path, what: str) -> tuple[None, Problem]:
    fix = "it is ignored; remove it"
    return None, Problem(str(path), what, fix, reasons.RECORD_UNTRUSTED)


def read_private_json(
    path: Path, version: int = RECORD_VERSION
) -> tuple[dict[str, Any] | None, Problem | None]:
    """Return (data, problem): no data when the file is absent or can't be trusted.

    Source of the checks: a record tells which processes to signal, so only a regular
    file of this user that nobody else can write to counts.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None, None
    except OSError as error:
        return _distrust(path, f"can't be read ({error.strerror})")
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            return _distrust(path, "is not a file of this user")
        if found.st_mode & 0o077:
            return _distrust(path, f"has mode {stat.S_IMODE(found.st_mode):04o}, not 0600")
        raw = file.read(_MAX_BYTES)
    try:
        data = json.loads(raw)
    except ValueError:
        return _distrust(path, "is not complete JSON")
    if not isinstance(data, dict) or data.get("version") != version:
        return _distrust(path, f"is not of version {version}")
    return data, None


def believed(read: Callable[[Any], Kind], data: Any) -> Kind | None:
    """Return what is read of data, or None where that is broken.

    Args:
        read: A ``from_dict``.
        data: What should be its JSON form.

    Example:
        >>> believed(Problem.from_dict, {"where": "a"}) is None
        True
    """
    try:
        return read(data)
    except (TypeError, ValueError, KeyError):
        return None


def remove_file(path: Path) -> None:
    """Remove a file that may be gone already."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
