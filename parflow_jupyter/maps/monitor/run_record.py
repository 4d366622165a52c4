"""What the history keeps of a run beside its row: bounded, as JSON, without any values."""

from __future__ import annotations

import heapq
import inspect
import platform
import sys
import textwrap
from collections.abc import Callable
from itertools import chain
from operator import sub
from typing import Any

from parflow_jupyter._system.callables import attribute_of, inner_function
from parflow_jupyter._system.words import text_of
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.report import BatchRecord, ItemFailure, ItemTime, Report
from parflow_jupyter.maps.scheduler.collector import Collector

ITEMS = 1000
"""Items whose times are kept; of more, the slowest."""

ERRORS = 20
_MESSAGE = 300
_CODE = 4000
_WRAPPED = 20
_OPTIONS = ("retries", "engine_retries", "timeout", "on_error", "batch", "seed")


class RunRecord:
    """Tells about one run.

    Args:
        function: What is mapped.
        options: What the caller asked for.
        columns: More columns of the run's row.
        first: Batches of the report that belong to earlier runs.

    Example:
        >>> report = Report("r", "serial", "", "abs", total=2)
        >>> told = RunRecord(abs, MapOptions(retries=1)).begun(report)
        >>> told["code"], told["options"]["retries"]
        ('abs', 1)
    """

    def __init__(
        self,
        function: Callable[..., Any] | None,
        options: MapOptions | None = None,
        columns: dict[str, Any] | None = None,
        first: int = 0,
    ) -> None:
        self._function = function
        self._options = options or MapOptions()
        self._first = first
        self.columns = columns or {}

    def begun(self, report: Report) -> dict[str, Any]:
        """Return what is known before the first item."""
        return {
            "code": code_of(self._function),
            "options": {name: getattr(self._options, name) for name in _OPTIONS},
            "entropy": report.entropy,
            "python": platform.python_version(),
        }

    def ended(self, collector: Collector) -> dict[str, Any]:
        """Return what is known at the end."""
        report = collector.report
        failures = sorted(collector.failures.items())
        batches = report.batches[self._first :]
        count = sum(len(batch.stops) for batch in batches)
        times = slowest(batches, ITEMS)
        return {
            **self.begun(report),
            "engines": [_engine(slot, report.about.get(slot, {})) for slot in _used(report)],
            "left_out": report.left_out[:ERRORS],
            "retries": report.retries,
            "engine_retries": report.engine_retries,
            "elapsed": report.elapsed,
            "errors": [_error(failure) for _, failure in failures[:ERRORS]],
            "errors_left_out": max(0, len(failures) - ERRORS),
            "items": [
                {
                    "index": time.index,
                    "engine": time.engine,
                    "started": round(time.started, 4),
                    "seconds": round(time.seconds, 6),
                    **({"failed": True} if time.failed else {}),
                }
                for time in times
            ],
            "items_left_out": count - len(times),
        }


def _used(report: Report) -> list[str]:
    return list(dict.fromkeys(report.slots))


def _engine(slot: str, about: dict[str, Any]) -> dict[str, Any]:
    python = about.get("python") or list(sys.version_info[:3])
    return {
        "engine": slot,
        "host": about.get("host") or platform.node(),
        "pid": about.get("pid"),
        "python": ".".join(str(part) for part in python),
    }


def _error(failure: ItemFailure) -> dict[str, Any]:
    return {
        "index": failure.index,
        "error": type(failure.exception).__name__,
        "message": text_of(failure.exception)[:_MESSAGE],
        "engine": failure.engine,
        "attempts": failure.attempts,
    }


def code_of(function: Callable[..., Any] | None) -> str | None:
    """Return the source of a function, bounded; its name where there is none.

    Example:
        >>> code_of(abs)
        'abs'
    """
    if function is None:
        return None
    found: Any = inner_function(function)
    for _ in range(_WRAPPED):
        found = attribute_of(found, "__wrapped__") or found
    if not inspect.isroutine(found):
        found = type(found)
    try:
        code = textwrap.dedent(inspect.getsource(found)).strip()
    except (OSError, TypeError, SyntaxError):
        code = attribute_of(found, "__qualname__") or type(found).__name__
    return code if len(code) <= _CODE else code[:_CODE] + "\n... (shortened)"


def slowest(batches: list[BatchRecord], most: int) -> list[ItemTime]:
    """Return when and where items ran: all in order, or the slowest of too many.

    Args:
        batches: In the order in which they came back.
        most: How many items at most.

    Example:
        >>> from array import array
        >>> stops = array("d", [0.5, 3.5, 4.0])
        >>> [time.index for time in slowest([BatchRecord("here", range(3), 0.0, stops)], 1)]
        [1]
    """
    report = Report("", "", "", "", 0, batches=batches)
    if sum(len(batch.stops) for batch in batches) <= most:
        return list(report.items())
    heap: list[tuple[float, int, int]] = []
    for number, batch in enumerate(batches):
        lengths = list(map(sub, batch.stops, chain((0.0,), batch.stops)))
        # Most batches of a long run have none of the slowest: one look is enough for them.
        if len(heap) < most or max(lengths, default=0.0) > heap[0][0]:
            for k, seconds in enumerate(lengths):
                if len(heap) < most:
                    heapq.heappush(heap, (seconds, number, k))
                elif seconds > heap[0][0]:
                    heapq.heapreplace(heap, (seconds, number, k))
    return [_time(batches[number], k, seconds) for seconds, number, k in sorted(heap, reverse=True)]


def _time(batch: BatchRecord, k: int, seconds: float) -> ItemTime:
    begin = batch.started + batch.stops[k] - seconds
    return ItemTime(batch.indices[k], batch.engine, begin, seconds, k in batch.failed)
