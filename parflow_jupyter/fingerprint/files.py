"""Files whose content is part of the key that a result is kept under."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

from parflow_jupyter.fingerprint.values import SIZE, UnhashableError

_SETTLED = 2_000_000_000
"""Nanoseconds after which another change of a file is sure to give it another time."""

Signature = tuple[int, int, int]
"""Size in bytes, time of the last change in nanoseconds, inode."""
_NEVER: Signature = (-1, -1, -1)


class File(type(Path())):  # type: ignore[misc]
    """A path that stands for what the file holds, where results are kept.

    It is a ``pathlib.Path``. As an item of a map with ``checkpoint=``, or as something the
    function refers to, the content of the file counts: when it changes, what was computed from
    it is computed again.

    Args:
        path: Where the file is.

    Example:
        >>> File("data") / "a.csv"
        File('data/a.csv')
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return File, (str(self),)

    def __repr__(self) -> str:
        return f"File({str(self)!r})"


class FileDigests:
    """Hashes files, and remembers them as long as size, time and inode stay the same.

    Args:
        known: What was found earlier, by path: signature and digest.
    """

    def __init__(self, known: dict[str, tuple[Signature, bytes]] | None = None) -> None:
        self.known = known if known is not None else {}
        self.seen: dict[str, tuple[Signature, bytes]] = {}
        self.changed: list[str] = []
        self.touched: list[str] = []

    def digest(self, file: File) -> bytes:
        """Return the digest of a file's content.

        Raises:
            UnhashableError: It can't be read, or is no file.
        """
        path = os.path.abspath(file)
        try:
            signature = signature_of(path)
            self.touched.append(path)
            before = self.seen.get(path) or self.known.get(path)
            if before is not None and before[0] == signature:
                self.seen[path] = before
                return before[1]
            found = _hash(path)
        except OSError as error:
            what = error.strerror or str(error)
            raise UnhashableError(f"the file {str(file)!r} ({what})") from error
        if before is not None and before[1] != found:
            self.changed.append(str(file))
        self.seen[path] = signature, found
        return found

    def to_remember(self) -> dict[str, tuple[Signature, bytes]]:
        """Return what was found; a file changed just now is to be read again all the same.

        Another change in the same moment would leave it with the same size and time.
        """
        limit = time.time_ns() - _SETTLED
        return {
            path: (signature if signature[1] < limit else _NEVER, digest)
            for path, (signature, digest) in self.seen.items()
        }

    def moved(self, path: str) -> bool:
        """Return whether a file is not any more what was hashed."""
        try:
            return signature_of(path) != self.seen[path][0]
        except OSError:
            return True


def signature_of(path: str) -> Signature:
    """Return by what a changed file is recognised without reading it."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ino


def _hash(path: str) -> bytes:
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=SIZE)).digest()
