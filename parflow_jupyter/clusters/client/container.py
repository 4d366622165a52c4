"""Whether what is left running would live on: some surroundings end everything they hold.

A container ends with its first process, a systemd service with its main one, and a Slurm job
with its last step. What is left running there would be lost all the same.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

OVERRIDE = "PARFLOW_LEAVE_RUNNING"
"""``always`` in this environment variable says that processes live on, whatever it looks like."""

_FIRST_PROCESSES = {"tini", "docker-init", "dumb-init", "catatonit", "podman-init"}
_SLURM = re.compile(r"/(?:slurm|slurmstepd)[^/]*/.*?job_(\d+)")


@dataclass(frozen=True)
class ProcessScope:
    """What an owner runs in: a container, a systemd unit, a Slurm step.

    ``first`` is the name of the process with pid 1, ``parent`` the pid of the owner's parent,
    ``cgroup`` the content of ``/proc/PID/cgroup``.
    """

    pid: int
    parent: int
    first: str = ""
    cgroup: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def why_nothing_is_left(seen: ProcessScope) -> str | None:
    """Return why nothing can be left running when the owner ends, None when it can.

    Example:
        >>> why_nothing_is_left(ProcessScope(pid=1, parent=0, first="jupyter-lab"))
        'the container ends with pid 1, the process that these belong to'
        >>> why_nothing_is_left(ProcessScope(pid=700, parent=650, first="systemd")) is None
        True

    Source: docker-run(1) ``--init``; systemd.kill(5) ``KillMode=control-group``, systemd.exec(5)
    ``SYSTEMD_EXEC_PID``; Slurm's cgroup plugin, which ends all processes of a job's steps.
    """
    if seen.environment.get(OVERRIDE) == "always":
        return None
    if seen.pid == 1 or (seen.parent == 1 and seen.first in _FIRST_PROCESSES):
        return f"the container ends with pid {seen.pid}, the process that these belong to"
    job = _SLURM.search(seen.cgroup)
    if job is not None or "SLURM_TASK_PID" in seen.environment:
        number = job.group(1) if job is not None else seen.environment.get("SLURM_JOB_ID", "")
        return f"the Slurm job {number} ends everything that runs in it".replace("  ", " ")
    if seen.environment.get("SYSTEMD_EXEC_PID") == str(seen.pid):
        unit = seen.cgroup.strip().rpartition("/")[2]
        name = f" {unit}" if unit.endswith(".service") else ""
        return f"the systemd service{name} ends everything that runs in it"
    return None


def scope_of(pid: int) -> ProcessScope:
    """Return what is seen around a process of this user; what can't be known is empty."""
    parent = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        parent = int(stat.rpartition(b")")[2].split()[1])
    return ProcessScope(
        pid, parent, _text("/proc/1/comm").strip(), _text(f"/proc/{pid}/cgroup"), dict(os.environ)
    )


def _text(path: str) -> str:
    with contextlib.suppress(OSError):
        return Path(path).read_text()
    return ""
