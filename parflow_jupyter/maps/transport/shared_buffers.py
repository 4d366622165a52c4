"""Large batches and their answers: handed over in memory of this host, instead of being sent.

What is sent goes through several processes, each of which copies it. A shared buffer is memory
of the client's for one batch: it holds what the slot is to load, and then what the slot answers.
It goes with the client, whatever becomes of the slot, and nobody writes to it who is not asked.
"""

from __future__ import annotations

import mmap
import os
import pickle
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.maps.transport.shared_memory import Address, SharedMemory, write

LARGE = 1 << 20
"""Bytes from which it is worth it."""

KEPT = 32 << 20
"""Bytes up to which a shared buffer is kept for another batch."""


@dataclass(frozen=True)
class InSharedBuffer:
    """Stands for bytes that are in a shared buffer.

    Args:
        batch: Whose shared buffer it is.
        address: Where it is.
        size: How many bytes they are.
    """

    batch: int
    address: Address
    size: int

    def read(self) -> Any:
        """Return what was pickled, or None where the shared buffer is out of reach."""
        descriptor = self.address.open()
        if descriptor is None:
            return None
        try:
            return _loaded(descriptor, self.size)
        except OSError:
            # There is no room to map it.
            return None
        finally:
            os.close(descriptor)


_NAME = InSharedBuffer.__name__.encode()


class SharedBuffers:
    """The shared buffers of one run, at the client.

    Example:
        >>> buffers = SharedBuffers()
        >>> lent = buffers.lend(7)
        >>> answer = answered(pickle.dumps([1, 2] * 1_000_000), lent)
        >>> weight(answer) > LARGE > len(answer)
        True
        >>> buffers.read(pickle.loads(answer)) == [1, 2] * 1_000_000
        True
        >>> buffers.close()
    """

    def __init__(self) -> None:
        self._free: list[SharedMemory] = []
        self._lent: dict[int, SharedMemory] = {}

    def lend(self, batch: int) -> InSharedBuffer | None:
        """Return a shared buffer for a batch, None where there can't be one."""
        try:
            buffer = self._free.pop() if self._free else SharedMemory(name="parflow-buffer")
        except OSError:
            return None
        self._lent[batch] = buffer
        return InSharedBuffer(batch, buffer.address, 0)

    def put(self, batch: int, data: bytes) -> bytes:
        """Put a packed batch into its shared buffer, and return what is sent instead of it."""
        buffer = self._lent.get(batch)
        if buffer is None or len(data) < LARGE:
            return data
        try:
            return pickle.dumps(
                InSharedBuffer(batch, buffer.address, write(buffer.descriptor, data))
            )
        except OSError:
            return data

    def read(self, answer: InSharedBuffer) -> Any:
        """Return the answer that a slot put into a batch's shared buffer."""
        return _loaded(self._lent[answer.batch].descriptor, answer.size)

    def give_back(self, batch: int) -> None:
        """Take a batch's shared buffer, if it has one, for another one: it was answered."""
        # One of a batch that never was is not used again: its slot may only be late.
        buffer = self._lent.pop(batch, None)
        if buffer is None:
            return
        if os.fstat(buffer.descriptor).st_size > KEPT:
            buffer.close()
        else:
            self._free.append(buffer)

    def drop(self, batch: int) -> None:
        """Let go of a batch's shared buffer, if it has one."""
        buffer = self._lent.pop(batch, None)
        if buffer is not None:
            buffer.close()

    def close(self) -> None:
        """Let go of all of them."""
        for buffer in (*self._free, *self._lent.values()):
            buffer.close()
        self._free.clear()
        self._lent.clear()


def answered(packed: bytes, buffer: InSharedBuffer | None) -> bytes:
    """Return a packed answer, or what stands for it, at the slot.

    Args:
        packed: The answer.
        buffer: Where it may be put if it is large.
    """
    if buffer is None or len(packed) < LARGE:
        return packed
    descriptor = buffer.address.open(os.O_RDWR)
    if descriptor is None:
        return packed
    try:
        write(descriptor, packed)
    except OSError:
        # The memory of this host is full: the other way needs it only for a moment.
        return packed
    finally:
        os.close(descriptor)
    return pickle.dumps(InSharedBuffer(buffer.batch, buffer.address, len(packed)))


def weight(answer: Any) -> int:
    """Return how many bytes an answer takes, also where something small stands for it.

    Example:
        >>> weight(b"abc"), weight(ValueError())
        (3, 0)
    """
    if not isinstance(answer, bytes):
        return 0
    if len(answer) < 1000 and _NAME in answer:
        with suppress(Exception):
            found = pickle.loads(answer)
            return found.size if isinstance(found, InSharedBuffer) else len(answer)
    return len(answer)


def _loaded(descriptor: int, size: int) -> Any:
    flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
    with mmap.mmap(descriptor, size, flags=flags, prot=mmap.PROT_READ) as mapped:
        return pickle.loads(mapped)
