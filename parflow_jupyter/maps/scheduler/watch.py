"""Whom the loop tells how a run goes; the monitor, which knows more of it, is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from parflow_jupyter.maps.scheduler.collector import Collector


class Watch(Protocol):
    """Told about a run by its loop, in the run's thread."""

    slots: int
    """How many slots there are now."""

    def write_row(self) -> None:
        """Begin the run's row in the history, once."""

    def progress(self, collector: Collector, ages: Sequence[float] = ()) -> None:
        """Tell how far the run is.

        Args:
            collector: What has come out so far.
            ages: Seconds since the running items began.
        """

    def cancel_wanted(self) -> bool:
        """Return whether someone asked for the run to stop."""
