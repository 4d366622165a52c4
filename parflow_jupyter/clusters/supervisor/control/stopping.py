"""Ending processes: asked first, then terminated, then killed, each with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from typing import Any

from parflow_jupyter._system.cpu_count import counted
from parflow_jupyter._system.process import is_stopped, send_signal
from parflow_jupyter.clusters.files.connection_files import is_listening, remove_connection_files
from parflow_jupyter.clusters.supervisor.control.set_members import end_engines_of, members_of
from parflow_jupyter.clusters.supervisor.death.lost_registration import find_lost
from parflow_jupyter.clusters.supervisor.death.process_exit import in_background
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.operation import RunningOperation
from parflow_jupyter.clusters.supervisor.state import Cluster, grace
from parflow_jupyter.errors import ClusterError, Problem, ShutdownRefusedError, reasons

KILL_TIMEOUT = 3.0
ANSWER_TIMEOUT = 2.0
SET_GRACE = 15.0
"""Seconds that a launcher of ipyparallel has to stop its engines."""


async def _wait_end(process: ManagedProcess, timeout: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.ended.wait(), timeout)
    return not process.lives


async def end_process(process: ManagedProcess) -> str:
    """End one process on request and return how: terminated, killed or already gone."""
    process.is_stopping = True
    return await end_gently(process)


async def end_gently(process: ManagedProcess) -> str:
    """Terminate a process, and kill it when that does not help or it is frozen; return how."""
    if not process.lives:
        return "already gone"
    # A process that was stopped can't handle a signal, but can be killed.
    if not is_stopped(process.identity):
        if not send_signal(process.identity, signal.SIGTERM):
            await _wait_end(process, KILL_TIMEOUT)
            return "already gone"
        if await _wait_end(process, SET_GRACE if process.kind == "engine-set" else grace()):
            return "terminated"
    send_signal(process.identity, signal.SIGKILL)
    await _wait_end(process, KILL_TIMEOUT)
    return "killed"


async def end_lost(cluster: Cluster) -> None:
    """End engines that live but are no longer registered; others are started in their place."""
    for process in await find_lost(cluster):
        process.ended_because = "lived, but was no longer registered, and was ended"
        in_background(end_gently(process))


async def end_processes(processes: list[ManagedProcess]) -> list[str]:
    """End several processes at once; the outcomes are in the same order."""
    return list(await asyncio.gather(*(end_process(process) for process in processes)))


async def end_workers(cluster: Cluster, workers: list[ManagedProcess]) -> list[str]:
    """End engines and engine sets at once; the outcomes are in the same order."""
    return list(await asyncio.gather(*(_end_worker(cluster, worker) for worker in workers)))


async def _end_worker(cluster: Cluster, worker: ManagedProcess) -> str:
    if worker.kind != "engine-set":
        return await end_process(worker)
    await end_engines_of(cluster, worker)
    outcome = await end_process(worker)
    # A set may have ended with its engines, which is what was wanted.
    return "terminated" if outcome == "already gone" else outcome


async def end_controller(cluster: Cluster, process: ManagedProcess) -> str:
    """End our own controller; it is asked first, so that it tells its clients."""
    process.is_stopping = True
    if cluster.link is not None and not is_stopped(process.identity):
        with contextlib.suppress(ClusterError):
            await cluster.link.ask("shutdown_request", {}, ANSWER_TIMEOUT)
            # Its notice to the clients is on the way; the rest of its second is only waiting.
            await asyncio.sleep(0.1)
    return await end_process(process)


async def end_useless_controller(cluster: Cluster) -> None:
    """End a controller that was started for engines of which none came up."""
    own = cluster.controller()
    if own is not None and cluster.link is not None and not cluster.link.engines:
        await end_controller(cluster, own)


def _rows(cluster: Cluster, process: ManagedProcess) -> list[dict[str, Any]]:
    """Return how a report names a process; a set is named by its engines, where they are known."""
    if process.kind == "engine-set":
        members = members_of(cluster, process)
        if members:
            return [
                _row("engine", number, member.identity.pid, member.identity.host)
                for member, number in members
            ]
    kind = "controller" if process.kind == "controller" else "engine"
    return [_row(kind, process.engine_id, process.pid, cluster.host)]


def _row(kind: str, engine_id: int | None, pid: int, host: str) -> dict[str, Any]:
    return {"kind": kind, "id": engine_id, "pid": pid, "host": host}


def _with_outcome(rows: list[dict[str, Any]], outcome: str) -> list[dict[str, Any]]:
    return [{**row, "outcome": outcome} for row in rows]


def detach(cluster: Cluster, owner: str) -> dict[str, Any]:
    """Leave what an owner started running for good; return the report."""
    mine = cluster.living(owner=owner)
    for process in mine:
        process.owner = None
        process.lease_until = None
    cluster.save()
    rows = [row for process in mine for row in _rows(cluster, process)]
    found = _with_outcome(rows, "left running")
    return {"mode": "detach", "processes": found, "problems": []}


def _hand_over(cluster: Cluster, owner: str) -> ManagedProcess | None:
    """Give the owner's controller to whoever else has engines there; return it if so."""
    controller = cluster.controller()
    if controller is None or controller.owner != owner:
        return None
    others = [engine for engine in cluster.workers() if engine.owner != owner]
    if not others:
        return None
    controller.owner = next((engine.owner for engine in others if engine.owner), None)
    leases = [engine.lease_until for engine in others if engine.lease_until is not None]
    if controller.owner is None and len(leases) == len(others):
        # Those it is left to end with their lease, and it with them.
        controller.lease_until = max(leases)
    return controller


def _foreign(cluster: Cluster, mine: list[ManagedProcess]) -> int:
    known = {process.uuid for process in mine}
    known.update(*(cluster.identities.members(process.uuid) for process in mine))
    registered = cluster.link.engines if cluster.link is not None else {}
    return sum(1 for uuid in registered if uuid not in known)


def lost_by_cleanup(cluster: Cluster, owner: str | None) -> int:
    """Return how many engines of others would lose the controller by an owner's cleanup."""
    controller = cluster.controller()
    if owner is None or controller is None or controller.owner != owner:
        return 0
    if any(engine.owner != owner for engine in cluster.workers()):
        return 0  # the controller is handed over then
    return _foreign(cluster, cluster.living(owner=owner))


def _foreign_problem(cluster: Cluster, mine: list[ManagedProcess]) -> list[dict[str, Any]]:
    foreign = _foreign(cluster, mine)
    if not foreign:
        return []
    what = f"{counted(foreign, 'engine', 'engines')} that others started lost the controller"
    fix = "their owners can start them again"
    return [Problem("cluster", what, fix, reasons.OTHERS_LOST_CONTROLLER).to_dict()]


async def terminate(cluster: Cluster, owner: str) -> dict[str, Any]:
    """End what an owner started; a controller that others use is handed over. Return the report."""
    async with cluster.controller_lock:
        cluster.forget_lost(owner)
        kept = _hand_over(cluster, owner)
        mine = cluster.living(owner=owner)
        controllers = [process for process in mine if process.kind == "controller"]
        engines = [process for process in mine if process.kind != "controller"]
        problems = _foreign_problem(cluster, mine) if controllers else []
        named = [_rows(cluster, process) for process in [*engines, *controllers]]
        # Engines first: the controller then tells clients which tasks are lost.
        outcomes = await end_workers(cluster, engines)
        outcomes += [await end_controller(cluster, process) for process in controllers]
        _forget_stale_dead(cluster, owner)
        cluster.save()
    rows: list[dict[str, Any]] = []
    for names, outcome in zip(named, outcomes, strict=True):
        rows += _with_outcome(names, outcome)
    if kept is not None:
        rows += _with_outcome(_rows(cluster, kept), "left running")
        what = "the controller stays, as engines of others work there"
        stays = Problem(
            "controller", what, "nothing needs to be done", reasons.CONTROLLER_HANDED_OVER
        )
        problems.append(stays.to_dict())
    return {"mode": "terminate", "processes": rows, "problems": problems}


def _forget_stale_dead(cluster: Cluster, owner: str) -> None:
    """Forget the owner's dead, and with the last process what went wrong before."""
    for pid, process in list(cluster.processes.items()):
        if not process.lives and process.owner == owner:
            del cluster.processes[pid]
    if not cluster.living():
        cluster.problems.clear()


async def shut_down(cluster: Cluster, operation: RunningOperation, timeout: float) -> None:
    """End the whole cluster, whoever started it.

    Raises:
        ShutdownRefusedError: A controller that is not ours did not do as asked.
    """
    async with cluster.controller_lock:
        cluster.forget_lost()
        own = cluster.controller()
        if own is None and cluster.link is not None:
            operation.message = "asking the controller"
            await _shut_down_foreign(cluster, timeout)
        operation.message = "ending processes"
        await end_workers(cluster, cluster.workers())
        if own is not None:
            await end_controller(cluster, own)
        cluster.drop_link(cluster.link)
        remove_connection_files(cluster.profile_dir, cluster.cluster_id)
        cluster.processes.clear()
        cluster.problems.clear()
        cluster.save()
        operation.done = operation.total


async def _shut_down_foreign(cluster: Cluster, timeout: float) -> None:
    link = cluster.link
    assert link is not None
    for engine in list(link.engines):
        await link.shut_down_engine(engine)
    deadline = time.monotonic() + timeout
    try:
        answer = await link.ask("shutdown_request", {}, min(timeout, 5.0))
    except ClusterError as error:
        raise ShutdownRefusedError(
            "The controller was not started by this package and did not answer the shutdown "
            "request: end its process (ipcontroller or ipcluster) where it was started."
        ) from error
    while await asyncio.to_thread(is_listening, link.connection):
        if answer.get("status") != "ok" or time.monotonic() > deadline:
            raise ShutdownRefusedError(
                f"The controller answered {answer.get('status')!r} to the shutdown request, but "
                f"still runs: end its process where it was started."
            )
        await asyncio.sleep(0.1)
