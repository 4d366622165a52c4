"""Those who start, hold and stop engines: ourselves, and ipyparallel's own Cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

OURS = "parflow"
THEIRS = "ipyparallel"
Phases = dict[str, float]


class Ours:
    """pf.start_engines, by the handle below it; ``phases`` says where the last start's time went.

    Args:
        with_phases: Ask how far a start is, which takes a little time itself.
    """

    def __init__(self, with_phases: bool = False) -> None:
        from parflow_jupyter.clusters import Clusters

        self.clusters = Clusters()
        self.with_phases = with_phases
        self.phases: Phases = {}
        self.total = 0

    def start(self, n: int) -> None:
        """Start n engines, or n more, and let each answer."""
        from parflow_jupyter.clusters.client.connection import connect

        self.total += n
        begun = time.perf_counter()
        self._start_engines(n)
        started = time.perf_counter()
        client = connect(self.clusters)
        client.wait_for_engines(self.total, timeout=60, interactive=False)
        connected = time.perf_counter()
        assert client[:].apply_sync(int, 1) == [1] * self.total
        self.phases["client connected"] = connected - started
        self.phases["each engine answered"] = time.perf_counter() - connected
        self.phases["all"] = time.perf_counter() - begun

    add = start

    def _start_engines(self, n: int) -> None:
        if not self.with_phases:
            self.clusters.start_engines(n)
            return
        begun = time.perf_counter()
        operation = self.clusters.begin_start_engines(n)
        asked = time.perf_counter()
        self.phases = {"supervisor up, start asked for": asked - begun}
        has_controller = 0.0
        while operation.state == "running":
            if operation.message == "starting engines" and not has_controller:
                has_controller = time.perf_counter()
            time.sleep(0.005)
            operation = self.clusters.operation(operation.id)
        has_controller = has_controller or asked
        self.phases["imports, controller up"] = has_controller - asked
        self.phases["engines forked and registered"] = time.perf_counter() - has_controller

    def stop(self) -> None:
        """End the engines and the controller; the supervisor stays for a while."""
        from parflow_jupyter.clusters.client.connection import close_all

        close_all()
        self.clusters.cleanup()
        self.total = 0

    def close(self) -> None:
        """End everything."""
        self.clusters.close()


class Theirs:
    """ipyparallel.Cluster.

    Args:
        arguments: Of the controller, for variants.
    """

    def __init__(self, *arguments: str) -> None:
        self.arguments = list(arguments)

    def start(self, n: int) -> None:
        """Start a controller and n engines, and let each answer."""
        import ipyparallel

        self.total = n
        self.cluster = ipyparallel.Cluster(
            n=n, controller_args=self.arguments, log_level=50, shutdown_atexit=True
        )
        self.client = self.cluster.start_and_connect_sync(n=n)
        assert self.client[:].apply_sync(int, 1) == [1] * n

    def add(self, n: int) -> None:
        """Start n more."""
        self.total += n
        self.cluster.start_engines_sync(n)
        self.client.wait_for_engines(self.total, timeout=60, interactive=False)
        assert self.client[:].apply_sync(int, 1) == [1] * self.total

    def stop(self) -> None:
        """End the cluster."""
        self.client.close()
        self.cluster.stop_cluster_sync()

    def close(self) -> None:
        """Nothing is left to end."""


CONTENDERS: dict[str, Callable[[], Any]] = {
    OURS: Ours,
    THEIRS: Theirs,
    "ipyparallel, 500 ms": lambda: Theirs("--HeartMonitor.period=500"),
}
