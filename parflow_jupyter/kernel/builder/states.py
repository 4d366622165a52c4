"""The states of modules for the builder, told no more often than a person can see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from parflow_jupyter.events import Event, ModuleChanged

States = dict[str, dict[str, Any]]


class ModuleStates:
    """Collects ModuleChanged events and pushes all states at most once per period.

    Args:
        push: Called with the states by module id, from whichever thread is at it.
        period: Seconds between two pushes.

    Example:
        >>> pushed = []
        >>> board = ModuleStates(pushed.append)
        >>> board.listen(ModuleChanged(module="a", state="done"))
        >>> board.flush()
        >>> pushed[-1]["a"]["state"]
        'done'
    """

    def __init__(self, push: Callable[[States], None], period: float = 0.1) -> None:
        self._push, self._period = push, period
        self._states: States = {}
        self._lock = threading.Lock()
        self._last = -period
        self._timer: threading.Timer | None = None
        self._fresh = False

    def listen(self, event: Event) -> None:
        """Enter an event, and push now or soon."""
        if not isinstance(event, ModuleChanged):
            return
        with self._lock:
            self._states[event.module] = {
                "state": event.state,
                "done": event.done,
                "total": event.total,
                "message": event.message,
                "elapsed": event.elapsed,
            }
            self._fresh = True
            if self._timer is None:
                self._send_or_schedule()

    def flush(self) -> None:
        """Push what was not pushed yet, and leave no timer behind."""
        with self._lock:
            timer, self._timer = self._timer, None
            self._send()
        if timer is not None and timer is not threading.current_thread():
            timer.cancel()
            timer.join()

    def _send_or_schedule(self) -> None:
        wait = self._last + self._period - time.monotonic()
        if wait <= 0:
            self._send()
            return
        self._timer = threading.Timer(wait, self.flush)
        self._timer.name, self._timer.daemon = "parflow-builder-states", True
        self._timer.start()

    def _send(self) -> None:
        # Pushed under the lock, so that an older picture never overtakes a newer one.
        if self._fresh:
            self._fresh, self._last = False, time.monotonic()
            self._push({id: dict(state) for id, state in self._states.items()})
