"""The information on a cluster for one asker; it never asks an engine anything."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from typing import Any

from parflow_jupyter._system.versions import package_problems
from parflow_jupyter.clusters.files.connection_files import is_reachable_from_elsewhere
from parflow_jupyter.clusters.protocol.model import (
    NOBODY,
    ClusterInfo,
    ControllerInfo,
    EngineInfo,
    EngineState,
)
from parflow_jupyter.clusters.supervisor.control.controllers import connect_controller
from parflow_jupyter.clusters.supervisor.control.stopping import lost_by_cleanup
from parflow_jupyter.clusters.supervisor.death.silence import engine_state
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import ClusterError, ControllerSilentError, Problem, reasons

QUEUE_TIMEOUT = 0.5

_cpu: dict[int, Any] = {}


def _usage_of(pid: int) -> tuple[float | None, int | None]:
    """Return (CPU percent since the last look, resident bytes) of a living process."""
    import psutil

    try:
        seen = _cpu.get(pid)
        if seen is None or seen.pid != pid or not seen.is_running():
            seen = _cpu[pid] = psutil.Process(pid)
        return seen.cpu_percent(None), seen.memory_info().rss
    except psutil.Error:
        _cpu.pop(pid, None)
        return None, None


def _owner_text(cluster: Cluster, process: ManagedProcess) -> str:
    return NOBODY if process.owner is None else cluster.owner_text(process.owner)


def _own_engine(
    cluster: Cluster, process: ManagedProcess, owner: str | None, queues: dict[int, int]
) -> EngineInfo:
    counters = process.read_counters()
    cpu, rss = _usage_of(process.pid) if process.lives else (None, None)
    return EngineInfo(
        id=process.engine_id,
        pid=process.pid,
        host=cluster.host,
        system=platform.system(),
        python=process.python,
        launcher=process.launcher,
        started_here=process.owner is not None and process.owner == owner,
        state=engine_state(cluster, process),
        queued=queues.get(-1 if process.engine_id is None else process.engine_id),
        completed=counters.completed if counters else None,
        cpu_percent=cpu,
        rss_bytes=rss,
        exit=process.exit,
        owner=_owner_text(cluster, process),
    )


def _other_engine(
    cluster: Cluster, uuid: str, owner: str | None, queues: dict[int, int]
) -> EngineInfo:
    """Tell what is known of an engine that others, or a launcher elsewhere, started."""
    engine_id = cluster.link.engines[uuid] if cluster.link is not None else -1
    identity = cluster.identities.known.get(uuid)
    queued = queues.get(engine_id)
    if identity is None:
        return EngineInfo(
            engine_id, None, None, None, None, None, False, state="unknown", queued=queued
        )
    here = identity.host == cluster.host
    cpu, rss = _usage_of(identity.pid) if here else (None, None)
    found = [item for item in cluster.living() if item.uuid == identity.engine_set]
    state: EngineState = "unknown" if queued is None else "busy" if queued else "idle"
    return EngineInfo(
        id=engine_id,
        pid=identity.pid,
        host=identity.host,
        system=identity.system,
        python=identity.python,
        launcher=found[0].launcher if found else None,
        started_here=any(item.owner is not None and item.owner == owner for item in found),
        state=state,
        queued=queued,
        cpu_percent=cpu,
        rss_bytes=rss,
        owner=_owner_text(cluster, found[0]) if found else None,
    )


def _engines(cluster: Cluster, owner: str | None, queues: dict[int, int]) -> list[EngineInfo]:
    own = [process for process in cluster.processes.values() if process.kind == "engine"]
    known = {process.uuid for process in own}
    registered = cluster.link.engines if cluster.link is not None else {}
    listed = [_own_engine(cluster, process, owner, queues) for process in own]
    others = [key for key in registered if key not in known]
    listed += [_other_engine(cluster, key, owner, queues) for key in others]
    return sorted(listed, key=lambda engine: (engine.id is None, engine.id or 0, engine.pid or 0))


def _controller(cluster: Cluster, owner: str | None) -> ControllerInfo | None:
    own = cluster.controller()
    if own is not None:
        mine = own.owner is not None and own.owner == owner
        return ControllerInfo(mine, own.pid, cluster.host, _owner_text(cluster, own))
    if cluster.link is None:
        return None
    location = str(cluster.link.connection.get("location") or "") or None
    return ControllerInfo(started_here=False, pid=None, host=location)


def _adoptable(cluster: Cluster) -> list[Problem]:
    """Say what belongs to nobody, and what can be done about it."""
    left = cluster.unowned()
    if not left:
        return []
    leases = [process.lease_left() for process in left if process.lease_until is not None]
    were, belong = ("process was", "belongs") if len(left) == 1 else ("processes were", "belong")
    what = f"{len(left)} {were} left running and no longer {belong} to anybody"
    fix = "adopt what was left running, or request a cluster shutdown"
    if leases:
        what += f"; unused, it ends by itself in {max(1, round(max(leases) / 60))} min"
    action = {"name": "adopt", "arguments": {}}
    return [Problem("cluster", what, fix, reasons.LEFT_RUNNING, action)]


def _exposed(cluster: Cluster) -> list[Problem]:
    """Say that what engines compute crosses the network in the open, where it does."""
    connection = cluster.link.connection if cluster.link is not None else {}
    if connection.get("curve_serverkey") or not connection:
        return []
    if not is_reachable_from_elsewhere(connection):
        return []
    what = "listens to other hosts and does not encrypt"
    fix = "set c.IPController.enable_curve = True in ipcontroller_config.py and start it again"
    return [Problem("controller", what, fix, reasons.NOT_ENCRYPTED)]


def _problems(cluster: Cluster, engines: list[EngineInfo]) -> list[Problem]:
    found = list(cluster.problems)
    if cluster.link is not None and not cluster.is_connected:
        fix = "wait, or request a cluster shutdown"
        what = "does not answer"
        found.append(Problem("controller", what, fix, reasons.CONTROLLER_SILENT))
    found += _exposed(cluster)
    found += _adoptable(cluster)
    for ended in cluster.processes.values():
        if ended.kind == "engine-set" and not ended.lives:
            meaning = (ended.exit or {}).get("meaning", "ended")
            what = f"{meaning}; its engines went with it"
            fix = f"start engines again; the log is {ended.log}"
            where = f"launcher {ended.launcher}"
            found.append(Problem(where, what, fix, reasons.LAUNCHER_ENDED))
    return found + [item for engine in engines for item in _engine_problems(cluster, engine)]


def _engine_problems(cluster: Cluster, engine: EngineInfo) -> Iterator[Problem]:
    name = f"engine {engine.id if engine.id is not None else f'process {engine.pid}'}"
    if engine.state == "dead":
        meaning = (engine.exit or {}).get("meaning", "ended")
        fix = cluster.note_of(engine.pid) or "start another one"
        yield Problem(name, meaning, f"{fix}; its log is kept", reasons.ENGINE_ENDED)
    elif engine.state == "unresponsive":
        fix, mends = "wait for it, or replace it", {"engine": engine.id}
        action = {"name": "restartEngine", "arguments": mends} if engine.id is not None else None
        yield Problem(name, "does not respond", fix, reasons.ENGINE_UNRESPONSIVE, action)


def _mismatches(cluster: Cluster) -> list[Problem]:
    registered = cluster.link.engines if cluster.link is not None else {}
    known = {item.uuid: item.versions for item in cluster.living("engine")}
    for uuid, identity in cluster.identities.known.items():
        known[uuid] = {"ipyparallel": identity.ipyparallel}
    named = {f"engine {number}": known.get(uuid, {}) for uuid, number in registered.items()}
    found = [package_problems(name, theirs, cluster.versions) for name, theirs in named.items()]
    return [problem for problems in found for problem in problems]


async def refresh(cluster: Cluster) -> dict[int, int]:
    """Look whether the controller is there and answers; return the queue counts by engine id."""
    if cluster.link is None:
        with contextlib.suppress(ClusterError):
            await connect_controller(cluster, QUEUE_TIMEOUT * 2)
    if cluster.link is None:
        return {}
    try:
        queues = await cluster.link.queues(QUEUE_TIMEOUT)
        cluster.is_connected = True
        return queues
    except ControllerSilentError:
        # Gone (a foreign one we can't watch), or alive and silent?
        with contextlib.suppress(ClusterError):
            await connect_controller(cluster, QUEUE_TIMEOUT)
        return {}


async def cluster_info(cluster: Cluster, owner: str | None) -> ClusterInfo:
    """Return what is known of the cluster, as seen by an owner; takes a second at most."""
    queues = await refresh(cluster)
    cluster.forget_dead()
    engines = _engines(cluster, owner, queues)
    living = [engine for engine in engines if engine.state != "dead"]
    state: Any = cluster.state()
    return ClusterInfo(
        profile=cluster.profile,
        cluster_id=cluster.cluster_id,
        state=state,
        connected=cluster.is_connected,
        controller=_controller(cluster, owner),
        engines_started_here=sum(1 for engine in living if engine.started_here),
        engines_total=len(living),
        engines=engines,
        problems=_problems(cluster, engines) + _mismatches(cluster),
        lost_by_cleanup=lost_by_cleanup(cluster, owner),
        adoptable=len(cluster.unowned()),
    )
