"""Tells listeners and the history how a run goes, not too often, and never fails it."""

from __future__ import annotations

import logging
import time
from typing import Any, Protocol

from parflow_jupyter.events import Event, Listener, MapFinished, MapProgress, MapStarted
from parflow_jupyter.maps.outcome import Outcome
from parflow_jupyter.maps.report import Report

_log = logging.getLogger(__name__)

EVENTS_EVERY = 0.1
HISTORY_EVERY = 0.5


class History(Protocol):
    """What a run needs of the history in ``stores``."""

    def begin(self, run: dict[str, Any]) -> None:
        """Write the row of a run that starts."""

    def update(self, run: str, **changes: Any) -> None:
        """Change columns of a run's row."""

    def cancel_wanted(self, run: str) -> bool:
        """Return whether someone asked for the run to stop."""


class Watch:
    """The eyes on one run.

    Args:
        report: Names the run, its scheme and its label.
        listeners: Called with each event.
        history: Where the run has its row, or None.
        slots: Slots at the start.
        owner: More columns of the history's row.
        total: Number of items, or None where it is not known.
    """

    def __init__(
        self,
        report: Report,
        listeners: list[Listener],
        history: History | None,
        slots: int,
        owner: dict[str, Any] | None = None,
        total: int | None = None,
    ) -> None:
        self._report = report
        self._listeners = listeners
        self._history = history
        self._start = time.monotonic()
        self._last: tuple[int, int, int, int] | None = None
        self._event_at = 0.0
        self._history_at = self._flag_at = self._start
        self._owner = owner or {}
        self._total = total
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
                **self._owner,
            }
        )

    def progress(self, outcome: Outcome, running: int) -> None:
        """Tell how far the run is, if that changed."""
        now = time.monotonic()
        facts = (outcome.ledger.done, len(outcome.failures), self._report.retries, running)
        if facts == self._last or now - self._event_at < EVENTS_EVERY:
            return
        self._last, self._event_at = facts, now
        done, failed, retried, _ = facts
        self._tell(
            MapProgress(
                run=self._report.run,
                total=self._total,
                done=done,
                failed=failed,
                retried=retried,
                running=running,
                elapsed=self.elapsed,
            )
        )
        if self._history is not None and now - self._history_at >= HISTORY_EVERY:
            self._history_at = now
            self._history.update(self._report.run, done=done, failed=failed)

    def cancel_wanted(self) -> bool:
        """Return whether the run's cancel flag was set; looks at most twice a second."""
        now = time.monotonic()
        if self._history is None or now - self._flag_at < HISTORY_EVERY:
            return False
        self._flag_at = now
        return self._history.cancel_wanted(self._report.run)

    def finished(self, outcome: Outcome, state: str) -> None:
        """Tell that the run ended."""
        done, failed = outcome.ledger.done, len(outcome.failures)
        self.write_row()
        if self._history is not None:
            self._history.update(
                self._report.run,
                state=state,
                total=self._report.total,
                done=done,
                failed=failed,
                finished=time.time(),
            )
        # Listeners get the final counts, however soon after the last progress this is.
        self._last, self._event_at = None, 0.0
        history, self._history = self._history, None
        self.progress(outcome, 0)
        self._history = history
        self._tell(
            MapFinished(
                run=self._report.run,
                state=state,
                total=self._report.total,
                done=done,
                failed=failed,
                elapsed=self.elapsed,
            )
        )

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Warning as warning:
                # Warnings are errors here: it is for the caller, and not for the run's thread.
                self.warned = self.warned or warning
            except Exception:
                _log.exception("A listener of run %s failed on %s", self._report.run, event)
