"""Results as bytes: pickled, marked as our own, and read only if the mark is right."""

from __future__ import annotations

import hashlib
import hmac
import io
import mmap
import os
import pickle
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from parflow_jupyter._system.pickling import Pickler
from parflow_jupyter._system.private_files import written_whole
from parflow_jupyter.errors import CheckpointError
from parflow_jupyter.fingerprint.values import LEAVES
from parflow_jupyter.stores.checkpoints.folder import check_own

SMALL = 128 << 10
"""Bytes up to which a result lies in the database; larger ones have a file of their own."""
_MARK = b"parflow result 1"


class TooBigError(Exception):
    """A result has more bytes than it may have."""


class _Pickler(Pickler):
    """Names a notebook's classes instead of carrying them: they come back as the notebook's own."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, type) and obj.__module__ == "__main__" and _of_notebook(obj) is obj:
            return notebook_class, (obj.__qualname__,)
        return super().reducer_override(obj)


def notebook_class(name: str) -> type:
    """Return a class that was defined in this notebook.

    Raises:
        LookupError: There is none of this name.
    """
    found = _by_name(name)
    if not isinstance(found, type):
        raise LookupError(f"the class {name!r} of the notebook is not defined")
    return found


def _of_notebook(kind: type) -> Any:
    return _by_name(kind.__qualname__)


def _by_name(name: str) -> Any:
    found: Any = sys.modules.get("__main__")
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


class _Bounded(io.RawIOBase):
    """Takes bytes up to a limit, in memory or into a file, and marks them on the way."""

    def __init__(self, limit: int, target: BinaryIO, mark: Any = None) -> None:
        self.size = 0
        self._limit = limit
        self._target = target
        self._mark = mark

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self.size += len(view)
        if self.size > self._limit:
            raise TooBigError
        if self._mark is not None:
            self._mark.update(view)
        self._target.write(view)
        return len(view)


def freeze(value: Any, limit: int = SMALL) -> bytes:
    """Return a value as bytes.

    Raises:
        TooBigError: It takes more than ``limit`` bytes.
        Exception: It can't be pickled.

    Example:
        >>> thaw(freeze({"a": [1, 2]}))
        {'a': [1, 2]}
    """
    if type(value) in LEAVES:
        plain = pickle.dumps(value, protocol=5)
        if len(plain) > limit:
            raise TooBigError
        return plain
    memory = io.BytesIO()
    _Pickler(_Bounded(limit, memory), protocol=5).dump(value)
    return memory.getvalue()


def thaw(data: bytes) -> Any:
    """Return the value that bytes stand for; only for bytes whose mark was right."""
    return pickle.loads(data)


def mark_of(secret: bytes, label: bytes, data: bytes) -> bytes:
    """Return the mark of small results: nobody without the secret can make it.

    Args:
        secret: The secret of the folder.
        label: What the result is kept under, so that it can't be put in another's place.
        data: The result.
    """
    return hmac.digest(secret, _MARK + label + data, "sha256")


def write_file(
    path: Path, value: bytes | Large, secret: bytes, label: bytes, limit: int
) -> tuple[int, bytes]:
    """Write a large result to a file, piece by piece, and return its size and mark.

    Args:
        path: The file; it has this name only when it is whole.
        value: The result, as bytes or to be made bytes.
        secret: The secret of the folder.
        label: What the result is kept under.
        limit: Bytes it may have.

    Raises:
        TooBigError: It has more.
        OSError: The disk is full, or can't be written.
    """
    mark = hmac.new(secret, _MARK + label, hashlib.sha256)
    with written_whole(path) as file:
        bounded = _Bounded(limit, file, mark)
        if isinstance(value, Large):
            _Pickler(bounded, protocol=5).dump(value.value)
        else:
            bounded.write(value)
    return bounded.size, mark.digest()


class Large:
    """A large result that was not made bytes yet: it is, piece by piece, as it is written."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def read_file(path: Path, secret: bytes, label: bytes, size: int, mark: bytes) -> Any:
    """Return the result in a file.

    Raises:
        CheckpointError: The file is damaged, or not our own.
        OSError: It can't be read.
        Exception: It can't be unpickled.
    """
    with path.open("rb") as file:
        check_own(path)
        if os.fstat(file.fileno()).st_size != size or not size:
            raise CheckpointError(f"{path} is damaged: it has another size than was written.")
        # What was checked is what is read, and is read from the disk once.
        with closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as data:
            found = hmac.new(secret, _MARK + label, hashlib.sha256)
            found.update(data)
            if not hmac.compare_digest(found.digest(), mark):
                raise CheckpointError(f"{path} is damaged: it is not what was written.")
            return pickle.loads(data)
