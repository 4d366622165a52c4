"""What two cores need of each other where both are loaded: on an engine.

``maps`` and ``clusters`` never import each other. On an engine the items of a map count as its
tasks, and its end concerns what runs there: each puts here what the other calls, once it is
loaded. Importing this loads neither, so that an engine loads the parts of maps with its first one.
"""

from __future__ import annotations

import sys
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

role = ""
"""What a process of ours that is no application of ipyparallel is; put here by what it runs."""


def started_as() -> str:
    """Return what work this process was started for: an engine, a controller, a worker process.

    Empty where a person's program runs. Engines that others start are known by ipyparallel's
    application, of which a process has one.

    Example:
        >>> started_as()
        ''
    """
    apps = sys.modules.get("ipyparallel.apps.baseapp")
    if apps is None:
        return role
    from traitlets.config import Application

    # Asked of all applications: a kernel's or a server's counts as one of each class above it.
    application = Application.instance() if Application.initialized() else None
    if not isinstance(application, apps.BaseParallelApplication):
        return role
    return str(application.name).removeprefix("ip")
