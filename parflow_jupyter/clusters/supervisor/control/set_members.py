"""The single engines of engine sets: found by id, and ended through the controller."""

from __future__ import annotations

import time
from dataclasses import dataclass

from parflow_jupyter.clusters.launchers import ENDS_TOGETHER
from parflow_jupyter.clusters.supervisor.link.connection import ControllerLink
from parflow_jupyter.clusters.supervisor.link.engine_ids import EngineIdentity
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.state import Cluster, grace


@dataclass(frozen=True)
class Member:
    """An engine of a set, and the process of ours that drives the set's launcher."""

    uuid: str
    identity: EngineIdentity
    process: ManagedProcess


def find_member(cluster: Cluster, engine_id: object, pid: int | None = None) -> Member | None:
    """Return the engine with this id when one of ipyparallel's launchers started it for us.

    Args:
        cluster: Where it is.
        engine_id: Its number.
        pid: Its process, where that is known.
    """
    for process in cluster.living("engine-set"):
        for member, number in members_of(cluster, process):
            if number == engine_id and pid in (None, member.identity.pid):
                return member
    return None


def members_of(cluster: Cluster, process: ManagedProcess) -> list[tuple[Member, int]]:
    """Return the registered engines of a set with their ids."""
    registered = cluster.link.engines if cluster.link is not None else {}
    return [
        (Member(uuid, cluster.identities.known[uuid], process), registered[uuid])
        for uuid in cluster.identities.members(process.uuid)
        if uuid in registered
    ]


async def end_members(cluster: Cluster, link: ControllerLink, uuids: list[str]) -> bool:
    """End engines, wherever they run; return whether all did so before they were killed.

    What they run is interrupted, then they are asked to end; their nannies kill those that do not.
    """
    for uuid in uuids:
        await link.interrupt_engine(uuid)
        await link.shut_down_engine(uuid)
    was_gentle = await _left(cluster, uuids)
    if cluster.link is not link:
        # The controller ended meanwhile.
        return was_gentle
    for uuid in uuids:
        # To one that left, too: it may have said so and still hang in what it runs.
        await link.kill_engine(uuid)
    if not await _left(cluster, uuids) and cluster.link is link:
        for uuid in uuids:
            await link.forget_engine(uuid)
    return was_gentle


async def end_engines_of(cluster: Cluster, process: ManagedProcess) -> None:
    """End the engines of a set whose launcher would take seconds for each, one after the other."""
    process.is_stopping = True
    uuids = cluster.identities.members(process.uuid)
    if not uuids or process.launcher in ENDS_TOGETHER:
        return
    # Where the controller does not answer, the launcher has to do it.
    if cluster.link is not None and cluster.is_connected:
        await end_members(cluster, cluster.link, uuids)


async def _left(cluster: Cluster, uuids: list[str]) -> bool:
    deadline = time.monotonic() + grace()
    while cluster.link is not None and not cluster.link.engines.keys().isdisjoint(uuids):
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        await cluster.wait_change(left)
    return True
