"""What becomes of processes when their owner ends, and when the supervisor itself may end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from parflow_jupyter._system.process import is_alive
from parflow_jupyter._system.runtime_dir import supervisor_log
from parflow_jupyter.clusters.files.logs import FORK_SERVER_LOG, rotate
from parflow_jupyter.clusters.files.owners import Owner
from parflow_jupyter.clusters.supervisor import reporting
from parflow_jupyter.clusters.supervisor.control import starting, stopping
from parflow_jupyter.clusters.supervisor.death.process_exit import call_at_end, in_background
from parflow_jupyter.clusters.supervisor.state import Cluster, setting

LOOK_AT_LOGS = 5.0
"""Seconds between two looks at the sizes of logs."""

FIRST_REQUEST = 10.0
"""Seconds that a supervisor nobody asked anything waits for its first request."""


def lease_seconds() -> float:
    """Return how long processes of a crashed server are kept for adoption."""
    return setting("PARFLOW_LEASE_SECONDS", 3600.0)


def linger_seconds() -> float:
    """Return how long a supervisor stays after its last process."""
    return setting("PARFLOW_LINGER_SECONDS", 60.0)


def note_owner(cluster: Cluster, owner: Owner) -> None:
    """Follow an owner that asks for the first time to its end."""
    if owner.key in cluster.owners or not is_alive(owner.identity):
        return
    cluster.owners[owner.key] = owner
    cluster.had_owner = True
    call_at_end(owner.identity, lambda: in_background(owner_ended(cluster, owner)))


async def owner_ended(cluster: Cluster, owner: Owner) -> None:
    """Deal with an owner that ended without a word: only a server's work is kept, on a lease."""
    if cluster.owners.pop(owner.key, None) is None:
        return
    if owner.kind == "server":
        grant_lease(cluster, owner.key)
    else:
        await release(cluster, owner.key)
    cluster.changed()


def grant_lease(cluster: Cluster, owner: str) -> None:
    """Keep what a crashed server had started, for its successor to adopt."""
    until = time.monotonic() + lease_seconds()
    for process in cluster.living(owner=owner):
        process.owner, process.lease_until = None, until
    cluster.save()


def adopt(cluster: Cluster, owner: str) -> int:
    """Give an owner what belongs to nobody; return how many processes that were."""
    found = cluster.unowned()
    for process in found:
        process.owner, process.lease_until = owner, None
    cluster.save()
    cluster.changed()
    return len(found)


async def release(cluster: Cluster, owner: str) -> None:
    """End what an owner started: it ended normally, or is no server."""
    cluster.owners.pop(owner, None)
    await starting.cancel_starts(cluster, owner)
    await stopping.terminate(cluster, owner)


async def _end_expired(cluster: Cluster) -> None:
    """End leased processes when no owner lives and no engine works."""
    leased = [process for process in cluster.living() if process.lease_until is not None]
    if any(process.lease_until is None for process in cluster.workers()):
        # Engines that were left running would go down with it.
        leased = [process for process in leased if process.kind != "controller"]
    if not leased or cluster.owners:
        return
    readings = [process.read_counters() for process in leased]
    works = any(reading is not None and reading.busy for reading in readings)
    is_over = all(process.lease_left() <= 0 for process in leased)
    if is_over and not works:
        # Engines elsewhere have no counters here: the controller knows what waits for them.
        works = any((await reporting.refresh(cluster)).values())
        if cluster.owners or any(item.lease_until is None or not item.lives for item in leased):
            # Somebody adopted them meanwhile.
            return
    if works:
        for process in leased:
            process.lease_until = time.monotonic() + lease_seconds()
    elif is_over:
        await stopping.end_workers(cluster, leased)


def _may_end(cluster: Cluster) -> bool:
    if cluster.living() or cluster.is_busy():
        return False
    idle = time.monotonic() - cluster.last_used
    if not cluster.owners:
        return cluster.had_owner or idle > FIRST_REQUEST
    return idle > linger_seconds()


def _bound_logs(cluster: Cluster) -> None:
    logs = [Path(process.log) for process in cluster.living()]
    for path in (*logs, cluster.log_dir / FORK_SERVER_LOG, supervisor_log(cluster.key)):
        rotate(path)


async def keep_house(cluster: Cluster) -> None:
    """Watch leases, tell busy counts to subscribers, and end the supervisor in time."""
    last: dict[str, object] = {}
    looked = 0.0
    while not cluster.quit.is_set():
        await asyncio.sleep(0.25)
        try:
            await _end_expired(cluster)
            await stopping.end_lost(cluster)
            if time.monotonic() - looked > LOOK_AT_LOGS:
                looked = time.monotonic()
                _bound_logs(cluster)
            if cluster.subscribers:
                summary = cluster.summary()
                if summary != last:
                    last = summary
                    cluster.publish("ClusterChanged", summary)
        except Exception as error:
            # Whatever failed once must not keep the supervisor from ending in time.
            told = {"message": "housekeeping failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(told)
        if _may_end(cluster):
            cluster.quit.set()
