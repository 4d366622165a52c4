"""For whom the processes of a cluster were started, as told to people."""

from __future__ import annotations

from ..whose import ClusterOwners, EngineOwner
from .state import Cluster, ManagedProcess


def cluster_owners(cluster: Cluster) -> ClusterOwners:
    """Return for whom each engine was started, as far as that owner is known and lives."""
    registered = cluster.link.engines if cluster.link is not None else {}
    owners = []
    for process in cluster.workers():
        text = owner_text(cluster, process)
        if text is None:
            continue
        members = cluster.identities.members(process.uuid)
        ids = [process.engine_id, *(registered.get(member) for member in members)]
        owners += [EngineOwner(engine, text) for engine in ids if engine is not None]
    listed = sorted(owners, key=lambda owner: owner.engine)
    return ClusterOwners(listed, adoptable=len(cluster.unowned()))


def owner_text(cluster: Cluster, process: ManagedProcess) -> str | None:
    """Return for whom a process was started, None where nobody is known."""
    owner = cluster.owners.get(process.owner or "")
    if owner is None:
        return None
    kind = "Jupyter server" if owner.kind == "server" else "process"
    return f"{kind} with PID {owner.identity.pid}"
