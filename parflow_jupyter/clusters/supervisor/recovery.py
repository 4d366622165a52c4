"""Rebuilding what a killed supervisor knew: its record, and the processes found alive."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from parflow_jupyter._system.private_json import believed, read_private_json, remove_file
from parflow_jupyter._system.process import is_alive
from parflow_jupyter.clusters.files.owners import Owner
from parflow_jupyter.clusters.supervisor.control.controllers import connect_controller
from parflow_jupyter.clusters.supervisor.control.ended import watch
from parflow_jupyter.clusters.supervisor.death.process_exit import in_background
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.ownership import grant_lease, note_owner, release
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import ClusterError


async def rebuild(cluster: Cluster) -> None:
    """Adopt the processes of the record that live; a record that can't be trusted is a problem."""
    data, problem = read_private_json(cluster.record)
    if problem is not None:
        what = f"{cluster.record} {problem.what}"
        fix = "it was not believed, and is replaced; what it named, if it runs, is not known here"
        cluster.problems.append(replace(problem, where="earlier record", what=what, fix=fix))
    if data is None:
        return
    for item in data.get("processes") or []:
        process = believed(ManagedProcess.from_dict, item)
        if process is None:
            continue
        if is_alive(process.identity):
            cluster.processes[process.pid] = process
        elif process.counters:
            remove_file(Path(process.counters))
    # Followed only after all are known: one that ends now may concern the others.
    for process in list(cluster.processes.values()):
        watch(cluster, process)
    _take_owners(cluster, [believed(Owner.from_dict, item) for item in data.get("owners") or []])
    with contextlib.suppress(ClusterError):
        await connect_controller(cluster)


def _take_owners(cluster: Cluster, owners: list[Owner | None]) -> None:
    """Follow the owners that live; the others ended while nobody looked."""
    for owner in owners:
        if owner is None:
            continue
        if is_alive(owner.identity):
            note_owner(cluster, owner)
        elif owner.kind == "server":
            grant_lease(cluster, owner.key)
        else:
            in_background(release(cluster, owner.key))
    cluster.had_owner = True
