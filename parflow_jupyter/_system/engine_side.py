"""What two cores need of each other where both are loaded: on an engine.

``maps`` and ``clusters`` never import each other. On an engine the items of a map count as its
tasks, and its end concerns what runs there: each puts here what the other calls, once it is
loaded. Importing this loads neither, so that an engine loads the parts of maps with its first one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Worker(Protocol):
    """What runs the batches of maps in this process."""

    def status(self) -> dict[str, Any]:
        """Return what is running, with the key ``run``."""

    def leave(self) -> None:
        """Have the running batch answer with what it has: this process is about to end."""


def _count_nowhere(tasks: int) -> None:
    """Count no tasks: this is no engine of ours."""


worker: Worker | None = None
"""Put here by maps/worker/worker.py."""

count_tasks: Callable[[int], None] = _count_nowhere
"""Counts tasks as completed; put here by clusters/processes/engine_counters.py."""
