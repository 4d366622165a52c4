"""Which items wait, are out, or are done: the book-keeping of a run, without any doing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from parflow_jupyter.maps.pieces import Pieces

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING", "__slots__": ()})()
"""Stands in the values of a run where an item has no result."""


class ItemQueue:
    """Items by state, and their results in input order.

    Args:
        total: Number of items.

    Example:
        >>> item_queue = ItemQueue(3)
        >>> item_queue.take(2)
        range(0, 2)
        >>> item_queue.put([0, 1], ["a", "b"])
        2
        >>> item_queue.waiting, item_queue.done, item_queue.values[:2]
        (1, 2, ['a', 'b'])
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.values: list[Any] = [MISSING] * total
        self.done = 0
        self._settled = bytearray(total)
        self._ranges: deque[range] = deque([range(total)] if total else [])
        self._again: deque[int] = deque()
        self._suspects: deque[Sequence[int]] = deque()
        self.waiting = total

    def take(self, size: int) -> Sequence[int]:
        """Take up to ``size`` waiting items out; suspects of killing engines go last."""
        while self.waiting:
            taken = self._take(size)
            self.waiting -= len(taken)
            if self._any_settled(taken):
                taken = [index for index in taken if not self.is_settled(index)]
            if len(taken):
                return taken
        return ()

    def _take(self, size: int) -> Sequence[int]:
        if self._again:
            return [self._again.popleft() for _ in range(min(size, len(self._again)))]
        if self._ranges:
            first = self._ranges.popleft()
            if len(first) > size:
                self._ranges.appendleft(first[size:])
            return first[:size]
        return self._suspects.popleft()

    def give_back(self, indices: Sequence[int], *, suspect: bool = False) -> None:
        """Let items wait again, before the others; suspects wait as a group behind all others."""
        if not len(indices):
            return
        self.waiting += len(indices)
        if suspect:
            self._suspects.append(indices)
        elif isinstance(indices, range):
            self._ranges.appendleft(indices)
        else:
            self._again.extend(indices)

    def put(self, indices: Sequence[int], values: list[Any]) -> int:
        """Keep results; of two answers for an item the first counts. Return how many were new."""
        if not len(indices):
            return 0
        if isinstance(indices, range) and not self._any_settled(indices):
            start, stop = indices[0], indices[-1] + 1
            self.values[start:stop] = values
            self._settled[start:stop] = b"\1" * len(indices)
            self.done += len(indices)
            return len(indices)
        new = 0
        for index, value in zip(indices, values, strict=True):
            if not self._settled[index]:
                self.values[index] = value
                self._settled[index] = 1
                new += 1
        self.done += new
        return new

    def reopen(self, indices: Sequence[int]) -> None:
        """Let items wait as if they had never been run, and none but them.

        Example:
            >>> item_queue = ItemQueue(2)
            >>> count = item_queue.put(item_queue.take(2), ["a", "b"])
            >>> item_queue.reopen([1])
            >>> item_queue.take(5), item_queue.values
            ([1], ['a', MISSING])
        """
        for index in indices:
            self.done -= self._settled[index]
            self._settled[index] = 0
            self.values[index] = MISSING
        self._ranges.clear()
        self._suspects.clear()
        self._again = deque(indices)
        self.waiting = len(indices)

    def is_settled(self, index: int) -> bool:
        """Return whether an item has its result or its final failure."""
        return bool(self._settled[index])

    @property
    def finished(self) -> bool:
        """Whether every item is settled."""
        return self.done >= self.total

    def _any_settled(self, indices: Sequence[int]) -> bool:
        if isinstance(indices, range):
            return self._settled.find(1, indices[0], indices[-1] + 1) >= 0
        return any(self._settled[index] for index in indices)


def part(column: Any, indices: Sequence[int]) -> Sequence[Any]:
    """Return the values of a column at some indices.

    Example:
        >>> part("abcd", [3, 1])
        ['d', 'b']
    """
    if isinstance(indices, range):
        taken: Sequence[Any] = column[indices.start : indices.stop]
        return taken
    picked: list[Any]
    picked = column.pick(indices) if isinstance(column, Pieces) else [column[i] for i in indices]
    return picked
