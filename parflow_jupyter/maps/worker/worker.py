"""The worker on an engine: runs batches of any run, and keeps the functions it was sent.

It is imported by the first thing a map sends to an engine, and needs the
standard library, cloudpickle and psutil only. Requests and answers are bytes, so that
nothing but this file has to agree with the client's packing.
"""

from __future__ import annotations

import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from parflow_jupyter._system import engine_side
from parflow_jupyter._system.pickling import dumps
from parflow_jupyter._system.words import words_of
from parflow_jupyter.maps.messages import BatchHeader, BatchResult, RunSetup
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.transport.function import what_cannot_be_pickled
from parflow_jupyter.maps.transport.shared_arrays import load
from parflow_jupyter.maps.transport.shared_buffers import InSharedBuffer, answered
from parflow_jupyter.maps.transport.shared_memory import IDLE, open_mark
from parflow_jupyter.maps.worker.array_cache import ArrayCache
from parflow_jupyter.maps.worker.import_context import ImportContext
from parflow_jupyter.maps.worker.interrupts import Current
from parflow_jupyter.maps.worker.item_loop import call_init, run_items
from parflow_jupyter.maps.worker.random_state import keep_state, seeder

PROTOCOL = 5
_MAX_FUNCTION_BYTES = 512 << 20
_MAX_REMEMBERED = 1000
_MAX_MARKS = 20

Callables = tuple[Callable[..., Any], Callable[[], Any] | None]
"""A run's function, and its ``init``."""


class Worker:
    """Functions by content, oldest out first, and what is running now."""

    def __init__(self, max_bytes: int = _MAX_FUNCTION_BYTES) -> None:
        self._functions: OrderedDict[str, tuple[Callables, int]] = OrderedDict()
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._current: Current | None = None
        self._stopped: OrderedDict[str, None] = OrderedDict()
        self._limits: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._ended: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._begun: OrderedDict[str, None] = OrderedDict()
        self._options: OrderedDict[str, MapOptions] = OrderedDict()
        self._import_context = ImportContext()
        self._marks: OrderedDict[str, Any] = OrderedDict()
        self._sharing: OrderedDict[str, str] = OrderedDict()
        self._array_cache = ArrayCache(forgotten=self._drop)

    def run_batch(self, blob: bytes) -> bytes:
        """Run one packed batch and return its packed result; never raises for an item."""
        engine_side.count_tasks(0)
        given = pickle.loads(blob)
        batch = given.read() if isinstance(given, InSharedBuffer) else given
        if not isinstance(batch, tuple):
            # Out of reach, or an earlier answer lies there.
            return _pack(BatchResult(given.batch, "need-shared"))
        head, packed = BatchHeader._make(batch[0]), batch[1]
        return answered(_pack(self._batch_result(head, packed)), head.buffer)

    def _batch_result(self, head: BatchHeader, packed: bytes) -> BatchResult:
        if head.setup is not None:
            self._take_in(head.run, head.setup)
        held = self._array_cache.take(head.run, head.shared)
        if held is None:
            return BatchResult(head.batch, "need-shared")
        if self._import_context.begin(head.run, head.setup):
            # They use modules as they were.
            self._functions.clear()
        with self._import_context.of(head.run):
            return self._loaded_and_run(head, packed, held)

    def _loaded_and_run(
        self, head: BatchHeader, packed: bytes, held: dict[int, memoryview]
    ) -> BatchResult:
        batch = head.batch
        try:
            found = self._function(head, held)
        except BaseException as error:
            return BatchResult(batch, "bad-function", message=words_of(error))
        options = self._options.get(head.run)
        if found is None or options is None:
            return BatchResult(batch, "need-function")
        try:
            columns = load(packed, head.items, held)
        except BaseException as error:
            return BatchResult(batch, "bad-items", message=words_of(error))
        function, init = found
        current = self._begin(head.run, batch)
        try:
            batch_result = self._initialized(init, current)
            if batch_result is None:
                batch_result = self._run(function, columns, current, head, options)
        finally:
            self._end(current)
        return batch_result

    def _take_in(self, run: str, setup: RunSetup) -> None:
        _remember(self._options, run, setup.options)
        mark = open_mark(setup.mark)
        if mark is not None:
            _remember(self._marks, run, mark, _MAX_MARKS)

    def _initialized(self, init: Callable[[], Any] | None, current: Current) -> BatchResult | None:
        """Call a run's ``init`` before its first item; return a batch result where that failed."""
        if init is None or current.run in self._begun or not current.limit:
            return None
        failed = call_init(init, current)
        if failed is None:
            _remember(self._begun, current.run)
        return failed

    def _run(
        self,
        function: Callable[..., Any],
        columns: Sequence[Sequence[Any]],
        current: Current,
        head: BatchHeader,
        options: MapOptions,
    ) -> BatchResult:
        run = partial(run_items, function, columns, head.indices, current, options)
        if options.seed is None:
            return run(budget=head.budget)
        restore = keep_state()
        try:
            return run(budget=head.budget, seed=seeder(options.seed))
        finally:
            restore()

    def _function(self, head: BatchHeader, held: dict[int, memoryview]) -> Callables | None:
        key, setup = head.key, head.setup
        if key in self._functions:
            self._functions.move_to_end(key)
            return self._functions[key][0]
        if setup is None:
            return None
        functions: Callables = load(setup.function, setup.parts, held)
        if setup.parts:
            _remember(self._sharing, head.run, key)
        self._functions[key] = functions, len(setup.function)
        if setup.parts and not self._array_cache.keeps(head.run, held):
            # The client was gone before there was anything to drop.
            self._drop(head.run)
        while len(self._functions) > 1 and self._size() > self._max_bytes:
            self._functions.popitem(last=False)
        return functions

    def _size(self) -> int:
        return sum(size for _, size in self._functions.values())

    def _begin(self, run: str, batch: int) -> Current:
        # Shown first, then the control requests are looked up: see Current.give_back.
        current = Current(run, batch, mark=self._marks.get(run))
        self._current = current
        if run in self._stopped:
            current.limit, current.interrupted = 0, True
        if (run, batch) in self._limits:
            current.limit = 0
        return current

    def _end(self, current: Current) -> None:
        with self._lock:
            _remember(self._ended, (current.run, current.batch))
            self._current = None
            current.mark[0] = IDLE

    def stop(self, run: str) -> None:
        """Stop a run: its running item is interrupted, its queued batches answer at once."""
        with self._lock:
            _remember(self._stopped, run)
            current = self._current
            if current is not None and current.run == run:
                current.stop()

    def forget(self, run: str) -> None:
        """Let go of the large arrays of a run that is over."""
        self._array_cache.forget(run)

    def _drop(self, run: str) -> None:
        self._functions.pop(self._sharing.pop(run, ""), None)

    def leave(self) -> None:
        """Have the running batch answer with what it has: this process is about to end."""
        # Called by a signal's handler, which may have interrupted whoever holds the lock.
        current = self._current
        if current is not None:
            current.leave()

    def give_back(self, run: str, batch: int, size: int) -> int:
        """Return the first position of a batch that will not be run here any more."""
        with self._lock:
            if (run, batch) in self._ended:
                return size
            _remember(self._limits, (run, batch))
            current = self._current
            if current is not None and (current.run, current.batch) == (run, batch):
                return current.give_back(size)
            return 0

    def collect(self, run: str, batch: int, first: int) -> bytes | None:
        """Return, packed, what a batch has finished from an item on, if anything."""
        current = self._current
        if current is None or (current.run, current.batch) != (run, batch):
            return None
        try:
            early = current.finished(first)
            return dumps(early) if early is not None else None
        except Exception:
            # What can't be pickled, or changes meanwhile, comes with the whole batch.
            return None

    def status(self) -> dict[str, Any]:
        """Return what runs now, or None each: run, batch, position, seconds past the timeout."""
        current = self._current
        if current is None:
            return {"run": None, "batch": None, "position": None, "overdue": 0.0}
        position, left = current.left()
        return {
            "run": current.run,
            "batch": current.batch,
            "position": position,
            "overdue": max(0.0, -left) if position >= 0 else 0.0,
        }


def _remember(
    kept: OrderedDict[Any, Any], key: Any, value: Any = None, most: int = _MAX_REMEMBERED
) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _pack(batch_result: BatchResult) -> bytes:
    try:
        return dumps(batch_result)
    except BaseException:
        _replace_unpicklable(batch_result)
        return dumps(batch_result)


def _replace_unpicklable(batch_result: BatchResult) -> None:
    from parflow_jupyter.maps.messages import Failure

    for k, value in enumerate(batch_result.values):
        try:
            dumps(value)
        except BaseException as error:
            batch_result.values[k] = None
            where = what_cannot_be_pickled(value, "the result")
            text = (
                f"The item ran, but its result can't be pickled: {where or error}. "
                f"Return plain data instead, or use scheme='serial'."
            )
            failure = Failure(k, "CannotShipError", text, "", pickled=_cannot_ship(text))
            batch_result.failures.append(failure)


def _cannot_ship(text: str) -> bytes:
    from parflow_jupyter.errors import CannotShipError

    return dumps(CannotShipError(text))


WORKER = engine_side.worker = Worker()
"""The one worker of this process."""


class RunBatch:
    """What is sent to an engine to run a batch: pickled as a name, never as code."""

    def __call__(self, blob: bytes) -> bytes:
        return WORKER.run_batch(blob)
