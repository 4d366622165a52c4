"""Large arrays that an engine holds for the runs it takes part in, each once."""

from __future__ import annotations

import mmap
import os
import select
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from parflow_jupyter.maps.messages import SharedPlaces
from parflow_jupyter.maps.transport.shared_memory import Address

MOST_BYTES = 512 << 20
"""Bytes that came from other hosts and are kept, at most, beside those of the newest run."""


class ArrayCache:
    """Buffers by run and number.

    What lies in a client's memory is mapped, and let go of when the run ends or the client
    does; what came as bytes is kept up to a size, the oldest run out first.

    Args:
        most_bytes: That size.
        forgotten: Called with a run whose buffers were let go of.
    """

    def __init__(
        self, most_bytes: int = MOST_BYTES, forgotten: Callable[[str], None] | None = None
    ) -> None:
        self._runs: OrderedDict[str, dict[int, memoryview]] = OrderedDict()
        self._owners: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._watched: set[int] = set()
        self._most_bytes = most_bytes
        self._forgotten = forgotten
        self._lock = threading.Lock()

    def take(self, run: str, shared: SharedPlaces | None) -> dict[int, memoryview] | None:
        """Return a run's buffers, or None if one of those needed is out of reach.

        Args:
            run: Identity of the run.
            shared: Where those needed are; None if that is none.
        """
        if shared is None:
            return {}
        with self._lock:
            have = self._runs.setdefault(run, {})
            self._runs.move_to_end(run)
        for number, data in shared.data.items():
            have[number] = memoryview(data)
            self._sizes[run] = self._sizes.get(run, 0) + len(data)
        self._evict()
        for number in shared.places.keys() - have.keys():
            found = self._mapped(run, shared.memory, *shared.places[number])
            if found is None:
                return None
            have[number] = found
        return have

    def forget(self, run: str) -> None:
        """Let go of a run's buffers."""
        with self._lock:
            for kept in (self._runs, self._owners, self._sizes):
                kept.pop(run, None)
        if self._forgotten is not None:
            self._forgotten(run)

    def keeps(self, run: str, held: dict[int, memoryview]) -> bool:
        """Tell whether a run's buffers were not let go of since they were taken."""
        return self._runs.get(run) is held

    def runs(self) -> list[str]:
        """Return the runs that something is held for."""
        return list(self._runs)

    def _evict(self) -> None:
        for run in list(self._runs)[:-1]:
            if sum(self._sizes.values()) <= self._most_bytes:
                return
            if run in self._sizes:
                self.forget(run)

    def _mapped(
        self, run: str, address: Address | None, place: int | None, size: int
    ) -> memoryview | None:
        descriptor = address.open() if address is not None and place is not None else None
        if descriptor is None or address is None or place is None:
            return None
        try:
            mapped = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ, offset=place)
        finally:
            os.close(descriptor)
        self._owners[run] = address.pid
        self._watch(address.pid)
        return memoryview(mapped)

    def _watch(self, pid: int) -> None:
        if pid in self._watched:
            return
        self._watched.add(pid)
        threading.Thread(target=self._wait, args=(pid,), name="client", daemon=True).start()

    def _wait(self, pid: int) -> None:
        """Forget what a client shared once it is gone, also when it was killed."""
        with suppress(OSError):
            descriptor = os.pidfd_open(pid)
            try:
                waiting = select.poll()
                waiting.register(descriptor, select.POLLIN)
                waiting.poll()
            finally:
                os.close(descriptor)
        self._watched.discard(pid)
        for run, owner in list(self._owners.items()):
            if owner == pid:
                self.forget(run)
