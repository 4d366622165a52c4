"""What is done about a process that ended; how that is noticed is in death/."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from parflow_jupyter._system.private_json import remove_file
from parflow_jupyter._system.process import ProcessIdentity, process_stat
from parflow_jupyter.clusters.files.connection_files import remove_connection_files
from parflow_jupyter.clusters.supervisor.control import stopping
from parflow_jupyter.clusters.supervisor.death.exit_status import describe_exit
from parflow_jupyter.clusters.supervisor.death.process_exit import call_at_end, in_background
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.state import Cluster
from parflow_jupyter.errors import Problem, reasons


def watch(cluster: Cluster, process: ManagedProcess) -> None:
    """Follow a process to its end."""
    call_at_end(process.identity, lambda: in_background(_process_ended(cluster, process)))


async def _exit_status(cluster: Cluster, pid: int) -> int | None:
    """Return the wait status that the launcher tells a moment after the process ended."""
    for _ in range(20):
        if pid in cluster.exits:
            return cluster.exits.pop(pid)
        await asyncio.sleep(0.01)
    return None


def end_group(identity: ProcessIdentity) -> None:
    """End what a process of ours left in its session: its own children would wait for ever.

    While one of them lives, the system gives the number to nobody else; once none does, it may be
    that of a stranger, who is let alone.
    """
    stat = process_stat(identity.pid)
    if stat is not None and stat[1] != identity.start_time:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(identity.pid, signal.SIGKILL)


async def _process_ended(cluster: Cluster, process: ManagedProcess) -> None:
    end_group(process.identity)
    if process.kind == "engine" and cluster.link is not None:
        with contextlib.suppress(Exception):
            await cluster.link.forget_engine(process.uuid)
    if process.kind == "engine-set" and cluster.link is not None:
        for member in cluster.identities.members(process.uuid):
            with contextlib.suppress(Exception):
                # Those that outlived their launcher would never be ended by anybody.
                await cluster.link.shut_down_engine(member)
                await cluster.link.forget_engine(member)
    process.exit = describe_exit(await _exit_status(cluster, process.pid))
    if process.ended_because:
        process.exit["meaning"] = process.ended_because
    process.ended_at = time.monotonic()
    process.ended.set()
    if process.counters:
        remove_file(Path(process.counters))
    if process.is_stopping:
        cluster.processes.pop(process.pid, None)
    if process.kind == "controller":
        await _controller_ended(cluster, process)
    else:
        _tell_exit(cluster, process)
        cluster.engine_ended(process)
    cluster.last_used = time.monotonic()
    cluster.save()
    cluster.changed()


def _tell_exit(cluster: Cluster, process: ManagedProcess) -> None:
    exit_info = process.exit or {}
    number = exit_info.get("signal")
    fields = {
        "profile": cluster.profile,
        "cluster_id": cluster.cluster_id,
        "engine": process.engine_id,
        "pid": process.pid,
        "exit_code": -number if number else exit_info.get("code"),
        "meaning": exit_info.get("meaning", ""),
    }
    cluster.publish("EngineExited", fields)


async def _controller_ended(cluster: Cluster, process: ManagedProcess) -> None:
    """Take the files and engines of a dead controller away: engines can't join another."""
    cluster.drop_link(cluster.link)
    remove_connection_files(cluster.profile_dir, cluster.cluster_id)
    cluster.forget_lost()
    if not process.is_stopping:
        meaning = (process.exit or {}).get("meaning", "")
        what = f"the controller {meaning}; its engines were ended, as they can't join another"
        fix, action = "start engines again", {"name": "startEngines", "arguments": {}}
        ended = Problem("controller", what, fix, reasons.CONTROLLER_ENDED, action)
        cluster.problems.append(ended)
        # Maps may ask for others in their place, which starts a controller too.
        cluster.lost_engines = cluster.living("engine")
        await stopping.end_processes(cluster.workers())
