"""Large arrays of a run, kept once per host instead of sent with every item.

They are copied once to memory that the slots of this host map, read-only;
slots of other hosts get the bytes once each. Only what pickle hands over as a
buffer is shared (arrays of numpy, columns of pandas and the like), and bytes.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from parflow_jupyter._system.pickling import Pickler
from parflow_jupyter.maps.messages import SharedPlaces
from parflow_jupyter.maps.transport.shared_memory import SharedMemory
from parflow_jupyter.maps.transport.size_warnings import first_of

LARGE = 1 << 20
"""Bytes from which a buffer is shared."""

Key = tuple[int, int]
_SIMPLE = (int, float, complex, str, bool, type(None))


class SharedArrays:
    """The buffers that one run shares, by number.

    Example:
        >>> shares = SharedArrays()
        >>> pickled, numbers = shares.dumps(["a", bytes(2 << 20)])
        >>> len(pickled) < 100, numbers
        (True, [0])
        >>> shares.close()
    """

    def __init__(self) -> None:
        self._memory: SharedMemory | None = None
        with suppress(OSError):
            self._memory = SharedMemory(name="parflow-shared")
        self._data: list[memoryview] = []
        self._places: list[int | None] = []
        self._numbers: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._data)

    def dumps(self, value: Any) -> tuple[bytes, list[int]]:
        """Pickle a value, with the numbers of its large buffers instead of their content."""
        return self._dumps(value, lambda key: True, bytes_too=True)

    def dumps_items(self, columns: Any) -> tuple[bytes, list[int]]:
        """Pickle items; buffers that several items have are shared."""
        # Bytes are found by a call per object, which many small items would feel.
        bytes_too = any(data.obj.__class__ is bytes for data in self._data)
        return self._dumps(columns, lambda key: False, bytes_too)

    def look_at(self, columns: Sequence[Sequence[Any]]) -> None:
        """Share what several items have; items that have nothing large cost nothing.

        Args:
            columns: The input, one sequence per iterable.
        """
        found: Counter[Key] = Counter()
        views: dict[Key, memoryview] = {}
        for column, first in zip(columns, first_of(columns), strict=True):
            if any(not isinstance(value, _SIMPLE) and _large_of(value) for value in first):
                for value in column:
                    own = _large_of(value)
                    views |= own
                    found.update(own.keys())
        for key, count in found.items():
            if count > 1:
                self._add(key, views[key])

    def places_of(self, numbers: Sequence[int], *, afar: bool) -> SharedPlaces:
        """Return where a slot finds some buffers.

        Args:
            numbers: Which.
            afar: Whether the slot can't reach this host's memory, and has to be sent the bytes.
        """
        here = {n: (self._places[n], len(self._data[n])) for n in numbers}
        far = {n: bytes(self._data[n]) for n in numbers if afar or self._places[n] is None}
        address = self._memory.address if self._memory is not None else None
        return SharedPlaces(address, here, far)

    def close(self) -> None:
        """Let go of the memory, and of the arrays."""
        if self._memory is not None:
            self._memory.close()
        self._data.clear()

    def _dumps(
        self, value: Any, wanted: Callable[[Key], bool], bytes_too: bool
    ) -> tuple[bytes, list[int]]:
        numbers: list[int] = []
        of_bytes: list[int] = []

        def take(view: memoryview) -> int | None:
            if len(view) < LARGE:
                return None
            key = _key(view)
            return self._add(key, view) if key in self._numbers or wanted(key) else None

        def out_of_band(buffer: pickle.PickleBuffer) -> bool:
            number = take(buffer.raw())
            if number is None:
                return True
            numbers.append(number)
            return False

        file = io.BytesIO()
        if bytes_too:
            _BytesToo(file, out_of_band, take, of_bytes).dump(value)
        else:
            Pickler(file, protocol=5, buffer_callback=out_of_band).dump(value)
        # Buffers come first, because they are read in their order; bytes are found by number.
        return file.getvalue(), numbers + of_bytes

    def _add(self, key: Key, view: memoryview) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._data)
            self._data.append(view)
            self._places.append(self._copied(view))
        return number

    def _copied(self, view: memoryview) -> int | None:
        try:
            return self._memory.add(view) if self._memory is not None else None
        except OSError:
            return None


class _BytesToo(Pickler):
    def __init__(
        self,
        file: io.BytesIO,
        out_of_band: Callable[[pickle.PickleBuffer], bool],
        take: Callable[[memoryview], int | None],
        taken: list[int],
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=out_of_band)
        self._take, self._taken = take, taken

    def persistent_id(self, value: Any) -> int | None:
        if value.__class__ is bytes and len(value) >= LARGE:
            number = self._take(memoryview(value))
            if number is not None:
                self._taken.append(number)
            return number
        return None


def load(pickled: bytes, numbers: Sequence[int], held: dict[int, memoryview]) -> Any:
    """Return what was pickled, with its large buffers as they are held here.

    Args:
        pickled: From ``SharedArrays.dumps``.
        numbers: From there, too.
        held: Buffers by number.

    Example:
        >>> shares = SharedArrays()
        >>> pickled, numbers = shares.dumps(bytes(2 << 20))
        >>> len(load(pickled, numbers, {0: memoryview(bytes(2 << 20))}))
        2097152
    """
    if not held:
        return pickle.loads(pickled)
    return _Unpickler(pickled, numbers, held).load()


class _Unpickler(pickle.Unpickler):
    def __init__(self, pickled: bytes, numbers: Sequence[int], held: dict[int, memoryview]) -> None:
        super().__init__(io.BytesIO(pickled), buffers=[held[n] for n in numbers])
        self._held = held

    def persistent_load(self, number: Any) -> bytes:
        return bytes(self._held[number])


def _large_of(value: Any) -> dict[Key, memoryview]:
    found: dict[Key, memoryview] = {}

    def look(view: memoryview) -> int | None:
        if len(view) < LARGE:
            return None
        found[_key(view)] = view
        return 0

    # Nothing large is copied into the pickle, which nobody reads.
    pickler = _BytesToo(io.BytesIO(), lambda buffer: look(buffer.raw()) is None, look, [])
    # What can't be pickled is told where it is sent.
    with suppress(Exception):
        pickler.dump(value)
    return found


def _key(view: memoryview) -> Key:
    # The place of the data: arrays that share it may be objects made on the fly.
    numpy = sys.modules.get("numpy")
    if numpy is None or not len(view):
        return id(view.obj), len(view)
    start: int = numpy.frombuffer(view, "u1").__array_interface__["data"][0]
    return start, len(view)
