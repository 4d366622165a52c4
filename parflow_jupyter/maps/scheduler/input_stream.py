"""Input of unknown length: read a little ahead of what is needed, and forgotten once it is used."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from parflow_jupyter.errors import UnequalLengthsError
from parflow_jupyter.maps.scheduler.item_queue import ItemQueue

MOST_AHEAD = 20_000
"""Items that are read, run or waiting to be taken at one time, at most."""
PER_SLOT = 4


class Window:
    """The part of a column that is still needed, by index.

    Example:
        >>> window = Window()
        >>> window.add(5, "a"); window.add(6, "b")
        >>> window[5:7], window[6]
        (['a', 'b'], 'b')
    """

    def __init__(self) -> None:
        self._items: dict[int, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self._items[index] for index in range(key.start, key.stop)]
        return self._items[key]

    def __len__(self) -> int:
        return len(self._items)

    def add(self, index: int, value: Any) -> None:
        """Keep an item."""
        self._items[index] = value

    def drop(self, index: int) -> None:
        """Forget an item."""
        del self._items[index]


class StreamItemQueue(ItemQueue):
    """The queue of a run whose items come little by little; results wait to be taken.

    Example:
        >>> item_queue = StreamItemQueue()
        >>> item_queue.feed(2)
        >>> item_queue.take(5), item_queue.finished
        (range(0, 2), False)
        >>> item_queue.put([1], ["b"]), list(item_queue.ready)
        (1, [(1, 'b')])
    """

    def __init__(self) -> None:
        super().__init__(0)
        self.exhausted = False
        self.ready: deque[tuple[int, Any]] = deque()
        self.arrived = threading.Event()
        self._open: set[int] = set()

    def feed(self, count: int) -> None:
        """Let more items wait."""
        new = range(self.total, self.total + count)
        self.total += count
        self.waiting += count
        self._open.update(new)
        if self._ranges and self._ranges[-1].stop == new.start:
            new = range(self._ranges.pop().start, new.stop)
        self._ranges.append(new)

    def put(self, indices: Sequence[int], values: list[Any]) -> int:
        """Keep results until they are taken; of two answers for an item the first counts."""
        new = [pair for pair in zip(indices, values, strict=True) if pair[0] in self._open]
        self._open.difference_update(index for index, _ in new)
        self.ready.extend(new)
        self.done += len(new)
        self.arrived.set()
        return len(new)

    def is_settled(self, index: int) -> bool:
        """Return whether an item has its result or its final failure."""
        return index not in self._open

    @property
    def finished(self) -> bool:
        """Whether the input has ended, and every item is settled."""
        return self.exhausted and self.done >= self.total

    def _any_settled(self, indices: Sequence[int]) -> bool:
        return any(index not in self._open for index in indices)


class InputStream:
    """Reads iterables in a thread of its own, never further ahead than allowed.

    Args:
        iterables: Of the same length, which need not be known.
    """

    def __init__(self, iterables: Sequence[Iterable[Any]]) -> None:
        self.columns = [Window() for _ in iterables]
        self.item_queue = StreamItemQueue()
        self.problem: BaseException | None = None
        self._iterables = iterables
        self._rows: deque[tuple[Any, ...]] = deque()
        self._room = threading.Condition()
        self._limit = PER_SLOT
        self._ahead = 0
        self._ended = self._closed = False

    def start(self, wake: Callable[[], None] = lambda: None) -> None:
        """Begin to read.

        Args:
            wake: Called in the reading thread when there is something to take in.
        """
        self._wake = wake
        threading.Thread(target=self._read, name="map input", daemon=True).start()

    def take_in(self, slots: int, size: int) -> None:
        """Move what was read into the queue; called by the runner, in its thread.

        Args:
            slots: Slots that there are.
            size: Items that a batch gets at the present pace.
        """
        limit = min(MOST_AHEAD, PER_SLOT * max(slots, 1) * size)
        with self._room:
            if limit > self._limit:
                self._limit = limit
                self._room.notify_all()
            ended, count = self._ended, len(self._rows)
            rows = [self._rows.popleft() for _ in range(count)]
        for index, row in enumerate(rows, self.item_queue.total):
            for column, value in zip(self.columns, row, strict=True):
                column.add(index, value)
        if rows:
            self.item_queue.feed(count)
        self.item_queue.exhausted = ended
        if self.item_queue.finished:
            self.item_queue.arrived.set()

    def taken(self, index: int) -> None:
        """Forget an item whose result was taken, and make room for another."""
        for column in self.columns:
            column.drop(index)
        with self._room:
            self._ahead -= 1
            self._room.notify_all()

    def close(self) -> None:
        """Read no more."""
        with self._room:
            self._closed = True
            self._room.notify_all()

    def _read(self) -> None:
        try:
            for row in _in_step(self._iterables):
                if not self._keep(row):
                    return
        except BaseException as error:
            self.problem = error
        with self._room:
            self._ended = True
        self._wake()

    def _keep(self, row: tuple[Any, ...]) -> bool:
        with self._room:
            while self._ahead >= self._limit and not self._closed:
                self._room.wait()
            self._ahead += 1
            self._rows.append(row)
            first, closed = len(self._rows) == 1, self._closed
        if first:
            self._wake()
        return not closed


def _in_step(iterables: Sequence[Iterable[Any]]) -> Iterable[tuple[Any, ...]]:
    if len(iterables) == 1:
        yield from ((item,) for item in iterables[0])
        return
    missing = object()
    iterators = [iter(iterable) for iterable in iterables]
    count = 0
    while True:
        row = tuple(next(iterator, missing) for iterator in iterators)
        ended = sum(value is missing for value in row)
        if ended == len(row):
            return
        if ended:
            raise UnequalLengthsError([count + (value is not missing) for value in row])
        yield row
        count += 1
