"""Runs the items of a batch, one after the other, and turns whatever happens into data.

The same code runs on an engine and, for the serial scheme, in the process of
the caller. It needs the standard library and cloudpickle only.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import time
import traceback
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from parflow_jupyter._system import engine_side
from parflow_jupyter._system.package_dir import PACKAGE_DIR
from parflow_jupyter._system.pickling import dumps, loads
from parflow_jupyter._system.plain_process import forks, leave_copy, no_running_loop
from parflow_jupyter._system.words import text_of
from parflow_jupyter.maps.messages import TIMED_OUT, BatchResult, Failure
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.worker.capture import Capture
from parflow_jupyter.maps.worker.interrupts import Current
from parflow_jupyter.maps.worker.timeouts import watching

_ALWAYS_WRAPPED = (KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration, StopAsyncIteration)
_MAX_TRACEBACK = 20_000
_OURS = tuple(os.path.join(PACKAGE_DIR, room) + os.sep for room in ("maps", "tasks"))


def run_items(
    function: Callable[..., Any],
    columns: Sequence[Sequence[Any]],
    indices: Sequence[int],
    current: Current,
    options: MapOptions = MapOptions(),  # noqa: B008 - it is frozen
    *,
    budget: float | None = None,
    seed: Callable[[int], None] | None = None,
    by_pickle: bool = True,
    capture: bool = True,
) -> BatchResult:
    """Call ``function`` on each row of ``columns`` and return the batch result.

    Args:
        function: What to call; a coroutine function is awaited.
        columns: One sequence per argument, all as long as ``indices``.
        indices: Position of each item in the input.
        current: Tells others what runs here, and carries their control requests to stop.
        options: Those of the map; ``timeout`` interrupts an item, in the main thread only.
        budget: Seconds after which the remaining items are handed back.
        seed: Called with the index of each item before it runs.
        by_pickle: Whether values and exceptions have to make a round trip.
        capture: Whether what the items print is kept with them, instead of shown.
    """
    batch_result = current.batch_result = BatchResult(current.batch, started=time.time())
    with (
        Capture(current, on=capture) as captured,
        no_running_loop(),
        _caller(function, len(columns)) as call,
        watching(current, options.timeout),
        current.running(),
    ):
        batch_result.shown = captured.kept
        current.begin(time.perf_counter(), options.timeout)
        rows = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        before = (lambda k: seed(indices[k])) if seed is not None else None
        try:
            _loop(call, rows, current, batch_result, budget, before, by_pickle)
        except KeyboardInterrupt:
            current.interrupted = True
        finally:
            current.end()
    if (whole := _even(batch_result)) < len(indices):
        batch_result.state = "interrupted" if current.interrupted else "partial"
    batch_result.output, batch_result.shown = captured.kept(), None
    engine_side.count_tasks(whole)
    return batch_result


def _even(batch_result: BatchResult) -> int:
    # An interrupt may come between the keeping of a value and that of its time.
    whole = min(len(batch_result.values), len(batch_result.stops))
    del batch_result.values[whole:], batch_result.stops[whole:]
    return whole


def _loop(
    call: Callable[[Any], Any],
    rows: Sequence[Any],
    current: Current,
    batch_result: BatchResult,
    budget: float | None,
    before: Callable[[int], None] | None,
    by_pickle: bool,
) -> None:
    clock = time.perf_counter
    keep, stopped = batch_result.values.append, array.append
    stops, mark = batch_result.stops, current.mark
    copies = forks()
    start = clock()
    now = 0.0
    limit = float("inf") if budget is None else budget
    for k, row in enumerate(rows):
        current.began = now
        # Announce first, look second: see Current.give_back.
        mark[1] = k
        if k >= current.limit:
            return
        try:
            if before is not None:
                before(k)
            value = call(row)
        except BaseException as error:
            if forks() != copies:
                leave_copy(error)
            if current.must_stop(error):
                current.interrupted = True
                return
            if current.expired == k:
                batch_result.failures.append(_timed_out(k, error, current.timeout))
            else:
                batch_result.failures.append(describe(k, error, by_pickle))
            value = None
        if forks() != copies:
            leave_copy(None)
        keep(value)
        now = clock() - start
        stopped(stops, now)
        if now > limit:
            return


@contextmanager
def _caller(function: Callable[..., Any], arity: int) -> Iterator[Callable[[Any], Any]]:
    if not _is_async(function):
        yield function if arity == 1 else lambda row: function(*row)
        return
    with _own_loop() as run:
        yield (lambda x: run(function(x))) if arity == 1 else (lambda row: run(function(*row)))


def _is_async(function: Callable[..., Any]) -> bool:
    for part in (function, inspect.getattr_static(type(function), "__call__", None)):
        # It asks a callable for its name and more, to which anything may be the answer.
        with suppress(Exception):
            if inspect.iscoroutinefunction(part):
                return True
    return False


@contextmanager
def _own_loop() -> Iterator[Callable[[Any], Any]]:
    loop = asyncio.new_event_loop()
    try:
        yield loop.run_until_complete
    finally:
        _drain(loop)
        loop.close()


def _drain(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def describe(position: int, error: BaseException, by_pickle: bool) -> Failure:
    """Return the failure of an item; its exception comes along if it can make the round trip."""
    kind, text = type(error).__name__, text_of(error)
    trace = readable_traceback(error)
    if isinstance(error, _ALWAYS_WRAPPED):
        return Failure(position, kind, text, trace)
    if not by_pickle:
        return Failure(position, kind, text, trace, exception=error)
    return Failure(position, kind, text, trace, pickled=_round_trip(error))


def call_init(
    init: Callable[[], Any], current: Current, *, by_pickle: bool = True
) -> BatchResult | None:
    """Call what prepares a slot; return None, or the batch result that tells why it failed."""
    try:
        with current.running(), no_running_loop():
            init()
    except BaseException as error:
        if current.must_stop(error):
            current.interrupted = True
            return BatchResult(current.batch, "interrupted")
        return BatchResult(current.batch, "bad-init", failures=[describe(0, error, by_pickle)])
    return None


def _timed_out(position: int, error: BaseException, timeout: float | None) -> Failure:
    text = f"it took longer than its timeout of {timeout:g} s"
    return Failure(position, TIMED_OUT, text, readable_traceback(error))


def readable_traceback(error: BaseException) -> str:
    """Return the formatted traceback without the frames of this package, bounded in length."""
    tb = error.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(_OURS):
        tb = tb.tb_next
    try:
        lines = traceback.format_exception(type(error), error, tb)
    except Exception:
        lines = [f"{type(error).__name__} (its traceback can't be shown)\n"]
    text = "".join(lines)
    if len(text) > _MAX_TRACEBACK:
        half = _MAX_TRACEBACK // 2
        text = f"{text[:half]}\n... (shortened) ...\n{text[-half:]}"
    return text


def _round_trip(error: BaseException) -> bytes | None:
    try:
        pickled = dumps(error)
        again = loads(pickled)
    except Exception:
        return None
    return pickled if type(again) is type(error) else None
