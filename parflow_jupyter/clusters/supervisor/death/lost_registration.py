"""Engines that live but are no longer registered: their controller gave them up.

That happens to one that was frozen for long. It can't register again, so it is ended, and
another one started in its place.
"""

from __future__ import annotations

import time

from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import ClusterError

LOST_AFTER = 2.0
"""Seconds for which an engine is not registered until it counts as lost."""


def _seems_lost(cluster: Cluster, process: ManagedProcess) -> bool:
    if process.engine_id is None or process.is_stopping or process.is_lost:
        return False
    if cluster.link is None or process.uuid in cluster.link.engines:
        return False
    counters = process.read_counters()
    # Who was asked to end by a client unregisters first, and ends after its task.
    return counters is None or not counters.leaving


def _due(cluster: Cluster) -> list[ManagedProcess]:
    now = time.monotonic()
    for process in cluster.living("engine"):
        if not _seems_lost(cluster, process):
            process.lost_since = None
        elif process.lost_since is None:
            process.lost_since = now
    waited = [item for item in cluster.living("engine") if item.lost_since is not None]
    return [item for item in waited if now - (item.lost_since or now) > LOST_AFTER]


async def find_lost(cluster: Cluster) -> list[ManagedProcess]:
    """Return the engines that live but are no longer registered, each once."""
    if cluster.link is None or not cluster.is_connected or not _due(cluster):
        return []
    try:
        # A notice can be missed; only what the controller says now counts.
        await cluster.link.refresh(2.0)
    except ClusterError:
        return []
    lost = _due(cluster)
    for process in lost:
        process.is_lost = True
    return lost
