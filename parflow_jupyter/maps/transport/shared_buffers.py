"""Large batches and their answers: handed over in memory of this host, instead of being sent.

What is sent goes through several processes, each of which copies it. A tray is memory of the
client's for one batch: it holds what the slot is to load, and then what the slot answers. It
goes with the client, whatever becomes of the slot, and nobody writes to it who is not asked.
"""

from __future__ import annotations

import mmap
import os
import pickle
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.maps.transport.shared_memory import Address, Memory, write

LARGE = 1 << 20
"""Bytes from which it is worth it."""

KEPT = 32 << 20
"""Bytes up to which a tray is kept for another batch."""


@dataclass(frozen=True)
class OnTray:
    """Stands for bytes that are on a tray.

    Args:
        batch: Whose tray it is.
        address: Where it is.
        size: How many bytes they are.
    """

    batch: int
    address: Address
    size: int

    def read(self) -> Any:
        """Return what was pickled, or None where the tray is out of reach."""
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


class Trays:
    """The trays of one run, at the client.

    Example:
        >>> trays = Trays()
        >>> lent = trays.lend(7)
        >>> answer = answered(pickle.dumps([1, 2] * 1_000_000), lent)
        >>> weight(answer) > LARGE > len(answer)
        True
        >>> trays.read(pickle.loads(answer)) == [1, 2] * 1_000_000
        True
        >>> trays.close()
    """

    def __init__(self) -> None:
        self._free: list[Memory] = []
        self._lent: dict[int, Memory] = {}

    def lend(self, batch: int) -> OnTray | None:
        """Return a tray for a batch, None where there can't be one."""
        try:
            tray = self._free.pop() if self._free else Memory(name="parflow-tray")
        except OSError:
            return None
        self._lent[batch] = tray
        return OnTray(batch, tray.address, 0)

    def put(self, batch: int, data: bytes) -> bytes:
        """Put a packed batch on its tray, and return what is sent instead of it."""
        tray = self._lent.get(batch)
        if tray is None or len(data) < LARGE:
            return data
        try:
            return pickle.dumps(OnTray(batch, tray.address, write(tray.descriptor, data)))
        except OSError:
            return data

    def read(self, answer: OnTray) -> Any:
        """Return the answer that a slot put on a batch's tray."""
        return _loaded(self._lent[answer.batch].descriptor, answer.size)

    def give_back(self, batch: int) -> None:
        """Take a batch's tray, if it has one, for another one: it was answered."""
        # One of a batch that never was is not used again: its slot may only be late.
        tray = self._lent.pop(batch, None)
        if tray is None:
            return
        if os.fstat(tray.descriptor).st_size > KEPT:
            tray.close()
        else:
            self._free.append(tray)

    def drop(self, batch: int) -> None:
        """Let go of a batch's tray, if it has one."""
        tray = self._lent.pop(batch, None)
        if tray is not None:
            tray.close()

    def close(self) -> None:
        """Let go of all of them."""
        for tray in (*self._free, *self._lent.values()):
            tray.close()
        self._free.clear()
        self._lent.clear()


def answered(packed: bytes, tray: OnTray | None) -> bytes:
    """Return a packed answer, or what stands for it, at the slot.

    Args:
        packed: The answer.
        tray: Where it may be put if it is large.
    """
    if tray is None or len(packed) < LARGE:
        return packed
    descriptor = tray.address.open(os.O_RDWR)
    if descriptor is None:
        return packed
    try:
        write(descriptor, packed)
    except OSError:
        # The memory of this host is full: the other way needs it only for a moment.
        return packed
    finally:
        os.close(descriptor)
    return pickle.dumps(OnTray(tray.batch, tray.address, len(packed)))


def weight(answer: Any) -> int:
    """Return how many bytes an answer takes, also where something small stands for it.

    Example:
        >>> weight(b"abc"), weight(ValueError())
        (3, 0)
    """
    if not isinstance(answer, bytes):
        return 0
    if len(answer) < 1000 and b"OnTray" in answer:
        with suppress(Exception):
            found = pickle.loads(answer)
            return found.size if isinstance(found, OnTray) else len(answer)
    return len(answer)


def _loaded(descriptor: int, size: int) -> Any:
    flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
    with mmap.mmap(descriptor, size, flags=flags, prot=mmap.PROT_READ) as mapped:
        return pickle.loads(mapped)
