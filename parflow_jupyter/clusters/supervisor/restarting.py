"""Whether an engine that died is started again: never, or on failure up to a limit."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from ...errors import ClusterError
from ..environment import allowed_environment
from . import starting
from .controllers import StartRequest
from .state import Cluster, ManagedProcess
from .watching import in_background

POLICY = "PARFLOW_RESTART"
DEFAULT_LIMIT = 3
FIRST_PAUSE = 0.5
"""Seconds before the first restart; each further one waits twice as long."""


def restart_limit(policy: str | None) -> int:
    """Return how often an engine that fails is started again.

    Args:
        policy: ``never``, ``on-failure`` or ``on-failure:N``; anything else counts as never.

    Example:
        >>> [restart_limit(text) for text in (None, "never", "on-failure", "on-failure:7", "x")]
        [0, 0, 3, 7, 0]
    """
    word, _, limit = (policy or "never").strip().partition(":")
    if word != "on-failure":
        return 0
    if not limit:
        return DEFAULT_LIMIT
    return int(limit) if limit.isdecimal() else 0


def may_restart(process: ManagedProcess, limit: int) -> bool:
    """Tell whether an engine that ended is to be started again."""
    failed = (process.exit or {}).get("code") != 0
    registered = process.engine_id is not None
    return failed and registered and not process.is_stopping and process.restarts < limit


def plan_restart(cluster: Cluster, process: ManagedProcess) -> bool:
    """Say whether an engine that just ended will be started again, and note that it will."""
    limit = restart_limit(os.environ.get(POLICY))
    if cluster.link is None or not may_restart(process, limit):
        return False
    process.note = (
        f"another one is started in its place (restart {process.restarts + 1} of {limit})"
    )
    return True


def engine_ended(cluster: Cluster, process: ManagedProcess) -> None:
    """Start an engine that failed again where the policy says so."""
    if plan_restart(cluster, process):
        in_background(restart(cluster, process))


async def restart(cluster: Cluster, process: ManagedProcess) -> None:
    """Start an engine as a dead one was, for the same owner."""
    await asyncio.sleep(FIRST_PAUSE * 2**process.restarts)
    if cluster.link is None or cluster.state() == "stopping":
        return
    if process.owner is not None and process.owner not in cluster.owners:
        return
    spec: dict[str, Any] = process.spec
    request = StartRequest(
        owner=process.owner or "",
        launcher=process.launcher,
        **spec,
        # The record holds no environment, as that may hold secrets.
        environment=process.environment or allowed_environment(os.environ),
        restarts=process.restarts + 1,
    )
    operation = starting.new_operation(cluster, "start-engines", 1)
    operation.owner = request.owner
    work = starting.start_engines(cluster, operation, request, starting.RESTART_TIMEOUT)
    operation.task = asyncio.ensure_future(starting.carry_out(cluster, operation, work))
    try:
        await operation.task
    except (ClusterError, asyncio.CancelledError):
        return
