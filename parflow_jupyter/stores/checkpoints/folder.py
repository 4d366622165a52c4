"""The folder of kept results: only its owner's, with a secret by which own files are known."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from parflow_jupyter._system.private_files import (
    WRITERS,
    private_folder,
    why_foreign,
    written_whole,
)
from parflow_jupyter.errors import CheckpointDiskError, CheckpointError
from parflow_jupyter.stores.data_dir import data_folder

_SECRET_BYTES = 32
_NETWORK = ("nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "afs", "9p", "fuse.sshfs", "ceph")


def kept_folder(folder: Path | None = None) -> Path:
    """Return the folder of kept results, made if missing.

    Args:
        folder: The folder; that of this user if None.

    Raises:
        CheckpointDiskError: It can't be made.
        CheckpointError: It belongs to someone else.
    """
    try:
        found = folder or data_folder() / "kept"
        for path in (found, found / "values"):
            check_own(private_folder(path))
    except OSError as error:
        raise CheckpointDiskError(
            f"Results can't be kept ({error}): set PARFLOW_DATA_DIR to a folder of your own, or "
            f"leave out checkpoint=."
        ) from error
    return found


def check_own(path: Path) -> None:
    """See that a file or folder is this user's own.

    Raises:
        CheckpointError: It is not.
        OSError: It can't be looked at.
    """
    foreign = why_foreign(path, refused=WRITERS)
    if foreign:
        raise CheckpointError(
            f"{path} {foreign}. Kept results are only read where nobody else can have put them: "
            f"set PARFLOW_DATA_DIR to a folder of your own, or remove this one."
        )


def secret_of(folder: Path) -> bytes:
    """Return the secret that marks this user's own results, made if missing.

    Raises:
        CheckpointError: The file of the secret is not safe.
        OSError: It can't be read or made.
    """
    path = folder / "secret"
    for _ in range(3):
        with suppress(FileNotFoundError):
            check_own(path)
            if why_foreign(path):
                raise CheckpointError(f"{path} can be read by others: chmod 600 it, or remove it.")
            found = path.read_bytes()
            if len(found) == _SECRET_BYTES:
                return found
            # Written by halves. Whatever it marked counts as foreign from now on.
            path.unlink(missing_ok=True)
        # Whole before it has its name, and never replacing that of another kernel.
        with written_whole(path, replacing=False) as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
    raise CheckpointError(f"{path} changes all the time: remove it, and try again.")


def on_network(folder: Path) -> bool:
    """Return whether a folder is on a file system that several hosts share."""
    import psutil

    best, kind = "", ""
    where = os.path.realpath(folder)
    with suppress(OSError, psutil.Error):
        for part in psutil.disk_partitions(all=True):
            inside = where == part.mountpoint or where.startswith(part.mountpoint.rstrip("/") + "/")
            if inside and len(part.mountpoint) >= len(best):
                best, kind = part.mountpoint, part.fstype
    return kind.startswith(_NETWORK)
