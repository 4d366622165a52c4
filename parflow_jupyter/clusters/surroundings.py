"""Surroundings that end everything anyway, so that nothing can be left running in them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_INITS = {"tini", "dumb-init", "docker-init", "catatonit"}
"""First processes of a container that end with the one program they start."""

_SERVICE = re.compile(r"/(?!user@)([^/]+\.service)(?:/|$)")


def why_not_detach(
    environment: Mapping[str, str], cgroup: str, pid: int, parent: int, first: str
) -> str | None:
    """Say why processes that are left running would end with the asker, None where they stay.

    Args:
        environment: Of the asker.
        cgroup: Content of its ``/proc/self/cgroup``.
        pid: Its process id.
        parent: That of its parent.
        first: Name of process 1.

    Example:
        >>> why_not_detach({}, "0::/user.slice/session-2.scope", 812, 800, "systemd") is None
        True
        >>> why_not_detach({}, "0::/", 7, 1, "tini")
        'the container ends with this process'
        >>> why_not_detach({"SLURM_JOB_ID": "42"}, "0::/", 812, 800, "systemd")
        'the Slurm job 42 ends everything that it started'
    """
    job = environment.get("SLURM_JOB_ID")
    if job:
        return f"the Slurm job {job} ends everything that it started"
    if pid == 1 or (parent == 1 and first in _INITS):
        return "the container ends with this process"
    service = _SERVICE.search(cgroup)
    # Below a user's own manager, a service may be the terminal or the desktop.
    if service and "/user@" not in cgroup:
        return f"the systemd service {service[1]} ends everything that it started"
    return None


@cache
def cannot_detach() -> str | None:
    """Return why nothing can be left running by this process, None where it can."""
    cgroup = _read(Path("/proc/self/cgroup"))
    first = _read(Path("/proc/1/comm")).strip()
    return why_not_detach(os.environ, cgroup, os.getpid(), os.getppid(), first)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
