"""What the supervisor knows: its processes, owners and operations, and how it is written down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from parflow_jupyter._system.private_json import (
    RECORD_VERSION,
    record_path,
    remove_file,
    write_private_json,
)
from parflow_jupyter._system.process import own_identity
from parflow_jupyter._system.runtime_dir import cluster_key, host_name, runtime_dir, socket_path
from parflow_jupyter._system.versions import package_versions
from parflow_jupyter.clusters.files.logs import engine_log_name
from parflow_jupyter.clusters.files.owners import Owner
from parflow_jupyter.clusters.launchers import load_launcher
from parflow_jupyter.clusters.launchers.base import Launcher
from parflow_jupyter.clusters.supervisor.link.connection import ControllerLink
from parflow_jupyter.clusters.supervisor.link.engine_ids import Identities
from parflow_jupyter.clusters.supervisor.managed_process import ManagedProcess
from parflow_jupyter.clusters.supervisor.operation import RunningOperation
from parflow_jupyter.errors import Problem, reasons

KEPT_OPERATIONS = 100
DEAD_SHOWN = 60.0
"""Seconds for which an engine that ended unexpectedly is still shown."""


def setting(name: str, default: float) -> float:
    """Return a duration in seconds that the environment may change."""
    try:
        return float(os.environ.get(name, default))
    except ValueError:
        return default


def grace() -> float:
    """Return the seconds that a process has to end by itself once it was asked."""
    return setting("PARFLOW_TERMINATE_SECONDS", 3.0)


class Cluster:
    """All that one supervisor knows of its one cluster; behaviour is in the modules beside it."""

    def __init__(self, profile_dir: Path, cluster_id: str) -> None:
        self.profile_dir = profile_dir
        self.profile = profile_dir.name.removeprefix("profile_")
        self.cluster_id = cluster_id
        self.host = host_name()
        self.key = cluster_key(profile_dir, cluster_id)
        self.socket_path = socket_path(self.key)
        self.record = record_path(profile_dir, cluster_id, self.host)
        self.log_dir = profile_dir / "log"
        self.counters_dir = runtime_dir("counters")
        self.processes: dict[int, ManagedProcess] = {}
        self.lost_engines: list[ManagedProcess] = []
        self.owners: dict[str, Owner] = {}
        self.operations: dict[str, RunningOperation] = {}
        self.subscribers: set[asyncio.Queue[dict[str, Any]]] = set()
        self.link: ControllerLink | None = None
        self.identities = Identities()
        self.is_connected = False
        self.controller_lock = asyncio.Lock()
        self.link_lock = asyncio.Lock()
        self.problems: list[Problem] = []
        self.exits: dict[int, int] = {}
        self.launchers: dict[str, Launcher] = {}
        # As they are now: an upgrade changes what is installed, not what was loaded.
        self.versions = package_versions()
        self.last_used = time.monotonic()
        self.had_owner = False
        self.quit = asyncio.Event()
        # What to do about engines that ended; set by who knows how to start others.
        self.engine_ended: Callable[[ManagedProcess], None] = lambda process: None
        self._changed = asyncio.Event()

    # --- processes ---------------------------------------------------------

    def forget_lost(self, owner: str | None = None) -> None:
        """Have no dead engine, of one owner if given, replaced: it is meant, or ids begin anew."""
        self.lost_engines = [lost for lost in self.lost_engines if owner not in (None, lost.owner)]
        for process in self.processes.values():
            is_meant = owner in (None, process.owner)
            if process.kind == "engine" and not process.lives and is_meant:
                process.is_stopping = True

    def living(self, kind: str | None = None, owner: str | None = None) -> list[ManagedProcess]:
        """Return processes that live, of one kind and owner when given."""
        return [
            process
            for process in self.processes.values()
            if process.lives
            and (kind is None or process.kind == kind)
            and (owner is None or process.owner == owner)
        ]

    def workers(self) -> list[ManagedProcess]:
        """Return the living processes that are or drive engines."""
        return [process for process in self.living() if process.kind != "controller"]

    def unowned(self) -> list[ManagedProcess]:
        """Return the processes that were left running: detached, or on a lease."""
        return [process for process in self.living() if process.owner is None]

    def owner_text(self, key: str) -> str:
        """Return an owner as people are told of it."""
        known = self.owners.get(key)
        return f"process, pid {key.partition('-')[0]}" if known is None else known.text

    def note_of(self, pid: int | None) -> str:
        """Return what is done about a process that ended, empty for nothing."""
        process = None if pid is None else self.processes.get(pid)
        return process.note if process is not None else ""

    def controller(self) -> ManagedProcess | None:
        """Return the controller that was started by this supervisor and lives."""
        found = self.living("controller")
        return found[0] if found else None

    def drop_link(self, link: ControllerLink | None) -> None:
        """Close a link to a controller that is gone; a newer one stays."""
        if link is not None:
            link.close()
        if link is self.link:
            self.link = None
            self.is_connected = False

    def launcher(self, name: str) -> Launcher:
        """Return the launcher of this name, made on first use."""
        if name not in self.launchers:
            made: Launcher = load_launcher(name)(self.log_dir, self._note_exit)
            self.launchers[name] = made
        return self.launchers[name]

    def _note_exit(self, pid: int, status: int) -> None:
        self.exits[pid] = status

    def is_busy(self) -> bool:
        """Tell whether an operation is under way."""
        return any(operation.state == "running" for operation in self.operations.values())

    # --- telling others ------------------------------------------------------

    def changed(self) -> None:
        """Wake those that wait for a change, and tell subscribers."""
        self._changed.set()
        self._changed = asyncio.Event()
        if self.link is not None:
            for process in self.living("engine"):
                registered = self.link.engines.get(process.uuid)
                if registered is not None and process.engine_id != registered:
                    process.engine_id = registered
                    self._name_log(process, registered)
            own = {process.uuid for process in self.processes.values()}
            self.identities.look(self.link, own)
        else:
            self.identities.clear()
        if self.subscribers:
            self.publish("ClusterChanged", self.summary())

    def _name_log(self, process: ManagedProcess, engine_id: int) -> None:
        """Let the log of an engine say its id; the process goes on writing to the same file."""
        if not process.log:
            return
        named = self.log_dir / engine_log_name(self.cluster_id, process.uuid, engine_id)
        with contextlib.suppress(OSError):
            os.rename(process.log, named)
            process.log = str(named)

    async def wait_change(self, timeout: float) -> None:
        """Return at the next change, or after ``timeout`` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout)

    def summary(self) -> dict[str, Any]:
        """Return the fields of a ClusterChanged event."""
        counters = [process.read_counters() for process in self.living("engine")]
        return {
            "profile": self.profile,
            "cluster_id": self.cluster_id,
            "state": self.state(),
            "engines_total": len(self.link.engines) if self.link else 0,
            "engines_busy": sum(1 for reading in counters if reading and reading.busy),
        }

    def state(self) -> str:
        """Return the state of the whole cluster."""
        running = [op.kind for op in self.operations.values() if op.state == "running"]
        if "shutdown" in running:
            return "stopping"
        if "start-engines" in running:
            return "starting"
        if self.link is not None and (self.is_connected or self.controller()):
            return "running"
        dead = [p for p in self.processes.values() if not p.lives and p.kind == "controller"]
        return "failed" if dead or self.living() else "stopped"

    def publish(self, event: str, fields: dict[str, Any]) -> None:
        """Send an event to all subscribers; one that does not read loses events, not us memory."""
        for queue in self.subscribers:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait({"event": event, **fields})

    # --- the record ------------------------------------------------------------

    def save(self) -> None:
        """Write down what a later supervisor needs; a full disk is a problem, not an end."""
        living = self.living()
        data = {
            "version": RECORD_VERSION,
            "profile": self.profile,
            "profile_dir": str(self.profile_dir),
            "cluster_id": self.cluster_id,
            "host": self.host,
            "socket": str(self.socket_path),
            "supervisor": own_identity().to_dict(),
            "owners": [asdict(owner) for owner in self.owners.values()],
            "processes": [process.to_dict() for process in living],
        }
        self.forget_problems(reasons.RECORD_UNWRITABLE)
        try:
            write_private_json(self.record, data)
        except OSError as error:
            fix = "free some space; until then a new supervisor would not know all processes"
            what = f"{self.record}: {error.strerror}"
            self.problems.append(Problem("record", what, fix, reasons.RECORD_UNWRITABLE))

    def forget_problems(self, reason: str) -> None:
        """Drop what was told for a reason, which may be over."""
        self.problems = [item for item in self.problems if item.reason != reason]

    def forget_record(self) -> None:
        """Remove the record of a cluster that has nothing left."""
        with contextlib.suppress(OSError):
            remove_file(self.record)

    def forget_dead(self) -> None:
        """Drop processes whose end was shown long enough."""
        now = time.monotonic()
        for pid, process in list(self.processes.items()):
            if process.ended_at is not None and now - process.ended_at > DEAD_SHOWN:
                del self.processes[pid]
