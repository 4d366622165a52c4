"""The map that pipelines use when they are given no other: one item after the other."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from parflow_jupyter._system.exceptions import add_note
from parflow_jupyter.errors import PipelineError
from parflow_jupyter.events import Listener, MapFinished, MapProgress, MapStarted
from parflow_jupyter.pipelines.abc import Cancel

_PERIOD = 0.1


def serial_map(
    function: Callable[..., Any],
    *iterables: Iterable[Any],
    listener: Listener | None = None,
    label: str | None = None,
    cancel: Cancel | None = None,
) -> list[Any]:
    """Call the function on each row of the iterables, here and in order.

    Args:
        function: Called with one item of each iterable.
        iterables: Of the same length.
        listener: Gets MapStarted, MapProgress at most ten times a second, and MapFinished.
        label: Name of the map in its events.
        cancel: Looked at before each item.

    Raises:
        PipelineError, ValueError: It was stopped, or the iterables differ in length.

    Example:
        >>> serial_map(pow, [2, 3], [3, 2])
        [8, 9]
    """
    rows = list(zip(*iterables, strict=True))
    events = _MapEvents(listener or (lambda event: None), len(rows))
    events.started(str(label or getattr(function, "__name__", "map")))
    results: list[Any] = []
    try:
        for row in rows:
            if cancel is not None and cancel.is_set():
                raise PipelineError(
                    f"The map was stopped after {len(results)} of {len(rows)} items."
                )
            results.append(_call(function, row, len(results)))
            events.progress(len(results))
    except BaseException:
        stopped = cancel is not None and cancel.is_set()
        events.finished("cancelled" if stopped else "failed", len(results), 0 if stopped else 1)
        raise
    events.finished("done", len(results), 0)
    return results


def _call(function: Callable[..., Any], row: tuple[Any, ...], index: int) -> Any:
    try:
        return function(*row)
    except BaseException as error:
        add_note(error, f"It happened in item {index} of the map, counted from 0.")
        raise


class _MapEvents:
    """Turns the steps of the loop into events."""

    def __init__(self, listener: Listener, total: int) -> None:
        self._listener, self._total = listener, total
        self._run, self._begin, self._last = uuid.uuid4().hex, time.monotonic(), 0.0

    def started(self, label: str) -> None:
        self._listener(
            MapStarted(
                run=self._run,
                label=label,
                scheme="serial",
                total=self._total,
                slots=1,
                reason="the pipeline was given no other way to run maps",
            )
        )

    def progress(self, done: int) -> None:
        now = time.monotonic()
        if done < self._total and now - self._last < _PERIOD:
            return
        self._last = now
        self._listener(
            MapProgress(
                run=self._run,
                total=self._total,
                done=done,
                failed=0,
                retried=0,
                running=int(done < self._total),
                elapsed=now - self._begin,
            )
        )

    def finished(self, state: str, done: int, failed: int) -> None:
        self._listener(
            MapFinished(
                run=self._run,
                state=state,
                total=self._total,
                done=done,
                failed=failed,
                elapsed=time.monotonic() - self._begin,
            )
        )
