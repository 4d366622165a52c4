"""The folder of kept results: only its owner's, with a secret by which own files are known."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

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
        with suppress(FileExistsError):
            found.mkdir(mode=0o700, parents=True)
        check_own(found)
        (found / "values").mkdir(mode=0o700, exist_ok=True)
        check_own(found / "values")
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
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        why = "is a link to somewhere else"
    elif hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        why = f"belongs to the user with number {status.st_uid}, and you are {os.geteuid()}"
    elif os.name == "posix" and status.st_mode & 0o022:
        why = f"can be written by others (its mode is {stat.S_IMODE(status.st_mode):o})"
    else:
        return
    raise CheckpointError(
        f"{path} {why}. Kept results are only read where nobody else can have put them: set "
        f"PARFLOW_DATA_DIR to a folder of your own, or remove this one."
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
            if os.name == "posix" and path.stat().st_mode & 0o077:
                raise CheckpointError(f"{path} can be read by others: chmod 600 it, or remove it.")
            found = path.read_bytes()
            if len(found) == _SECRET_BYTES:
                return found
            # Written by halves. Whatever it marked counts as foreign from now on.
            path.unlink(missing_ok=True)
        _make_secret(path)
    raise CheckpointError(f"{path} changes all the time: remove it, and try again.")


def _make_secret(path: Path) -> None:
    # Whole before it has its name, and never replacing that of another kernel.
    draft = path.with_name(f".secret-{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError:
        if not path.exists():  # a file system without links
            os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


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
