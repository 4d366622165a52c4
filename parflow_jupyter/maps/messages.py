"""What goes to a slot and what comes back: batches and columnar batch results.

Values travel as one list, and everything that is rare (failures, output) as
sparse lists beside it: a tuple per item costs three times as much at a
million items.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from parflow_jupyter.maps.options import MapOptions


@dataclass(frozen=True)
class Batch:
    """Items that one slot runs one after the other.

    Args:
        run: Identity of the run.
        id: Number of the batch within the run.
        indices: Position of each item in the input, from 0.
        columns: One sequence of values per iterable, as long as ``indices``.
        budget: Seconds after which the slot hands the rest back, or None for never.
    """

    run: str
    id: int
    indices: Sequence[int]
    columns: list[Sequence[Any]]
    budget: float | None = None


class RunSetup(NamedTuple):
    """What all batches of a run need, and goes to each slot once.

    Args:
        options: What the caller asked for, whole, but for its functions; the seed is the run's.
        function: The function and ``init``, pickled.
        parts: Numbers of the shared arrays that these refer to.
        sources: Source text of the function's notebook cells, by file name.
        paths: Folders from which the caller imports, beside what is installed.
        folder: Where the caller is.
        mark: Where the slot writes which item it runs, or None.
    """

    options: MapOptions
    function: bytes
    parts: tuple[int, ...]
    sources: dict[str, str]
    paths: tuple[str, ...]
    folder: str
    mark: Any


class SharedPlaces(NamedTuple):
    """Where the shared arrays are that a batch needs.

    Args:
        memory: Address of the memory of the caller's host, or None.
        places: Start in that memory, or None, and size, by number.
        data: Content, by number, for a slot that can't reach that memory.
    """

    memory: Any = None
    places: dict[int, tuple[int | None, int]] = {}  # noqa: RUF012 - nobody writes into it
    data: dict[int, bytes] = {}  # noqa: RUF012 - likewise


class BatchHeader(NamedTuple):
    """What a slot is told of a batch beside its items: a tuple, because it goes with each one.

    Args:
        run: Identity of the run.
        batch: Number of the batch.
        indices: Position of each item in the input.
        budget: Seconds after which the slot hands the rest back, or None.
        key: Names the function by its content.
        items: Numbers of the shared arrays that the items refer to.
        buffer: Where a large answer may be put, or None.
        shared: Where these arrays are, or None.
        setup: What the slot needs of the run, in its first batch.
    """

    run: str
    batch: int
    indices: Sequence[int]
    budget: float | None
    key: str
    items: list[int]
    buffer: Any = None
    shared: SharedPlaces | None = None
    setup: RunSetup | None = None


TIMED_OUT = "ItemTimeoutError"
"""Kind of the failure of an item that was interrupted by its timeout."""


@dataclass(frozen=True)
class Failure:
    """What one item raised, in a form that survives any transport.

    ``pickled`` is the exception itself where it can make the round trip, else None.
    """

    position: int
    kind: str
    text: str
    traceback: str
    pickled: bytes | None = None
    exception: BaseException | None = None


@dataclass
class BatchResult:
    """The answer to a batch.

    Args:
        batch: Number of the batch.
        state: "done", "partial" (the rest was handed back), "interrupted", "early" (the batch
            goes on), or why nothing ran: "need-function", "bad-function", "bad-init", "bad-items".
        values: Results of the first items of the batch; None where an item failed.
        failures: The items that failed.
        started: When the first item began, seconds since the epoch.
        stops: When each item ended, seconds after ``started``.
        output: (position, "stdout" or "stderr", text), bounded.
        message: Says more where nothing ran.
        shown: Returns the output while the batch runs.
    """

    batch: int
    state: str = "done"
    values: list[Any] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    started: float = 0.0
    stops: array[float] = field(default_factory=lambda: array("d"))
    output: list[tuple[int, str, str]] = field(default_factory=list)
    message: str = ""
    shown: Callable[[], list[tuple[int, str, str]]] | None = None

    def part(self, first: int) -> BatchResult | None:
        """Return what is known so far from an item on, or None if that is nothing.

        The batch may be running: an item counts once its time is there, which is kept last.

        Args:
            first: Position of the item in the batch.

        Example:
            >>> BatchResult(3, values=["a", "b"], stops=array("d", [0.1, 0.2])).part(1).values
            ['b']
        """
        upto = len(self.stops)
        if upto <= first:
            return None
        before = self.stops[first - 1] if first else 0.0
        failures = [f for f in list(self.failures) if first <= f.position < upto]
        output = self.output if self.shown is None else self.shown()
        return BatchResult(
            self.batch,
            "early",
            self.values[first:upto],
            [replace(failure, position=failure.position - first) for failure in failures],
            self.started + before,
            array("d", (stop - before for stop in self.stops[first:upto])),
            [(k - first, stream, text) for k, stream, text in output if first <= k < upto],
        )
