"""Files and folders of one user, shared by processes: whole, locked, and nobody else's.

The locks are the system's own: they end with their holder, however that ends, work on NFS, and
need no library.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

OTHERS, WRITERS = 0o077, 0o022
"""Permissions of others: any at all, and those to write."""


def why_foreign(path: Path, refused: int = OTHERS) -> str:
    """Return why a file or folder is not this user's own; an empty text if it is.

    Args:
        path: The file or folder; a link is never one's own, wherever it leads.
        refused: The permissions that others must not have.

    Raises:
        OSError: It can't be looked at.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     own = why_foreign(Path(folder))
        ...     os.chmod(folder, 0o777)
        ...     own, why_foreign(Path(folder))
        ('', 'can be written by others (its mode is 777)')
    """
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return "is a link to somewhere else"
    if not hasattr(os, "geteuid"):
        return ""
    if status.st_uid != os.geteuid():
        return f"belongs to the user with number {status.st_uid}, and you are {os.geteuid()}"
    if not status.st_mode & refused:
        return ""
    can = "written" if status.st_mode & WRITERS else "read"
    return f"can be {can} by others (its mode is {stat.S_IMODE(status.st_mode):o})"


def private_folder(path: Path) -> Path:
    """Return a folder, made if missing so that nobody else can enter it.

    Raises:
        OSError: It can't be made, or is no folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     why_foreign(private_folder(Path(folder) / "own"))
        ''
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def private_file(path: Path) -> None:
    """Make an empty file that nobody else can read at any moment, unless it is there already.

    Raises:
        OSError: It can't be made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     private_file(Path(folder) / "own")
        ...     why_foreign(Path(folder) / "own")
        ''
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextlib.contextmanager
def written_whole(
    path: Path, *, private: bool = True, durable: bool = False, replacing: bool = True
) -> Iterator[BinaryIO]:
    """Write a file that has its name only when it is whole.

    Args:
        path: The file.
        private: Whether nobody else may read it; else what holds for the file that it replaces.
        durable: Give it its name when it is on the disk, for what nobody could tell again.
        replacing: Whether it takes the place of one that is there; else that one stays.

    Raises:
        OSError: The disk is full or the folder can't be written; the old file is intact.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with written_whole(Path(folder) / "a") as file:
        ...         written = file.write(b"all")
        ...     written, [path.name for path in Path(folder).iterdir()]
        (3, ['a'])
    """
    # A name that nobody can have prepared.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    fd = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666)
    try:
        with os.fdopen(fd, "wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(fd)
        if not private and path.exists():
            shutil.copymode(path, draft)
        _give_name(draft, path, replacing)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _give_name(draft: Path, path: Path, replacing: bool) -> None:
    if replacing:
        os.replace(draft, path)
        return
    try:
        os.link(draft, path)
    except OSError:
        # There is one already, or the file system has no links.
        if not path.exists():
            os.replace(draft, path)


@contextlib.contextmanager
def locked(path: Path, timeout: float | None = None) -> Iterator[None]:
    """Hold an exclusive lock on a file; the lock ends with its holder, however that ends.

    Args:
        path: The lock file, made when missing. It is never what the lock is for, if that is
            replaced: the lock is on the file, and not on its name.
        timeout: Seconds to wait for another holder; None for as long as it takes.

    Raises:
        OSError: The file can't be made, or not be locked.
        TimeoutError: Another process still holds it after ``timeout``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder) / "lock"):
        ...     with locked(Path(folder) / "lock", timeout=0.1):
        ...         pass
        Traceback (most recent call last):
        TimeoutError: ...
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _try_lock(fd, waiting=deadline is None):
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"another process held {path} for more than {timeout:g} s")
            time.sleep(0.01)
        yield
    finally:
        os.close(fd)


def _try_lock(fd: int, waiting: bool) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows, where maps run here, and settings are seldom written
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX if waiting else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
