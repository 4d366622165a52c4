"""Keeps what the estimate of a run's time left needs, and makes it anew twice a second."""

from __future__ import annotations

from collections.abc import Sequence

from parflow_jupyter.maps.monitor.eta import TimeSample, remaining
from parflow_jupyter.maps.report import Report

EVERY = 0.5


class Forecast:
    """The time left of one run.

    Args:
        report: Its batches are read as they come.

    Example:
        >>> from array import array
        >>> from parflow_jupyter.maps.report import BatchRecord
        >>> report = Report("r", "serial", "", "f", total=20)
        >>> forecast = Forecast(report)
        >>> forecast.left(100.0, 20, slots=1, ages=[0.0]) is None
        True
        >>> report.batches.append(BatchRecord("here", range(10), 0.0, array("d", range(1, 11))))
        >>> low, high = forecast.left(110.0, 10, slots=1, ages=[0.0])
        >>> 8 < low <= high < 20
        True
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._tape = TimeSample()
        self._read = len(report.batches)
        self._since: float | None = None
        self._at = 0.0
        self._share = 1.0
        self._range: tuple[float, float] | None = None
        self.number = 0

    def left(
        self, now: float, left: int, slots: int, ages: Sequence[float]
    ) -> tuple[float, float] | None:
        """Return the range of seconds, or None where it is not known.

        Args:
            now: A monotonic time in seconds.
            left: Items without a result.
            slots: Slots that take part.
            ages: For each busy slot, how many seconds its present item runs.
        """
        if self._since is None and ages:
            self._since = now - max(ages)
        if self._since is None or now - self._at < EVERY:
            return self._range
        self._at, self.number = now, self.number + 1
        batches = self._report.batches
        for batch in batches[self._read :]:
            self._tape.add(batch.stops)
        self._read = len(batches)
        slots = max(1, slots, len(ages))
        if left > slots:
            # At the end slots have nothing to do, which is no overhead.
            spent = self._tape.total + sum(ages)
            self._share = spent / (slots * max(now - self._since, 1e-9))
        self._range = remaining(self._tape.seconds, left, slots, ages, self._share)
        return self._range
