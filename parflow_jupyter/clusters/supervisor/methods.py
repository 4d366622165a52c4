"""The methods a supervisor answers: one small function each; the dictionary is the dispatch."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any

from parflow_jupyter._system.process import own_identity, send_signal
from parflow_jupyter.clusters.files.owners import Owner
from parflow_jupyter.clusters.protocol.start_options import StartOptions
from parflow_jupyter.clusters.protocol.wire import hello
from parflow_jupyter.clusters.supervisor import ownership, reporting
from parflow_jupyter.clusters.supervisor.control import engine_sets, starting, stopping
from parflow_jupyter.clusters.supervisor.control.controllers import StartRequest
from parflow_jupyter.clusters.supervisor.control.set_members import find_member
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.operation import RunningOperation
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import (
    ClusterBusyError,
    EngineNotFoundError,
    OperationNotFoundError,
)

Params = dict[str, Any]
Method = Callable[[Cluster, Owner, Params], Awaitable[Any]]


def _package_version() -> str:
    try:
        return metadata.version("parflow-jupyter")
    except metadata.PackageNotFoundError:
        return "unknown"


async def _hello(cluster: Cluster, owner: Owner, params: Params) -> Any:
    about = hello(_package_version())
    return {**about, "supervisor": own_identity().to_dict(), "profile": cluster.profile}


async def _info(cluster: Cluster, owner: Owner, params: Params) -> Any:
    return (await reporting.cluster_info(cluster, owner.key)).facts()


def _begin(cluster: Cluster, operation: RunningOperation, owner: Owner, work: Any) -> Any:
    operation.owner = owner.key
    operation.task = asyncio.ensure_future(starting.carry_out(cluster, operation, work))
    return operation.view().to_dict()


async def _start_engines(cluster: Cluster, owner: Owner, params: Params) -> Any:
    options = StartOptions.from_dict(params)
    if cluster.state() == "stopping":
        raise ClusterBusyError("The cluster is being shut down: ask again when that is done.")
    operation = starting.new_operation(cluster, "start-engines", options.n)
    work = starting.start_engines(cluster, operation, StartRequest(owner.key, options))
    return _begin(cluster, operation, owner, work)


async def _shutdown(cluster: Cluster, owner: Owner, params: Params) -> Any:
    total = len(cluster.living()) or 1
    operation = starting.new_operation(cluster, "shutdown", total)
    timeout = float(params.get("timeout") or 15.0)
    return _begin(cluster, operation, owner, _end_all(cluster, operation, timeout))


async def _end_all(cluster: Cluster, operation: RunningOperation, timeout: float) -> None:
    await starting.cancel_starts(cluster)
    await reporting.refresh(cluster)
    await stopping.shut_down(cluster, operation, timeout)


def _find_operation(cluster: Cluster, params: Params) -> RunningOperation:
    try:
        return cluster.operations[params["id"]]
    except KeyError:
        raise OperationNotFoundError(
            f"There is no operation {params.get('id')!r}: it may have been forgotten; ask for "
            f"the cluster's information instead."
        ) from None


async def _operation(cluster: Cluster, owner: Owner, params: Params) -> Any:
    found = _find_operation(cluster, params)
    if params.get("wait") and found.task is not None:
        await asyncio.wait([found.task], timeout=float(params["wait"]))
    return found.view().to_dict()


async def _cancel_operation(cluster: Cluster, owner: Owner, params: Params) -> Any:
    found = _find_operation(cluster, params)
    if found.task is not None and not found.task.done() and found.kind == "start-engines":
        found.task.cancel()
        await asyncio.wait([found.task], timeout=10)
    return found.view().to_dict()


async def _cleanup(cluster: Cluster, owner: Owner, params: Params) -> Any:
    await starting.cancel_starts(cluster, owner.key)
    if params.get("mode") == "detach":
        return stopping.detach(cluster, owner.key)
    return await stopping.terminate(cluster, owner.key)


def _find_engine(cluster: Cluster, params: Params) -> ManagedProcess:
    for process in cluster.living("engine"):
        if _is_meant(process, params):
            return process
    raise EngineNotFoundError(
        f"No engine {params.get('engine')!r} was started by this package on this host: "
        f"the cluster's information lists those that were."
    )


def _is_meant(engine: ManagedProcess, params: Params) -> bool:
    return engine.engine_id == params.get("engine") and params.get("pid") in (None, engine.pid)


async def _interrupt_engine(cluster: Cluster, owner: Owner, params: Params) -> Any:
    member = find_member(cluster, params.get("engine"))
    if member is not None and cluster.link is not None:
        await cluster.link.interrupt_engine(member.uuid)
    else:
        # The kernel ignores the signal when it is idle, so it hits a running task only.
        send_signal(_find_engine(cluster, params).identity, signal.SIGINT)
    return {}


async def _stop_engine(cluster: Cluster, owner: Owner, params: Params) -> Any:
    wanted = params.get("engine")
    # Ids begin anew with each controller: what was lost under this one is not meant any more.
    cluster.lost_engines = [lost for lost in cluster.lost_engines if lost.engine_id != wanted]
    member = find_member(cluster, wanted)
    if member is not None:
        outcome = await engine_sets.stop_member(cluster, member)
        return {"pid": member.identity.pid, "outcome": outcome}
    engine = _find_engine(cluster, params)
    outcome = await stopping.end_process(engine)
    return {"pid": engine.pid, "outcome": outcome}


def _find_lost_engine(cluster: Cluster, params: Params) -> ManagedProcess | None:
    """Return an engine that ended by itself or with its controller; its end may be known here."""
    for process in cluster.processes.values():
        ended_itself = not process.lives and not process.is_stopping
        if process.kind == "engine" and ended_itself and _is_meant(process, params):
            return process
    return next((lost for lost in cluster.lost_engines if _is_meant(lost, params)), None)


def _engine_to_replace(cluster: Cluster, params: Params) -> ManagedProcess:
    try:
        engine = _find_engine(cluster, params)
    except EngineNotFoundError:
        lost = _find_lost_engine(cluster, params)
        if lost is None:
            raise
        engine = lost
    if engine in cluster.lost_engines:
        cluster.lost_engines.remove(engine)
    elif engine.is_stopping:
        raise EngineNotFoundError(
            f"Engine {engine.engine_id} is ended on purpose: start another one if you need it."
        )
    return engine


async def _replace_engine(cluster: Cluster, owner: Owner, params: Params) -> Any:
    member = find_member(cluster, params.get("engine"), params.get("pid"))
    engine = member.process if member is not None else _engine_to_replace(cluster, params)
    if engine.note and member is None:
        # The policy has another one started in its place.
        return {}
    whose = engine.owner if engine.owner in cluster.owners else None
    environment = StartOptions.from_dict(params).environment
    request = StartRequest(whose or owner.key, engine.start_options(environment))
    if member is not None:
        await starting.replace_member(cluster, member, request)
    else:
        await starting.replace_engine(cluster, engine, request)
    return {}


async def _adopt(cluster: Cluster, owner: Owner, params: Params) -> Any:
    return ownership.adopt(cluster, owner.key)


async def _release_owner(cluster: Cluster, owner: Owner, params: Params) -> Any:
    if params.get("crashed"):
        cluster.owners.pop(owner.key, None)
        ownership.grant_lease(cluster, owner.key)
    else:
        await ownership.release(cluster, owner.key)
    return {}


async def _describe(cluster: Cluster, owner: Owner, params: Params) -> Any:
    return {
        "profile_dir": str(cluster.profile_dir),
        "cluster_id": cluster.cluster_id,
        "state": cluster.state(),
        "supervisor": own_identity().to_dict(),
        "owners": [found.to_dict() for found in cluster.owners.values()],
        "processes": [process.to_dict() for process in cluster.living()],
        "helpers": [pid for found in cluster.launchers.values() for pid in found.own_pids()],
    }


async def _quit(cluster: Cluster, owner: Owner, params: Params) -> Any:
    if cluster.living():
        raise ClusterBusyError(
            f"{len(cluster.living())} processes still run: clean up or shut the cluster down first."
        )
    cluster.quit.set()
    return {}


METHODS: dict[str, Method] = {
    "hello": _hello,
    "info": _info,
    "start_engines": _start_engines,
    "shutdown": _shutdown,
    "operation": _operation,
    "cancel_operation": _cancel_operation,
    "cleanup": _cleanup,
    "interrupt_engine": _interrupt_engine,
    "stop_engine": _stop_engine,
    "replace_engine": _replace_engine,
    "adopt": _adopt,
    "release_owner": _release_owner,
    "describe": _describe,
    "quit": _quit,
}

WITHOUT_OWNER = {"hello", "release_owner", "describe", "quit"}
"""Methods that don't make the asker an owner to be followed."""
