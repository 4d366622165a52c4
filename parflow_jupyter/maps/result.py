"""The result of a map: a sequence equal to the list of its values, and what is known of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from parflow_jupyter.errors import ItemError
from parflow_jupyter.maps.cancel import CancelToken
from parflow_jupyter.maps.display.html import as_html, as_text
from parflow_jupyter.maps.report import ItemFailure, Report
from parflow_jupyter.maps.scheduler.collector import Collector
from parflow_jupyter.maps.scheduler.item_queue import MISSING
from parflow_jupyter.maps.worker.replay import Origin

__all__ = ["ItemFailure", "MapResult", "Report"]


_log = logging.getLogger(__name__)


class MapResult(Sequence[Any]):
    """Results in input order, equal to a list of the same values.

    Reading a value of a map that runs in the background waits for its end. Items that were
    not run, because the map was stopped, read as an ItemError that says so.

    Example:
        >>> from parflow_jupyter.maps import run_map
        >>> result = run_map(abs, [[-1, 2, -3]])
        >>> result == [1, 2, 3], result[-1], len(result), result.errors
        (True, 3, 3, [])
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        collector: Collector,
        report: Report,
        token: CancelToken,
        on_error: str,
        origin: Origin | None,
        retry: Callable[..., MapResult],
        present: Callable[[MapResult], bool] | None = None,
    ) -> None:
        self._collector = collector
        self._report = report
        self._token = token
        self._on_error = on_error
        self.ended = threading.Event()
        self._problem: BaseException | None = None
        self._kept: list[Any] | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._retry, self._present = retry, present
        self.origin = origin
        self.state = "running"

    # --- the sequence ------------------------------------------------------------------

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._values()[index]

    def __len__(self) -> int:
        if self._on_error != "skip" and not self.ended.is_set():
            return self._report.total
        return len(self._values())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MapResult):
            return self._values() == other._values()
        if isinstance(other, list):
            return self._values() == other
        return NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        # A function that uses the result of another map takes its values along.
        return list, (list(self._values()),)

    def _values(self) -> list[Any]:
        self.wait()
        if self._problem is not None and self.state == "failed":
            raise self._problem
        if self._kept is None:
            self._kept = self._finished_values()
        return self._kept

    def _finished_values(self) -> list[Any]:
        if self._on_error == "skip":
            return list(self.finished_items.values())
        values = self._collector.item_queue.values
        if self._report.not_run:
            return [
                _not_run(i, self._token.why) if v is MISSING else v for i, v in enumerate(values)
            ]
        return values

    # --- what is known -----------------------------------------------------------------

    @property
    def errors(self) -> list[ItemFailure]:
        """The items that failed for good so far, in input order."""
        failures = dict(self._collector.failures)
        return [failures[index] for index in sorted(failures)]

    @property
    def report(self) -> Report:
        """How the run went, or goes."""
        return self._report

    @property
    def finished_items(self) -> dict[int, Any]:
        """Values by index of the items that have one; complete or partial, never waits."""
        failed = self._collector.failures
        values = self._collector.item_queue.values
        return {i: v for i, v in enumerate(values) if v is not MISSING and i not in failed}

    @property
    def progress(self) -> tuple[int, int]:
        """Items settled, and items in all."""
        return self._collector.item_queue.done, self._report.total

    # --- its running --------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop the run: running items are interrupted, results so far are kept."""
        self._token.cancel("it was cancelled")

    def done(self) -> bool:
        """Return whether the run has ended, however it did."""
        return self.ended.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, and return whether it came.

        Args:
            timeout: Seconds, or None for as long as it takes.
        """
        if timeout is not None:
            return self.ended.wait(timeout)
        while not self.ended.wait(0.1):
            pass
        return True

    # --- what to do with it --------------------------------------------------------------

    def retry_failed(self, *, block: bool = True) -> MapResult:
        """Run the items that failed, or were not run, once more; their places here are filled.

        Function and options are those of the map, also its random numbers; engines may be others.
        The map's report goes on: times and retries add up, and the history gets a run of its own.

        Args:
            block: Wait for the results; False returns at once.

        Returns:
            This result, which is complete then unless items failed again.

        Raises:
            InvalidInputError: The map still runs.
            Exception: With ``on_error="raise"``, that of an item that failed again.

        Example:
            >>> from parflow_jupyter.maps import MapOptions, run_map
            >>> divisors = [0]
            >>> options = MapOptions(on_error="collect")
            >>> result = run_map(lambda x: x / divisors[0], [[2, 4]], options=options)
            >>> divisors[0] = 2
            >>> len(result.errors), result.retry_failed() == [1, 2], result.errors
            (2, True, [])
        """
        __tracebackhide__ = True
        return self._retry(self, block=block)

    def to_frame(self) -> Any:
        """Return a pandas DataFrame with a row per item.

        Its columns are index, input, value, error, engine, started, seconds, attempts and kept.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        from parflow_jupyter.maps.display.dataframe import frame

        self.wait()
        return frame(self._collector)

    def plot(self, ax: Any = None) -> Any:
        """Draw what each engine did over time: items, failures, retries and idle time.

        Args:
            ax: The matplotlib axes to draw on; a new figure if None.

        Returns:
            The axes.

        Raises:
            MissingLibraryError: matplotlib is not installed.
        """
        from parflow_jupyter.maps.display.timeline import plot

        return plot(self._report, set(self._collector.failures), ax)

    def _begin_again(self) -> None:
        self.ended.clear()
        self.state, self._problem, self._kept = "running", None, None

    def _end(self, state: str, problem: BaseException | None) -> None:
        self.state = state
        self._problem = problem
        self.ended.set()
        while self._callbacks:
            try:
                self._callbacks.pop()()
            except Exception:
                # The others are told all the same.
                _log.warning("A callback at the end of a map failed", exc_info=True)

    def _when_ended(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)
        # It may have ended just before; whoever takes the callback out calls it.
        while self.ended.is_set() and self._callbacks:
            self._callbacks.pop()()

    # --- how it looks -------------------------------------------------------------------

    def __repr__(self) -> str:
        return as_text(self)

    def _ipython_display_(self) -> None:
        if self._present is None or not self._present(self):
            raise NotImplementedError  # IPython then takes the forms above and below

    def _repr_html_(self) -> str:
        return as_html(self)


def _not_run(index: int, why: str) -> ItemError:
    return ItemError(
        f"Item {index} was not run, because the map was stopped ({why or 'an item failed'}). "
        f"Run the map again for it.",
        index=index,
        kind="NotRun",
    )
