"""Engines that are started again: those that failed, by policy, and those that were lost."""

from __future__ import annotations

import asyncio
import os

from parflow_jupyter._system.environment import allowed_environment
from parflow_jupyter.clusters.protocol.restart_policy import DEFAULT_LIMIT
from parflow_jupyter.clusters.supervisor.control import starting
from parflow_jupyter.clusters.supervisor.control.controllers import StartRequest
from parflow_jupyter.clusters.supervisor.death.process_exit import in_background
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import ClusterError

FIRST_PAUSE = 0.5
"""Seconds before the first restart; each further one waits twice as long."""
LONGEST_PAUSE = 30.0


def may_restart(process: ManagedProcess) -> bool:
    """Tell whether an engine that ended is to be started again."""
    if process.engine_id is None or process.is_stopping:
        return False
    if process.is_lost:
        return process.restarts < max(process.restart_limit, DEFAULT_LIMIT)
    failed = (process.exit or {}).get("code") != 0
    return failed and process.restarts < process.restart_limit


def plan_restart(cluster: Cluster, process: ManagedProcess) -> bool:
    """Say whether an engine that just ended will be started again, and note that it will."""
    if cluster.link is None or not may_restart(process):
        return False
    limit = max(process.restart_limit, DEFAULT_LIMIT if process.is_lost else 0)
    process.note = (
        f"another one is started in its place (restart {process.restarts + 1} of {limit})"
    )
    return True


def engine_ended(cluster: Cluster, process: ManagedProcess) -> None:
    """Start an engine that failed or was lost again where that is wanted."""
    if plan_restart(cluster, process):
        in_background(restart(cluster, process))


async def restart(cluster: Cluster, process: ManagedProcess) -> None:
    """Start an engine as a dead one was, for the same owner."""
    await asyncio.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(process.restarts, 16)))
    gone = process.owner is not None and process.owner not in cluster.owners
    if gone or process.is_stopping or cluster.link is None or cluster.state() == "stopping":
        process.note = ""
        return
    # The record holds no environment, as that may hold secrets.
    options = process.start_options(process.environment or allowed_environment(os.environ))
    request = StartRequest(process.owner or "", options, process.restarts + 1)
    operation = starting.new_operation(cluster, "start-engines", 1)
    operation.owner = request.owner
    work = starting.start_engines(cluster, operation, request)
    operation.task = asyncio.ensure_future(starting.carry_out(cluster, operation, work))
    try:
        await operation.task
    except (ClusterError, asyncio.CancelledError):
        pass
    finally:
        if operation.state != "done":
            process.note = ""
