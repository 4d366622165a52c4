"""Engines that live but can't answer: stopped by a signal, or given up by their controller."""

from __future__ import annotations

from parflow_jupyter._system.process import is_stopped
from parflow_jupyter.clusters.protocol.model import EngineState
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.state import Cluster


def engine_state(cluster: Cluster, process: ManagedProcess) -> EngineState:
    """Return the state of an engine of ours, without asking it anything."""
    if not process.lives:
        return "dead"
    if is_stopped(process.identity):
        return "unresponsive"
    link = cluster.link
    if link is None or process.uuid not in link.engines:
        return "starting" if process.engine_id is None else "unresponsive"
    counters = process.read_counters()
    if counters is None:
        return "unknown"
    return "busy" if counters.busy else "idle"
