"""Maps whose results are taken one by one, or awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from parflow_jupyter._system.words import bounded_repr
from parflow_jupyter.errors import InvalidInputError
from parflow_jupyter.maps.abc import Scheme
from parflow_jupyter.maps.call import Call
from parflow_jupyter.maps.cancel import STOP_WITHIN
from parflow_jupyter.maps.monitor.observer import History
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.result import MapResult
from parflow_jupyter.maps.retry import retry
from parflow_jupyter.maps.run import run_map
from parflow_jupyter.maps.scheduler.input_stream import InputStream
from parflow_jupyter.maps.toolbox.selection import SchemeChoice
from parflow_jupyter.maps.worker.replay import Origin

_END_WITHIN = 10.0
"""Seconds that a run may take to end before its failure is raised without waiting for that."""


def run_imap(
    function: Callable[..., Any],
    iterables: Sequence[Iterable[Any]],
    *,
    options: MapOptions,
    schemes: Sequence[SchemeChoice | Scheme],
    ordered: bool = False,
    history: History | None = None,
) -> Generator[Any, None, None]:
    """Return a generator of the results; the run begins with the first that is asked for.

    Args:
        function: Called with one value of each iterable.
        iterables: Of the same length, which need not be known, nor end.
        options: What the caller asked for.
        schemes: The toolbox, in its order.
        ordered: Give results in the order of the items, instead of as they come.
        history: Where the run gets its row.

    Raises:
        InvalidInputError: An option, the function or an iterable can't be used.
        CannotShipError: The function can't be pickled, and the scheme needs it to be.
        SchemeUnavailableError: The scheme asked for can't run this.

    Example:
        >>> from itertools import count
        >>> from parflow_jupyter.maps.schemes.serial import SerialScheme
        >>> options = MapOptions(progress=False)
        >>> squares = run_imap(lambda x: x * x, [count()], options=options,
        ...                    schemes=[SerialScheme()], ordered=True)
        >>> next(squares), next(squares), next(squares)
        (0, 1, 4)
        >>> squares.close()
    """
    options.check()
    if not isinstance(ordered, bool):
        raise InvalidInputError(f"ordered={ordered!r} can't be used: give True or False.")
    if not callable(function):
        raise InvalidInputError(f"{function!r} can't be called: give a function first.")
    if not iterables:
        raise InvalidInputError("A map needs at least one iterable of items: give a list.")
    for iterable in iterables:
        if not hasattr(iterable, "__iter__") and not hasattr(iterable, "__getitem__"):
            raise InvalidInputError(f"{bounded_repr(iterable)} can't be iterated over.")
    source = InputStream(iterables)
    origin = Origin(function, source.columns, options, schemes, history, None)
    call = Call(origin, source=source, retry=retry)
    return _results(call, source, options.on_error, ordered)


def _results(
    call: Call, source: InputStream, on_error: str, ordered: bool
) -> Generator[Any, None, None]:
    result = call.result
    try:
        call.start()
        source.start(call.wake)
        for index, value in _in_order(_as_they_come(call, source), ordered):
            failed = index in result._collector.failures
            if failed and on_error == "raise":
                break
            if not (failed and on_error == "skip"):
                yield value
        ended = result.wait(_END_WITHIN)
        # What ends a run may take long, such as results that another process locks.
        problem = result._problem or source.problem or (None if ended else call.failure())
        if problem is not None:
            raise problem
    finally:
        result._token.cancel("its results were no longer asked for")
        source.close()
        result.wait(STOP_WITHIN)


def _as_they_come(call: Call, source: InputStream) -> Iterator[tuple[int, Any]]:
    item_queue, result = source.item_queue, call.result
    while True:
        ended = result.done()
        while item_queue.ready:
            index, value = item_queue.ready.popleft()
            source.taken(index)
            yield index, value
        if ended:
            return
        call.serve_once(item_queue.arrived)


def _in_order(results: Iterator[tuple[int, Any]], ordered: bool) -> Iterator[tuple[int, Any]]:
    if not ordered:
        yield from results
        return
    early: dict[int, Any] = {}
    due = 0
    for index, value in results:
        early[index] = value
        while due in early:
            yield due, early.pop(due)
            due += 1


async def run_amap(
    function: Callable[..., Any],
    iterables: Sequence[Iterable[Any]],
    *,
    options: MapOptions,
    schemes: Callable[[], Sequence[SchemeChoice | Scheme]],
    history: History | None = None,
    present: Callable[[MapResult], bool] | None = None,
) -> MapResult:
    """Run a map without holding up the event loop; cancelling the task stops the run.

    Args:
        function: Called with one value of each iterable.
        iterables: All of the same length.
        options: What the caller asked for.
        schemes: Returns the toolbox; called in a thread, because it may look for a cluster.
        history: Where the run gets its row.
        present: Shows the result with a button to retry, or returns False.

    Raises:
        Exception: As ``run_map``.
    """

    def start() -> MapResult:
        background = replace(options, block=False)
        return run_map(
            function,
            iterables,
            options=background,
            schemes=schemes(),
            history=history,
            present=present,
        )

    starting = asyncio.ensure_future(asyncio.to_thread(start))
    try:
        result = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _stopped(await starting)
        raise
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        # The loop may be closed when a run ends that nobody awaits any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    result._when_ended(tell)
    try:
        await ended.wait()
    except asyncio.CancelledError:
        await _stopped(result)
        raise
    if result._problem is not None:
        raise result._problem
    return result


async def _stopped(result: MapResult) -> None:
    result.cancel()
    await asyncio.to_thread(result.wait, STOP_WITHIN)
