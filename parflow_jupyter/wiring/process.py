"""The handle of this process on its clusters, and what others are given of it."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from parflow_jupyter.events import EngineExited, Event
from parflow_jupyter.wiring import prompts

if TYPE_CHECKING:
    import ipyparallel

    from parflow_jupyter.clusters import Clusters


class Process:
    """The handle on the supervisors of this process, made when first used, ended at exit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clusters: Clusters | None = None
        self._pid = 0

    def clusters(self) -> Clusters:
        with self._lock:
            # A forked child is a process of its own and must not end its parent's engines.
            if self._clusters is None or self._pid != os.getpid():
                from parflow_jupyter.clusters import Clusters

                self._clusters, self._pid = Clusters(), os.getpid()
            return self._clusters

    def close(self) -> None:
        with self._lock:
            clusters, self._clusters = self._clusters, None
            if clusters is not None and self._pid == os.getpid():
                clusters.close()


current = Process()
atexit.register(current.close)


def connect() -> ipyparallel.Client:
    """Return the client of the current cluster.

    Raises:
        NoEnginesError: No controller is up.
    """
    from parflow_jupyter.clusters.client.connection import connect as connect_to

    return connect_to(current.clusters())


def connect_if_running() -> ipyparallel.Client | None:
    """Return the client of the current cluster, or None where no controller is up."""
    clusters = current.clusters()
    return connect() if clusters.connection_file() is not None else None


def on_engine_exit(callback: Callable[[int, int], None]) -> Callable[[], None]:
    """Have the ends of engines told.

    Args:
        callback: Called with the id and the pid of each engine that ends.

    Returns:
        What ends the telling.
    """

    def heard(event: Event) -> None:
        if isinstance(event, EngineExited) and event.engine is not None:
            callback(event.engine, event.pid)

    return current.clusters().subscribe(heard)


def replace_engine(engine: int, pid: int | None) -> None:
    """End an engine of the current cluster and start another one in its place."""
    current.clusters().replace_engine(engine, pid)


def offer_to_start() -> bool | None:
    """Ask whether engines should be started, and start one per core on "yes".

    Returns:
        The answer, or None where nobody can be asked.
    """
    answer = prompts.ask("There are no engines. Start one per core?")
    if answer:
        current.clusters().start_engines()
    return answer
