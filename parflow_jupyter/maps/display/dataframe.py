"""A result as a pandas table, a row per item."""

from __future__ import annotations

from typing import Any

from parflow_jupyter._system.words import text_of
from parflow_jupyter.errors import MissingLibraryError
from parflow_jupyter.maps.report import ItemFailure, ItemTime
from parflow_jupyter.maps.scheduler.collector import Collector
from parflow_jupyter.maps.scheduler.item_queue import MISSING

COLUMNS = ("index", "input", "value", "error", "engine", "started", "seconds", "attempts", "kept")


def frame(collector: Collector) -> Any:
    """Return the items of a run as a DataFrame.

    Args:
        collector: Of a map that has ended.

    Returns:
        Columns index, input, value (None where there is none), error (kind and text), engine,
        started (UTC), seconds (of the last attempt), attempts, kept (from earlier runs).

    Raises:
        MissingLibraryError: pandas is not installed.

    Example:
        >>> from parflow_jupyter.maps import run_map
        >>> table = run_map(abs, [[-1, 2]]).to_frame()
        >>> list(table["value"]), list(table["attempts"])
        ([1, 2], [1, 1])
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingLibraryError(
            "A table of the items needs pandas: pip install pandas, or read .errors and "
            ".report.items()."
        ) from error
    rows = list(_rows(collector))
    table = pandas.DataFrame(
        {
            name: pandas.Series([row[name] for row in rows], dtype=kind)
            for name, kind in zip(COLUMNS, _KINDS, strict=True)
        }
    )
    table["started"] = pandas.to_datetime(table["started"], unit="s", utc=True)
    return table


_KINDS = ("int64", "object", "object", "object", "object", "float64", "float64", "int64", "bool")


def _rows(collector: Collector) -> Any:
    times: dict[int, ItemTime] = {time.index: time for time in collector.report.items()}
    for index, value in enumerate(collector.item_queue.values):
        failure, time = collector.failures.get(index), times.get(index)
        has_value = value is not MISSING and failure is None
        yield {
            "index": index,
            "input": collector.item(index),
            "value": value if has_value else None,
            "error": _error(failure) if failure else None,
            "engine": time.engine if time else None,
            "started": time.started if time else None,
            "seconds": time.seconds if time else None,
            "attempts": collector.failed_attempts(index) + (has_value and time is not None),
            # What has a value and was never run here was kept from an earlier run.
            "kept": has_value and time is None,
        }


def _error(failure: ItemFailure) -> str:
    return f"{type(failure.exception).__name__}: {text_of(failure.exception)}"
