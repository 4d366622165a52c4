"""Tells listeners and the history how a run goes, not too often, and never fails it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from parflow_jupyter.events import Event, Listener, MapFinished, MapProgress, MapStarted
from parflow_jupyter.maps.monitor.forecast import Forecast
from parflow_jupyter.maps.monitor.run_record import RunRecord
from parflow_jupyter.maps.report import Report
from parflow_jupyter.maps.scheduler.collector import Collector

_log = logging.getLogger(__name__)

EVENTS_EVERY = 0.1
HISTORY_EVERY = 0.5


class History(Protocol):
    """What a run needs of the history in ``stores``."""

    def begin(self, run: dict[str, Any]) -> None:
        """Write the row of a run that starts."""

    def update(self, run: str, **changes: Any) -> None:
        """Change columns of a run's row."""

    def describe(self, run: str, details: dict[str, Any]) -> None:
        """Write the details of a run."""

    def cancel_wanted(self, run: str) -> bool:
        """Return whether someone asked for the run to stop."""


class Observer:
    """The eyes on one run.

    Args:
        report: Names the run, its scheme and its label.
        listeners: Called with each event.
        history: Where the run has its row, or None.
        slots: Slots at the start.
        record: More columns of the history's row, and the run's details.
        total: Number of items, or None where it is not known.
        before: Items that have a result already, and are not counted.
    """

    def __init__(
        self,
        report: Report,
        listeners: list[Listener],
        history: History | None,
        slots: int,
        record: RunRecord | None = None,
        total: int | None = None,
        before: int = 0,
    ) -> None:
        self._report = report
        self._listeners = listeners
        self._history = history
        self._start = time.monotonic()
        self._forecast = Forecast(report)
        self._last: tuple[int, ...] | None = None
        self._event_at = 0.0
        self._history_at = self._flag_at = self._start
        self._record = record or RunRecord(None)
        self._total = total
        self._before = before
        self._kept_before = len(report.kept)
        self._retried_before = report.retries + report.engine_retries
        self._has_row = False
        self.warned: Warning | None = None
        self.slots = slots

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def started(self) -> None:
        """Tell that the run began."""
        report = self._report
        self._tell(
            MapStarted(
                run=report.run,
                label=report.label,
                scheme=report.scheme,
                reason=report.reason,
                total=self._total,
                slots=self.slots,
            )
        )

    def write_row(self) -> None:
        """Begin the run's row in the history, once; called when slots have something to do."""
        report = self._report
        if self._history is None or self._has_row:
            return
        self._has_row = True
        self._history.begin(
            {
                "run": report.run,
                "label": report.label,
                "scheme": report.scheme,
                "reason": report.reason,
                "total": self._total,
                **self._record.columns,
            }
        )
        self._describe(lambda: self._record.begun(report))

    def progress(self, collector: Collector, ages: Sequence[float] = ()) -> None:
        """Tell how far the run is, if that changed.

        Args:
            collector: What has come out so far.
            ages: For each busy slot, how many seconds its present item runs.
        """
        now = time.monotonic()
        report, failed = self._report, len(collector.failures)
        done = collector.item_queue.done - self._before
        left = None
        if self._listeners and self._total is not None:
            left = self._forecast.left(now, self._total - done, self.slots, ages)
        retried, kept = self._retried(), self._kept()
        facts = (done, failed, retried, kept, len(ages), self._forecast.number)
        if facts == self._last or now - self._event_at < EVENTS_EVERY:
            return
        self._last, self._event_at = facts, now
        self._tell(
            MapProgress(
                run=report.run,
                total=self._total,
                done=done,
                failed=failed,
                retried=retried,
                running=len(ages),
                elapsed=self.elapsed,
                kept=kept,
                left=left,
            )
        )
        if self._history is not None and now - self._history_at >= HISTORY_EVERY:
            self._history_at = now
            self._history.update(report.run, done=done, failed=failed, retried=retried, kept=kept)

    def _kept(self) -> int:
        return len(self._report.kept) - self._kept_before

    def _retried(self) -> int:
        report = self._report
        return report.retries + report.engine_retries - self._retried_before

    def cancel_wanted(self) -> bool:
        """Return whether the run's cancel flag was set; looks at most twice a second."""
        now = time.monotonic()
        if self._history is None or now - self._flag_at < HISTORY_EVERY:
            return False
        self._flag_at = now
        return self._history.cancel_wanted(self._report.run)

    def finished(self, collector: Collector, state: str) -> None:
        """Tell that the run ended."""
        done, failed = collector.item_queue.done - self._before, len(collector.failures)
        total = self._report.total - self._before
        self.write_row()
        if self._history is not None:
            self._history.update(
                self._report.run,
                state=state,
                total=total,
                done=done,
                failed=failed,
                retried=self._retried(),
                kept=self._kept(),
                finished=time.time(),
            )
            self._describe(lambda: self._record.ended(collector))
        # Listeners get the final counts, however soon after the last progress this is.
        self._last, self._event_at = None, 0.0
        history, self._history = self._history, None
        self.progress(collector)
        self._history = history
        self._tell(
            MapFinished(
                run=self._report.run,
                state=state,
                total=total,
                done=done,
                failed=failed,
                elapsed=self.elapsed,
            )
        )

    def _describe(self, details: Callable[[], dict[str, Any]]) -> None:
        try:
            assert self._history is not None
            self._history.describe(self._report.run, details())
        except Exception:
            # Code and texts come from people's objects: a run does not fail by them.
            _log.exception("The details of run %s were not written", self._report.run)

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Warning as warning:
                # Warnings are errors here: it is for the caller, and not for the run's thread.
                self.warned = self.warned or warning
            except Exception:
                _log.exception("A listener of run %s failed on %s", self._report.run, event)
