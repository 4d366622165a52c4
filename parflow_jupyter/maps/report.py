"""What is known about a run: which scheme and why, times, engines, retries, failures."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from parflow_jupyter.errors import EngineLostError, InvalidInputError


@dataclass(frozen=True)
class ItemFailure:
    """One item that failed for good.

    Args:
        index: Its position in the input, from 0.
        item: The value, or the tuple of values, the function was called with.
        exception: What it raised.
        traceback: The formatted traceback from where it ran.
        engine: Where it ran, or None.
        attempts: How often it was tried.
        replay: Runs the item here; given by the run it belongs to.
    """

    index: int
    item: Any
    exception: BaseException
    traceback: str
    engine: str | None
    attempts: int = 1
    replay: Callable[[ItemFailure], Any] | None = field(default=None, repr=False, compare=False)

    def rerun(self, *, anyway: bool = False) -> Any:
        """Run the item here, in this process, with its input and its random numbers.

        The exception comes from the function itself, so that ``%debug`` stops in it. The result
        of the map stays as it is.

        Args:
            anyway: Also where the item ended the process that ran it.

        Returns:
            What the function returns, should it not fail here.

        Raises:
            InvalidInputError: The item ended its process, and ``anyway`` was not given.
            Exception: The function's own.

        Example:
            >>> from parflow_jupyter.maps import MapOptions, run_map
            >>> options = MapOptions(on_error="collect")
            >>> result = run_map(lambda x: 1 / x, [[1, 0]], options=options)
            >>> result.errors[0].rerun()
            Traceback (most recent call last):
            ...
            ZeroDivisionError: division by zero
        """
        __tracebackhide__ = True
        if isinstance(self.exception, EngineLostError) and not anyway:
            raise InvalidInputError(
                f"Item {self.index} ended the process that ran it, and may end this one too: save "
                f"the notebook, and call rerun(anyway=True)."
            )
        if self.replay is None:
            raise InvalidInputError(f"Item {self.index} came without its function: map it again.")
        return self.replay(self)


@dataclass(frozen=True)
class ItemTime:
    """Where and when an item ran: seconds since the epoch, and seconds it took.

    ``failed`` tells whether it raised; it may have been run again then.
    """

    index: int
    engine: str
    started: float
    seconds: float
    failed: bool = False


@dataclass(frozen=True)
class BatchRecord:
    """The times of a batch as they came, one column per fact; ``failed`` are positions in it."""

    engine: str
    indices: Sequence[int]
    started: float
    stops: array[float]
    failed: frozenset[int] = frozenset()


@dataclass
class Report:
    """How a run went.

    Args:
        run: Identity of the run.
        scheme: Name of the scheme that ran it.
        reason: Why this scheme.
        label: What the run is called.
        total: Number of items.
        entropy: The seed: what was given, or drawn for a function that uses random numbers; a run
            with ``seed=`` this gives the same again. None if the items were not seeded.
        elapsed: Seconds from start to end.
        retries: How often an item was run again after it raised.
        engine_retries: How often an item was run again after its engine was lost.
        kept: Items whose results were kept from earlier runs, and not computed again.
        not_run: Items without result, because the run was stopped.
        slots: Slots that took part.
        about: What is known of the processes behind them: host, pid, Python.
        left_out: Slots that could not, and why.
        output: What items printed: index, stream, text.
    """

    run: str
    scheme: str
    reason: str
    label: str
    total: int
    entropy: int | None = None
    elapsed: float = 0.0
    retries: int = 0
    engine_retries: int = 0
    kept: int = 0
    not_run: int = 0
    slots: list[str] = field(default_factory=list)
    about: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    left_out: list[str] = field(default_factory=list)
    output: list[tuple[int, str, str]] = field(default_factory=list)
    batches: list[BatchRecord] = field(default_factory=list, repr=False)

    def items(self) -> Iterator[ItemTime]:
        """Yield where and when each item ran, in the order in which the batches came back."""
        for batch in self.batches:
            before = 0.0
            for k, (index, stop) in enumerate(zip(batch.indices, batch.stops, strict=False)):
                begin, failed = batch.started + before, k in batch.failed
                yield ItemTime(index, batch.engine, begin, stop - before, failed)
                before = stop

    @property
    def item_seconds(self) -> float:
        """Sum of the times that the items took."""
        return sum(batch.stops[-1] for batch in self.batches if batch.stops)

    @property
    def speed_up(self) -> float:
        """Estimate of how much faster this was than one item after the other."""
        return self.item_seconds / self.elapsed if self.elapsed else 1.0
