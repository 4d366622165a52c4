"""Turns answers of slots into results, retries and failures."""

from __future__ import annotations

import heapq
import pickle
import time
from collections.abc import Callable, Sequence
from typing import Any

from parflow_jupyter._system.exceptions import add_note
from parflow_jupyter._system.words import text_of
from parflow_jupyter.errors import EngineLostError, ItemError, ItemTimeoutError
from parflow_jupyter.maps.abc import HERE
from parflow_jupyter.maps.messages import TIMED_OUT, BatchResult, Failure
from parflow_jupyter.maps.report import BatchRecord, ItemFailure, Report
from parflow_jupyter.maps.scheduler.item_queue import MISSING, ItemQueue

_SPLIT = 32
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


class Collector:
    """What has come out of a run so far.

    Args:
        item_queue: The items of the run.
        columns: The input, one sequence per iterable.
        report: Filled as answers come.
        retries: How often an item that raised is run again.
        engine_retries: How often an item whose engine died is run again.
        replay: Runs a failed item here.
        clock: The seconds by which the run goes.
    """

    def __init__(
        self,
        item_queue: ItemQueue,
        columns: Sequence[Any],
        report: Report,
        retries: int,
        engine_retries: int,
        replay: Callable[[ItemFailure], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.item_queue = item_queue
        self.report = report
        self.clock = clock
        self.failures: dict[int, ItemFailure] = {}
        self.first_failure: ItemFailure | None = None
        self.fatal: BaseException | None = None
        self._keep: Callable[[Sequence[int], Sequence[Any]], None] | None = None
        self._columns = columns
        self._retries = retries
        self._engine_retries = engine_retries
        self._attempts: dict[int, int] = {}
        self._losses: dict[int, int] = {}
        self._earlier: dict[int, int] = {}
        self._later: list[tuple[float, int]] = []
        self._replay = replay

    def item(self, index: int) -> Any:
        """Return the input of an item: its value, or the tuple of its values."""
        if len(self._columns) == 1:
            return self._columns[0][index]
        return tuple(column[index] for column in self._columns)

    def failed_attempts(self, index: int) -> int:
        """Return how often an item raised or was lost, in earlier runs of it too."""
        tables = (self._earlier, self._attempts, self._losses)
        return sum(table.get(index, 0) for table in tables)

    def without_value(self) -> list[int]:
        """Return the items that failed or were not run, in input order."""
        values, failures = self.item_queue.values, self.failures
        return [i for i, value in enumerate(values) if value is MISSING or i in failures]

    def reopen(self, indices: Sequence[int]) -> None:
        """Forget how items ended, so that they can be run again."""
        again = set(indices)
        for index in indices:
            self._earlier[index] = self.failed_attempts(index)
            for table in (self.failures, self._attempts, self._losses, self.report.not_kept):
                table.pop(index, None)
        self.first_failure = self.fatal = None
        self._later.clear()
        self.report.output = [entry for entry in self.report.output if entry[0] not in again]
        self.report.kept_output = sum(len(text) for _, _, text in self.report.output)
        self.item_queue.reopen(indices)

    def take_in(
        self,
        slot: str,
        indices: Sequence[int],
        batch_result: BatchResult,
        known: int | None = None,
    ) -> None:
        """Keep the values of a batch result, and settle or retry its failures but a known one."""
        ran = indices[: len(batch_result.values)]
        if not len(ran):
            return
        failed = frozenset(failure.position for failure in batch_result.failures)
        record = BatchRecord(slot, ran, batch_result.started, batch_result.stops, failed)
        self.report.batches.append(record)
        self.report.keep_output((ran[k], stream, text) for k, stream, text in batch_result.output)
        if not batch_result.failures:
            self._put(ran, batch_result.values)
            return
        good = [k for k in range(len(ran)) if k not in failed]
        indices, values = [ran[k] for k in good], [batch_result.values[k] for k in good]
        self._put(indices, values)
        for failure in batch_result.failures:
            if ran[failure.position] != known:
                self.failed(slot, ran[failure.position], failure)

    def _put(self, indices: Sequence[int], values: list[Any]) -> None:
        if self._keep is not None:
            self._keep(indices, values)
        self.item_queue.put(indices, values)

    def keep_by(self, keep: Callable[[Sequence[int], Sequence[Any]], None]) -> None:
        """Have results kept as they come; each run of some items again has its own way."""
        self._keep = keep

    def init_failed(self, slot: str, failure: Failure) -> None:
        """End the run, because what is called before the items failed."""
        exception = _load(failure, None, slot)
        add_note(exception, f"This came from init=, which is called once per slot, on {slot}.")
        self.fatal = self.fatal or exception

    def failed(self, slot: str, index: int, failure: Failure) -> None:
        """Retry an item that failed, or settle it as failed for good."""
        if self.item_queue.is_settled(index):
            return
        attempts = self._attempts[index] = self._attempts.get(index, 0) + 1
        if attempts <= self._retries:
            self.report.retries += 1
            heapq.heappush(self._later, (self.clock() + pause(attempts), index))
            return
        exception = _load(failure, index, slot)
        self.fail(index, exception, failure.traceback, slot)

    def retry_due(self, now: float) -> float:
        """Let items wait again whose pause is over; return the seconds to the next, at most 1."""
        while self._later and self._later[0][0] <= now:
            self.item_queue.give_back([heapq.heappop(self._later)[1]])
        return min(1.0, self._later[0][0] - now) if self._later else 1.0

    def fail(self, index: int, exception: BaseException, traceback: str, slot: str | None) -> None:
        """Settle an item as failed for good."""
        if self.item_queue.is_settled(index):
            return
        attempts = max(1, self.failed_attempts(index))
        engine = None if slot == HERE else slot
        found = ItemFailure(
            index, self.item(index), exception, traceback, engine, attempts, self._replay
        )
        self.failures[index] = found
        self.first_failure = self.first_failure or found
        self.item_queue.put([index], [_in_place(found)])

    def lost(self, slot: str, indices: Sequence[int], why: str) -> None:
        """Run items again that a dead slot may have been running, up to the limit.

        Which of several it was is not known, so for none of them it counts: they are tried
        again in ever smaller groups, behind all others, until the one that kills is alone.
        """
        left = [index for index in indices if not self.item_queue.is_settled(index)]
        if len(left) == 1:
            self._losses[left[0]] = self._losses.get(left[0], 0) + 1
            if self._losses[left[0]] > self._engine_retries:
                self._give_up(left[0], slot, why)
                return
        self.report.engine_retries += len(left)
        size = -(-len(left) // _SPLIT)
        for start in range(0, len(left), max(size, 1)):
            self.item_queue.give_back(left[start : start + size], suspect=True)

    def _give_up(self, index: int, slot: str, why: str) -> None:
        count = self._losses[index]
        times = "once" if count == 1 else f"{count} times"
        message = (
            f"Item {index} was lost {times} because its engine died ({why}): it may need "
            f"more memory than there is, or crash the process. Try it alone with scheme='serial', "
            f"or allow more engine_retries than {self._engine_retries}."
        )
        self.fail(index, EngineLostError(message), "", slot)

    def fail_rest(self, make: Callable[[int], BaseException]) -> None:
        """Settle every item that is still open as failed."""
        for index in range(self.item_queue.total):
            if not self.item_queue.is_settled(index):
                self.fail(index, make(index), "", None)


def pause(attempts: int) -> float:
    """Return the seconds before an item that failed so often is run again.

    Example:
        >>> pause(1), pause(2), pause(3), pause(50)
        (0.05, 0.1, 0.2, 5.0)
    """
    return min(_FIRST_PAUSE * 2.0 ** min(attempts - 1, 20), _LONGEST_PAUSE)


def _load(failure: Failure, index: int | None, slot: str) -> BaseException:
    if failure.exception is not None:
        return failure.exception
    if failure.pickled is not None:
        try:
            loaded = pickle.loads(failure.pickled)
        except Exception:
            loaded = None
        if isinstance(loaded, BaseException):
            return loaded
    facts: dict[str, Any] = {
        "index": index,
        "kind": failure.kind,
        "traceback": failure.traceback,
        "engine": slot,
    }
    if failure.kind == TIMED_OUT:
        return ItemTimeoutError(f"Item {index} was stopped: {failure.text}.", **facts)
    return ItemError(f"{failure.kind}: {failure.text}", **facts)


def _in_place(failure: ItemFailure) -> ItemError:
    exception = failure.exception
    if isinstance(exception, ItemError):
        return exception
    error = ItemError(
        f"{type(exception).__name__}: {text_of(exception)}",
        index=failure.index,
        kind=type(exception).__name__,
        traceback=failure.traceback,
        engine=failure.engine,
    )
    error.__cause__ = exception
    return error
