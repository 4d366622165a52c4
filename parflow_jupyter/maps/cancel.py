"""The token by which anyone stops a run."""

from __future__ import annotations

import threading

STOP_WITHIN = 2.5
"""Seconds that an interrupted caller waits for its run to end."""


class CancelToken:
    """Set once, with the reason; the runner looks at it several times a second.

    Example:
        >>> token = CancelToken()
        >>> token.cancel("the cell was interrupted")
        >>> token.cancelled, token.why
        (True, 'the cell was interrupted')
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self.why = ""

    @property
    def cancelled(self) -> bool:
        """Whether the run is to stop."""
        return self._event.is_set()

    def cancel(self, why: str) -> None:
        """Ask the run to stop; the first reason is kept."""
        if not self._event.is_set():
            self.why = why
            self._event.set()
