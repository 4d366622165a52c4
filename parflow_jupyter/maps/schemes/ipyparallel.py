"""The scheme that runs items on the engines of an ipyparallel cluster."""

from __future__ import annotations

import threading

from parflow_jupyter._system.cpu_count import counted
from parflow_jupyter.maps.abc import (
    Capabilities,
    ClusterAccess,
    Plan,
    Readiness,
    Scheme,
    Sink,
    Slots,
)
from parflow_jupyter.maps.schemes._engine_probe import prepare_canning
from parflow_jupyter.maps.schemes._engine_replies import OnEngineExit, hear_exits
from parflow_jupyter.maps.schemes._engine_slots import Connect, EngineSlots, Replace, offered
from parflow_jupyter.maps.schemes._unresponsive import replacing


class IPyParallelScheme(Scheme):
    """Runs the items on the engines of an ipyparallel cluster.

    Args:
        connect: Returns the connected ipyparallel.Client, or None, or raises.
        on_engine_exit: Subscribes to ids and pids of engines that ended; returns how to
                unsubscribe.
        replace_engine: Starts a new engine for an id and pid, or raises; may take seconds.
        only: The one engine that may be used; all of them if None.
    """

    name = "ipyparallel"
    kind = "remote"
    capabilities = Capabilities(timeout=True, captures=True, survives=True, gives_back=True)
    rank, needs_cluster, noun = 10, True, ("engine", "engines")

    @classmethod
    def configured(cls, workers: int | None = None, cluster: ClusterAccess | None = None) -> Scheme:
        """Return the scheme for a cluster."""
        if cluster is None:
            return cls(lambda: None)
        return cls(cluster.connect, cluster.on_engine_exit, cluster.replace_engine)

    @classmethod
    def glance(cls, workers: int | None, engines: int | None) -> Readiness:
        """Return the number of engines connected, as another process counted them."""
        if engines is None:
            return Readiness(0, "the cluster can't be asked")
        return _connected(engines)

    def __init__(
        self,
        connect: Connect,
        on_engine_exit: OnEngineExit | None = None,
        replace_engine: Replace | None = None,
        only: int | None = None,
    ) -> None:
        self._only = only
        self._connect = connect
        self._on_engine_exit = on_engine_exit
        self._replace_engine = replace_engine

    def readiness(self) -> Readiness:
        """Return the number of engines connected."""
        try:
            client = self._connect()
        except Exception as error:
            return Readiness(0, f"no cluster answers ({error})")
        count = len(offered(client.ids, self._only)) if client is not None else 0
        if count or client is None:
            return _connected(count)
        # Others come in their place; the map waits for them.
        coming = replacing(client) if self._only is None else 0
        if not coming:
            return _connected(0)
        return Readiness(coming, f"{counted(coming, *self.noun)} being replaced")

    def open(self, plan: Plan, sink: Sink) -> Slots:
        """Begin a run on the engines that are there; more may join."""
        prepare_canning()
        engines = EngineSlots(self._connect, plan, sink, self._replace_engine, self._only)
        engines.poll()
        if self._on_engine_exit is not None:
            # Beside the run, because to begin and to end that takes as long as a small map.
            told = (self._on_engine_exit, engines.engine_exited, engines.over)
            threading.Thread(target=hear_exits, args=told, daemon=True).start()
        return engines


def _connected(count: int) -> Readiness:
    words = counted(count, *IPyParallelScheme.noun)
    return Readiness(count, f"{words} connected" if count else "no engines are connected")


SCHEME = IPyParallelScheme
