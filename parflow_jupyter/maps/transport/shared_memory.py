"""Memory that processes of one host share, and that no crash leaves behind.

It has no name: others of the same user reach it through the process that made
it, and the system frees it when the last that uses it is gone, however that
ended. Linux only; elsewhere, and on other hosts, there is none.
"""

from __future__ import annotations

import mmap
import os
import struct
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from parflow_jupyter._system.process import boot_id

_SLOTS = 4096
_PLACE = 16
IDLE = -1


@dataclass(frozen=True)
class Address:
    """Where memory is: which boot of which host, which process, which of its files."""

    boot: str
    pid: int
    descriptor: int
    device: int
    inode: int

    def open(self, flags: int = os.O_RDONLY) -> int | None:
        """Return a new descriptor of the memory, or None where it is out of reach."""
        if self.boot != boot_id():
            return None
        # By now it may be something else, whose opening must not wait or do anything.
        flags |= os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        try:
            found = os.open(f"/proc/{self.pid}/fd/{self.descriptor}", flags)
        except OSError:
            return None
        facts = os.fstat(found)
        if (facts.st_dev, facts.st_ino) != (self.device, self.inode):
            # The same numbers in another container, or of another process by now.
            os.close(found)
            return None
        return found


class SharedMemory:
    """Shared memory of this process, readable by its user only.

    Args:
        size: Bytes that it has from the start.
        name: What system tools show it as.

    Raises:
        OSError: This system has none.

    Example:
        >>> memory = SharedMemory()
        >>> place = memory.add(b"abc")
        >>> memory.add(b"de") > place
        True
        >>> memory.close()
    """

    def __init__(self, size: int = 0, name: str = "parflow") -> None:
        if not hasattr(os, "memfd_create") or not boot_id():
            raise OSError("this system has no memory without a name")
        self.descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
        # Where nobody closes it. A __del__ could swallow an interrupt, whenever one is freed.
        self._ending = weakref.finalize(self, os.close, self.descriptor)
        os.fchmod(self.descriptor, 0o600)
        self._size = 0
        self._grow(size)
        facts = os.fstat(self.descriptor)
        self.address = Address(boot_id(), os.getpid(), self.descriptor, facts.st_dev, facts.st_ino)

    def add(self, data: Any) -> int:
        """Copy bytes to the end, and return where they begin: at the start of a page."""
        place = self._size
        size = write(self.descriptor, data, place)
        self._grow(-(-size // mmap.PAGESIZE) * mmap.PAGESIZE)
        return place

    def map(self) -> mmap.mmap:
        """Return the memory, readable and writable."""
        return mmap.mmap(self.descriptor, self._size)

    def close(self) -> None:
        """Let go of it."""
        self._ending()

    def _grow(self, by: int) -> None:
        self._size += by
        os.ftruncate(self.descriptor, self._size)


def write(descriptor: int, data: Any, place: int = 0) -> int:
    """Write bytes to a file, and return how many they are.

    Raises:
        OSError: There is no room.
    """
    view = memoryview(data).cast("B")
    done = 0
    while done < len(view):
        done += os.pwrite(descriptor, view[done : done + (1 << 30)], place + done)
    return len(view)


class Marks:
    """Where each slot of a run is: written by the slots, and readable when they are dead.

    Example:
        >>> marks = Marks()
        >>> marks.running("engine 0") is None
        True
        >>> marks.close()
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._memory: SharedMemory | None = None
        self._map: mmap.mmap | None = None
        with suppress(OSError):
            self._memory = SharedMemory(_SLOTS * _PLACE, "parflow-marks")
            self._map = self._memory.map()

    @property
    def there(self) -> bool:
        """Whether this system has such memory."""
        return self._map is not None

    def place(self, slot: str) -> tuple[Address, int] | None:
        """Return where a slot, which is new or starts anew, writes its mark."""
        if self._memory is None or self._map is None or len(self._places) >= _SLOTS:
            return None
        place = self._places.setdefault(slot, len(self._places) * _PLACE)
        struct.pack_into("qq", self._map, place, IDLE, IDLE)
        return self._memory.address, place

    def running(self, slot: str) -> tuple[int, int] | None:
        """Return the batch a slot was last seen in, and the item's place there, if known."""
        place = self._places.get(slot)
        if self._map is None or place is None:
            return None
        batch, position = struct.unpack_from("qq", self._map, place)
        return (batch, position) if batch != IDLE and position != IDLE else None

    def reached(self, slot: str) -> bool:
        """Return whether a slot has written its mark, and so can reach this process's memory."""
        place = self._places.get(slot)
        if self._map is None or place is None:
            return False
        return bool(struct.unpack_from("qq", self._map, place)[1] != IDLE)

    def close(self) -> None:
        """Let go of the memory."""
        if self._map is not None:
            self._map.close()
            self._map = None
        if self._memory is not None:
            self._memory.close()


def open_mark(where: tuple[Address, int] | None) -> Sequence[int] | None:
    """Return a slot's mark, to write batch and position into, or None where it is out of reach."""
    if where is None:
        return None
    address, place = where
    descriptor = address.open(os.O_RDWR)
    if descriptor is None:
        return None
    try:
        mapped = mmap.mmap(descriptor, _SLOTS * _PLACE)
    finally:
        os.close(descriptor)
    return memoryview(mapped)[place : place + _PLACE].cast("q")
