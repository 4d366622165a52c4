"""Starting engines, as an operation that reports each one that registers."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from typing import Any

from parflow_jupyter._system.cpu_count import available_cores
from parflow_jupyter._system.environment import blas_limits, blas_threads
from parflow_jupyter.clusters.files.connection_files import connection_path, read_connection
from parflow_jupyter.clusters.files.logs import engine_log_name, prune, tail_text
from parflow_jupyter.clusters.launchers import is_engine_set
from parflow_jupyter.clusters.launchers.base import ProcessSpec
from parflow_jupyter.clusters.supervisor.control import controllers, engine_sets, stopping
from parflow_jupyter.clusters.supervisor.control.controllers import ENGINE_SETTINGS, StartRequest
from parflow_jupyter.clusters.supervisor.control.set_members import Member
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.operation import RunningOperation
from parflow_jupyter.clusters.supervisor.state import KEPT_OPERATIONS, Cluster
from parflow_jupyter.errors import ClusterError, EngineStartError, ParflowError, Problem, reasons

FORK_TIMEOUT = 30.0


def new_operation(cluster: Cluster, kind: str, total: int) -> RunningOperation:
    """Register an operation; the oldest ones that ended are forgotten."""
    ended = [key for key, found in cluster.operations.items() if found.state != "running"]
    for key in ended[: max(0, len(cluster.operations) - KEPT_OPERATIONS)]:
        del cluster.operations[key]
    operation = RunningOperation(secrets.token_hex(8), kind, total)
    cluster.operations[operation.id] = operation
    return operation


async def carry_out(cluster: Cluster, operation: RunningOperation, work: Any) -> None:
    """Await the work of an operation and keep how it ended."""
    try:
        await work
        operation.state = "done"
    except asyncio.CancelledError:
        operation.state, operation.message = "cancelled", "cancelled"
    except ParflowError as error:
        operation.state, operation.message = "failed", error.message
        operation.error = error.to_dict()
    except Exception as error:
        operation.state, operation.message = "failed", f"{type(error).__name__}: {error}"
        operation.error = ClusterError(
            f"The supervisor failed ({operation.message}): see its log in the runtime folder."
        ).to_dict()
        raise
    finally:
        cluster.last_used = time.monotonic()
        operation.tell(cluster.publish)
        cluster.changed()


async def cancel_starts(cluster: Cluster, owner: str | None = None) -> None:
    """Cancel starts that are under way, those of one owner when given."""
    waiting = [
        operation.task
        for operation in cluster.operations.values()
        if operation.task is not None
        and operation.state == "running"
        and operation.kind == "start-engines"
        and owner in (None, operation.owner)
    ]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def _engine_spec(cluster: Cluster, request: StartRequest, count: int) -> ProcessSpec:
    key = str(uuid.uuid4())
    connection = read_connection(connection_path(cluster.profile_dir, cluster.cluster_id, "engine"))
    if connection is None:
        raise EngineStartError(
            "The controller's engine connection file is gone: clean up, then start again."
        )
    options = request.options
    limits = blas_limits(options.environment, available_cores(), count)
    environment = {**options.environment, **limits}
    settings = {name: dict(values) for name, values in ENGINE_SETTINGS.items()}
    settings["IPEngine"]["work_dir"] = options.cwd
    return ProcessSpec(
        role="engine",
        profile_dir=str(cluster.profile_dir),
        cluster_id=cluster.cluster_id,
        python=options.python,
        cwd=options.cwd,
        path=options.path,
        environment=environment,
        log=str(cluster.log_dir / engine_log_name(cluster.cluster_id, key)),
        settings=settings,
        uuid=key,
        counters=str(cluster.counters_dir / key),
        connection=connection,
        entropy=secrets.randbits(128),
        threads=blas_threads(environment) or 1,
    )


async def start_engines(
    cluster: Cluster, operation: RunningOperation, request: StartRequest
) -> None:
    """Start ``operation.total`` engines and wait until each registered or failed.

    Raises:
        ControllerSilentError, ControllerStartError: There is no controller to work with.
        EngineStartError: Not one engine came up.
    """
    launcher, timeout = request.options.launcher, request.options.timeout
    deadline = time.monotonic() + timeout
    operation.message = "connecting to the controller"
    operation.tell(cluster.publish)
    await cluster.launcher(launcher).prepare(request.options.python)
    await controllers.ensure_controller(cluster, request)
    controllers.refuse_unreachable(cluster, launcher)
    if is_engine_set(launcher):
        await engine_sets.start_set(cluster, operation, request, deadline)
        return
    prune(cluster.log_dir, {process.log for process in cluster.living()})
    operation.message = "starting engines"
    engines: list[ManagedProcess] = []
    try:
        failures = await _launch_all(cluster, operation, request, engines)
        await _wait_registered(cluster, operation, engines, deadline)
    except asyncio.CancelledError:
        await stopping.end_processes([item for item in engines if not _registered(cluster, item)])
        raise
    failures += await _give_up_late(cluster, engines, timeout)
    operation.problems += failures
    if operation.done == 0:
        await stopping.end_useless_controller(cluster)
        raise EngineStartError("\n".join(["No engine came up.", *map(str, failures)]))
    operation.message = f"{operation.done} of {operation.total} engines started"


async def _launch_all(
    cluster: Cluster,
    operation: RunningOperation,
    request: StartRequest,
    engines: list[ManagedProcess],
) -> list[Problem]:
    alive = len(cluster.living("engine"))

    async def launch_one() -> Problem | None:
        spec = _engine_spec(cluster, request, alive + operation.total)
        try:
            engines.append(await controllers.launch(cluster, request, spec, FORK_TIMEOUT))
        except EngineStartError as error:
            fix = "start again when that is put right"
            return Problem("engine", error.message, fix, reasons.ENGINE_START_FAILED)
        return None

    found = await asyncio.gather(*(launch_one() for _ in range(operation.total)))
    return [problem for problem in found if problem is not None]


def _registered(cluster: Cluster, process: ManagedProcess) -> bool:
    return cluster.link is not None and process.uuid in cluster.link.engines


async def _wait_registered(
    cluster: Cluster,
    operation: RunningOperation,
    engines: list[ManagedProcess],
    deadline: float,
) -> None:
    while True:
        seen = sum(1 for engine in engines if _registered(cluster, engine))
        if seen > operation.done:
            operation.done = seen
            operation.tell(cluster.publish)
        waiting = [item for item in engines if item.lives and not _registered(cluster, item)]
        left = deadline - time.monotonic()
        if not waiting or left <= 0 or cluster.link is None:
            cluster.save()
            return
        await cluster.wait_change(min(0.25, left))
        if cluster.link is not None:
            try:
                # A notice can be missed while the subscription is being set up.
                await cluster.link.refresh(min(2.0, max(0.1, left)))
            except ClusterError:
                cluster.is_connected = False


async def _give_up_late(
    cluster: Cluster, engines: list[ManagedProcess], timeout: float
) -> list[Problem]:
    late = [item for item in engines if item.lives and not _registered(cluster, item)]
    await stopping.end_processes(late)
    problems = []
    for engine in engines:
        if engine in late:
            what = f"did not register within {timeout:g} s"
        elif not engine.lives:
            what = (engine.exit or {}).get("meaning", "ended")
        else:
            continue
        where = f"engine process {engine.pid}"
        fix = f"see its log {engine.log}, which ends:\n{tail_text(engine.log)}"
        problems.append(Problem(where, what, fix, reasons.ENGINE_START_FAILED))
        cluster.processes.pop(engine.pid, None)
    return problems


async def replace_engine(cluster: Cluster, engine: ManagedProcess, request: StartRequest) -> None:
    """Kill an engine of ours and start another one in its place.

    Raises:
        EngineStartError: The new one did not come up; the old one is gone.
    """
    operation = new_operation(cluster, "start-engines", 1)

    async def work() -> None:
        await stopping.end_process(engine)
        await start_engines(cluster, operation, request)

    await _replaced(cluster, operation, request.owner, work())


async def replace_member(cluster: Cluster, member: Member, request: StartRequest) -> None:
    """End an engine of a set and start one as a set of its own, on the same host where it matters.

    Raises:
        ConflictError: The engines of its launcher end together.
        EngineStartError: The new one did not come up; the old one is gone.
    """
    await engine_sets.stop_member(cluster, member)
    operation = new_operation(cluster, "start-engines", 1)
    deadline, place = time.monotonic() + request.options.timeout, member.identity.place
    work = engine_sets.start_set(cluster, operation, request, deadline, place)
    await _replaced(cluster, operation, request.owner, work)


async def _replaced(cluster: Cluster, operation: RunningOperation, owner: str, work: Any) -> None:
    # As a start of its owner, so that a cleanup or shutdown meanwhile cancels it.
    operation.owner = owner
    operation.task = asyncio.ensure_future(carry_out(cluster, operation, work))
    await asyncio.wait([operation.task])
    if operation.state != "done":
        raise EngineStartError(operation.message)
