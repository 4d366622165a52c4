"""What is known about a run: which scheme and why, times, engines, retries, failures."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from parflow_jupyter.errors import EngineLostError, InvalidInputError

KEPT_OUTPUT = 10_000_000
"""Characters that a run keeps of what its items print."""
CUT = "... (what items printed after this is not kept)\n"


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
        not_run: Items without result, because the run was stopped.
        slots: Slots that took part.
        about: What is known of the processes behind them: host, pid, Python.
        left_out: Slots that could not, and why.
        output: What items printed and warned of, bounded: index, stream, text.
        checkpoint: Name under which results are kept, or None.
        kept: Items that were not run, because an earlier run had kept their results.
        not_kept: Why the result of an item was not kept, by index.
        changed: What is different from the run before under this name, in words.
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
    not_run: int = 0
    slots: list[str] = field(default_factory=list)
    about: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    left_out: list[str] = field(default_factory=list)
    output: list[tuple[int, str, str]] = field(default_factory=list)
    checkpoint: str | None = None
    kept: list[int] = field(default_factory=list, repr=False)
    not_kept: dict[int, str] = field(default_factory=dict, repr=False)
    changed: list[str] = field(default_factory=list)
    batches: list[BatchRecord] = field(default_factory=list, repr=False)
    kept_output: int = field(default=0, repr=False)
    _kept_cache: frozenset[int] = field(default=frozenset(), repr=False, compare=False)

    def keep_output(self, printed: Iterable[tuple[int, str, str]]) -> None:
        """Keep what items printed: index, stream, text; what is too much is dropped, with a note.

        Example:
            >>> report = Report(run="r", scheme="s", reason="", label="f", total=1)
            >>> report.keep_output([(0, "stdout", "hello"), (1, "stdout", "y" * KEPT_OUTPUT)])
            >>> [len(text) for _, _, text in report.output]
            [5, 48]
        """
        for index, stream, text in printed:
            if self.kept_output > KEPT_OUTPUT:
                return
            self.kept_output += len(text)
            fits = self.kept_output <= KEPT_OUTPUT
            self.output.append((index, stream, text if fits else CUT))

    def items(self) -> Iterator[ItemTime]:
        """Yield where and when each item ran, in the order in which the batches came back."""
        for batch in self.batches:
            before = 0.0
            for k, (index, stop) in enumerate(zip(batch.indices, batch.stops, strict=False)):
                begin, failed = batch.started + before, k in batch.failed
                yield ItemTime(index, batch.engine, begin, stop - before, failed)
                before = stop

    def origin(self, index: int) -> str:
        """Return where the result of an item is from, and whether it is kept, in words.

        Args:
            index: Position of the item.

        Example:
            >>> report = Report("r", "serial", "", "f", 3, checkpoint="c", kept=[0])
            >>> report.not_kept[1] = "it failed"
            >>> [report.origin(index) for index in range(3)]
            ['kept', 'not kept: it failed', 'computed']
        """
        if index in self.not_kept:
            return f"not kept: {self.not_kept[index]}"
        return "kept" if index in self._kept_set() else "computed"

    def _kept_set(self) -> frozenset[int]:
        if len(self._kept_cache) != len(self.kept):
            self._kept_cache = frozenset(self.kept)
        return self._kept_cache

    @property
    def item_seconds(self) -> float:
        """Sum of the times that the items took."""
        return sum(batch.stops[-1] for batch in self.batches if batch.stops)

    @property
    def speed_up(self) -> float:
        """Estimate of how much faster this was than one item after the other."""
        return self.item_seconds / self.elapsed if self.elapsed else 1.0
