"""Starting a set of engines by one of ipyparallel's launchers, and waiting for its engines."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
import uuid

from parflow_jupyter.clusters.files.connection_files import connection_path, read_connection
from parflow_jupyter.clusters.files.logs import launcher_log_name, tail_text
from parflow_jupyter.clusters.launchers import ENDS_TOGETHER
from parflow_jupyter.clusters.launchers.base import ProcessSpec
from parflow_jupyter.clusters.supervisor.control import controllers, stopping
from parflow_jupyter.clusters.supervisor.control.controllers import StartRequest
from parflow_jupyter.clusters.supervisor.control.set_members import Member, end_members
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.operation import RunningOperation
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import ClusterError, ConflictError, EngineStartError, Problem, reasons

FORK_TIMEOUT = 30.0


async def stop_member(cluster: Cluster, member: Member) -> str:
    """End one engine of a set, wherever it runs; return how: terminated or killed.

    What it runs is interrupted, then it is asked to end; its nanny kills it if it does not.

    Raises:
        ConflictError: The engines of its launcher end together, or the controller is gone.
    """
    link, siblings = cluster.link, cluster.identities.members(member.process.uuid)
    if member.process.launcher in ENDS_TOGETHER and len(siblings) == 1:
        return await stopping.end_process(member.process)
    if member.process.launcher in ENDS_TOGETHER:
        raise ConflictError(
            f"The engine is one of {len(siblings)} in one world of the launcher "
            f"{member.process.launcher!r}, which end together: interrupt what it runs, or clean "
            f"up and start them all again."
        )
    if link is None:
        raise ConflictError("The controller is gone, so the engine can't be reached: clean up.")
    was_gentle = await end_members(cluster, link, [member.uuid])
    if not cluster.identities.members(member.process.uuid):
        # Queues don't tell their launcher that a job has ended.
        await stopping.end_process(member.process)
    return "terminated" if was_gentle else "killed"


def _spec(cluster: Cluster, request: StartRequest, count: int, place: str) -> ProcessSpec:
    key, options = str(uuid.uuid4()), request.options
    connection = read_connection(connection_path(cluster.profile_dir, cluster.cluster_id, "engine"))
    return ProcessSpec(
        role="engine-set",
        profile_dir=str(cluster.profile_dir),
        cluster_id=cluster.cluster_id,
        python=options.python,
        cwd=options.cwd,
        path=options.path,
        environment=options.environment,
        log=str(cluster.log_dir / launcher_log_name(cluster.cluster_id, key)),
        settings={"EngineSet": {"launcher": options.launcher, "n": count, "place": place}},
        uuid=key,
        connection=connection or {},
        entropy=secrets.randbits(128),
    )


async def start_set(
    cluster: Cluster,
    operation: RunningOperation,
    request: StartRequest,
    deadline: float,
    place: str = "",
) -> None:
    """Start ``operation.total`` engines as a set and wait until they have registered.

    Args:
        cluster: Has a controller that the engines can reach.
        operation: Says how many, and is told how far it is.
        request: Who asks, and how the engines are to be.
        deadline: Monotonic time in seconds.
        place: One of the hosts that the profile names; empty for all of them.

    Raises:
        EngineStartError: Not one engine came up.
    """
    launcher = request.options.launcher
    operation.message = f"starting engines with {launcher}"
    spec = _spec(cluster, request, operation.total, place)
    process = await controllers.launch(cluster, request, spec, FORK_TIMEOUT)
    try:
        await _wait_members(cluster, operation, process, deadline)
    except asyncio.CancelledError:
        await stopping.end_process(process)
        raise
    missing = operation.total - operation.done
    if operation.done == 0:
        what = _why(process, launcher)
        await stopping.end_process(process)
        await stopping.end_useless_controller(cluster)
        raise EngineStartError(f"No engine came up: {what}")
    if missing:
        what = f"{missing} of {operation.total} did not register in time"
        fix = "they may come later, as with a queue; look at the cluster's information again"
        late = Problem(f"launcher {launcher}", what, fix, reasons.ENGINES_LATE)
        operation.problems.append(late)
    operation.message = f"{operation.done} of {operation.total} engines started"


async def _wait_members(
    cluster: Cluster, operation: RunningOperation, process: ManagedProcess, deadline: float
) -> None:
    while process.lives and operation.done < operation.total:
        left = deadline - time.monotonic()
        if left <= 0 or cluster.link is None:
            return
        await cluster.wait_change(min(0.25, left))
        if cluster.link is not None:
            with contextlib.suppress(ClusterError):
                await cluster.link.refresh(min(2.0, max(0.1, left)))
        seen = len(cluster.identities.members(process.uuid))
        if seen != operation.done:
            operation.done = seen
            operation.tell(cluster.publish)


def _why(process: ManagedProcess, launcher: str) -> str:
    if process.lives:
        what = f"the launcher {launcher!r} runs, but none registered in time: a queue may be full, "
        what += "its hosts not configured in the profile, or this host out of their reach"
    else:
        what = f"the launcher {launcher!r} {(process.exit or {}).get('meaning', 'ended')}"
    return f"{what}; the log {process.log} ends:\n{tail_text(process.log)}"
