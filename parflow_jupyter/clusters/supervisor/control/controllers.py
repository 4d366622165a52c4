"""Finding, starting and connecting to the cluster's one controller."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any

from parflow_jupyter._system.private_json import check_writable
from parflow_jupyter.clusters.files.connection_files import (
    connection_path,
    host_elsewhere,
    is_listening,
    is_reachable_from_elsewhere,
    read_connection,
    remove_connection_files,
)
from parflow_jupyter.clusters.files.logs import controller_log_name, tail_text
from parflow_jupyter.clusters.files.profiles import unwritable_text
from parflow_jupyter.clusters.launchers import is_on_this_host
from parflow_jupyter.clusters.launchers.base import ProcessSpec
from parflow_jupyter.clusters.processes.controller import PORT_TAKEN
from parflow_jupyter.clusters.protocol.restart_policy import restart_limit
from parflow_jupyter.clusters.protocol.start_options import StartOptions
from parflow_jupyter.clusters.supervisor.control.ended import watch
from parflow_jupyter.clusters.supervisor.death.heartbeats import CONTROLLER_WAITS, ENGINE_WAITS
from parflow_jupyter.clusters.supervisor.link.connection import ControllerLink
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import (
    ConflictError,
    ControllerSilentError,
    ControllerStartError,
    EngineStartError,
    Problem,
    reasons,
)

ANSWER_TIMEOUT = 5.0
START_TIMEOUT = 30.0
START_TRIES = 3

CONTROLLER_SETTINGS: dict[str, dict[str, Any]] = {
    "HeartMonitor": dict(CONTROLLER_WAITS),
    "IPController": {
        "use_threads": True,
        "db_class": "ipyparallel.controller.dictdb.NoDB",
        "log_level": 30,
    },
}
ENGINE_SETTINGS: dict[str, dict[str, Any]] = {
    "IPEngine": {**ENGINE_WAITS, "enable_nanny": False, "timeout": 20.0, "log_level": 30},
}


@dataclass(frozen=True)
class StartRequest:
    """For whom engines are started, how, and how often that was done in their place before."""

    owner: str
    options: StartOptions
    restarts: int = 0


async def launch(
    cluster: Cluster, request: StartRequest, spec: ProcessSpec, timeout: float
) -> ManagedProcess:
    """Start one process, write it down and follow it to its end."""
    launcher = cluster.launcher(request.options.launcher)
    spec = replace(spec, log=_usable_log(cluster, spec.log))
    started = await launcher.start(spec, timeout)
    process = ManagedProcess(
        kind=spec.role,
        identity=started.identity,
        uuid=spec.uuid,
        owner=request.owner or None,
        launcher=request.options.launcher,
        python=started.python,
        versions=started.versions,
        log=spec.log,
        counters=spec.counters,
        entropy=str(spec.entropy),
        spec={"python": spec.python, "cwd": spec.cwd, "path": spec.path},
        environment=request.options.environment,
        restarts=request.restarts,
        restart_limit=restart_limit(request.options.restart),
    )
    cluster.processes[process.pid] = process
    cluster.save()
    # Only now: were the supervisor killed before, nobody would know of the process.
    launcher.recorded(started)
    watch(cluster, process)
    return process


def _usable_log(cluster: Cluster, path: str) -> str:
    """Return the path of a log that can be written, else none: nothing fails for want of a log."""
    cluster.forget_problems(reasons.LOG_UNWRITABLE)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as error:
        fix = "free some space; what processes write that start meanwhile is lost"
        what = f"{path}: {error.strerror}"
        cluster.problems.append(Problem("log", what, fix, reasons.LOG_UNWRITABLE))
        return ""
    return path


def _controller_spec(cluster: Cluster, request: StartRequest) -> ProcessSpec:
    settings = {name: dict(values) for name, values in CONTROLLER_SETTINGS.items()}
    settings["IPController"]["work_dir"] = str(cluster.profile_dir)
    if not is_on_this_host(request.options.launcher):
        # Engines elsewhere must reach it; whatever is not loopback is encrypted.
        settings["IPController"].update(ip="*", enable_curve=True)
    return ProcessSpec(
        role="controller",
        profile_dir=str(cluster.profile_dir),
        cluster_id=cluster.cluster_id,
        # The controller serves engines of any Python: it runs in the supervisor's.
        python=sys.executable,
        cwd=str(cluster.profile_dir),
        path=[],
        environment=request.options.environment,
        log=str(cluster.log_dir / controller_log_name(cluster.cluster_id)),
        settings=settings,
        uuid=str(uuid.uuid4()),
        entropy=secrets.randbits(128),
    )


async def connect_controller(cluster: Cluster, timeout: float = ANSWER_TIMEOUT) -> bool:
    """Connect to the controller whose connection file is here; return False when there is none.

    Raises:
        ControllerSilentError: Something listens there and does not answer.
    """
    # One at a time: a status and a start that look at once would close each other's link.
    async with cluster.link_lock:
        link = await _find_link(cluster)
    if link is None:
        return False
    try:
        await link.refresh(timeout)
    except ControllerSilentError:
        cluster.is_connected = False
        if not await asyncio.to_thread(is_listening, link.connection):
            cluster.drop_link(link)
            return False
        raise
    cluster.is_connected = True
    cluster.changed()
    return True


async def _find_link(cluster: Cluster) -> ControllerLink | None:
    """Return the link to the controller whose connection file is here, a new one if need be."""
    path = connection_path(cluster.profile_dir, cluster.cluster_id, "client")
    connection = read_connection(path)
    known = cluster.link
    if connection is None:
        # Only its file may be gone; a link to one that ended would make each status wait.
        if known is not None and not await asyncio.to_thread(is_listening, known.connection):
            cluster.drop_link(known)
        return None
    if known is not None and known.connection == connection:
        return known
    is_there = await asyncio.to_thread(is_listening, connection)
    cluster.drop_link(cluster.link)
    if is_there:
        cluster.link = ControllerLink(connection, cluster.changed)
    return cluster.link


def _refuse_other_host(cluster: Cluster) -> None:
    """Leave the file of another host alone: on a shared home its controller may well live."""
    host = host_elsewhere(cluster.profile_dir, cluster.cluster_id)
    if host is not None:
        path = connection_path(cluster.profile_dir, cluster.cluster_id, "client")
        raise ControllerSilentError(
            f"{path} belongs to a controller on the host {host!r}, which can't be reached from "
            f"{cluster.host!r}: start engines there, choose another profile or cluster id, or "
            f"remove the file if that controller is gone."
        )


async def ensure_controller(cluster: Cluster, request: StartRequest) -> None:
    """Connect to the cluster's controller; start one when there is none.

    Raises:
        ControllerSilentError: One listens, but does not answer.
        ControllerStartError: It ended, or did not come up in time.
    """
    async with cluster.controller_lock:
        if await connect_controller(cluster):
            return
        own = cluster.controller()
        if own is not None:
            # Started by a supervisor that was killed since, it may be about to listen.
            with contextlib.suppress(ControllerStartError):
                await _wait_ready(cluster, own, ANSWER_TIMEOUT)
                if await connect_controller(cluster):
                    return
            raise ControllerSilentError(
                f"The controller (pid {own.pid}) lives but its connection file is gone: "
                f"clean up, then start again."
            )
        _refuse_other_host(cluster)
        remove_connection_files(cluster.profile_dir, cluster.cluster_id)
        await _start_controller(cluster, request)


def refuse_unreachable(cluster: Cluster, launcher: str) -> None:
    """Refuse engines elsewhere when the controller listens on this host only.

    Raises:
        ConflictError: It does; the message says what to do.
    """
    path = connection_path(cluster.profile_dir, cluster.cluster_id, "engine")
    connection = read_connection(path)
    if connection is None or is_on_this_host(launcher) or is_reachable_from_elsewhere(connection):
        return
    raise ConflictError(
        f"The controller listens on this host only, so engines of the launcher {launcher!r} "
        f"can't reach it: shut the cluster down, then start with this launcher first. "
        f"A controller that is started for it listens to other hosts, encrypted; so does each one "
        f"whose profile says c.IPController.ip = '*' in ipcontroller_config.py."
    )


async def _start_controller(cluster: Cluster, request: StartRequest) -> None:
    for folder in (cluster.record.parent, cluster.log_dir):
        try:
            # Before it is started: on a full disk it could not even log why it ended.
            check_writable(folder)
        except OSError as error:
            raise ControllerStartError(unwritable_text(folder, error)) from error
    for tries_left in reversed(range(START_TRIES)):
        cluster.forget_problems(reasons.CONTROLLER_ENDED)
        process = await _launch_controller(cluster, request)
        try:
            await _wait_ready(cluster, process, START_TIMEOUT)
            break
        except ControllerStartError:
            lost_a_port = (process.exit or {}).get("code") == PORT_TAKEN
            if not lost_a_port or not tries_left:
                raise
    if not await connect_controller(cluster):
        ended = (process.exit or {}).get("meaning", "it does not answer")
        raise _did_not_come_up(process, ended)


async def _launch_controller(cluster: Cluster, request: StartRequest) -> ManagedProcess:
    spec = _controller_spec(cluster, request)
    try:
        return await launch(cluster, request, spec, START_TIMEOUT)
    except EngineStartError as error:
        raise ControllerStartError(error.message) from error


async def _wait_ready(cluster: Cluster, process: ManagedProcess, timeout: float) -> None:
    """Wait until a controller has written both its connection files."""
    deadline = time.monotonic() + timeout
    ready = [connection_path(cluster.profile_dir, cluster.cluster_id, "client")]
    ready.append(connection_path(cluster.profile_dir, cluster.cluster_id, "engine"))
    while not all(path.exists() for path in ready):
        if not process.lives or time.monotonic() > deadline:
            meaning = (process.exit or {}).get("meaning", f"not ready after {timeout:g} s")
            raise _did_not_come_up(process, meaning)
        await asyncio.sleep(0.01)


def _did_not_come_up(process: ManagedProcess, why: str) -> ControllerStartError:
    return ControllerStartError(
        f"The controller did not come up: {why}. Its log {process.log} ends with:\n"
        f"{tail_text(process.log)}"
    )
