"""How many cores this process really has: the one place that counts them.

loky's ``cpu_count`` reads the quota of the topmost control group only. That is the process's own
in a container, but not in a systemd slice or a Slurm step, where it promised too many.
"""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path, PurePosixPath

_CGROUP_ROOT = Path("/sys/fs/cgroup")


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text().strip()
    return ""


def quota_of_v2(cpu_max: str) -> float | None:
    """Return the cores that a cgroup v2 ``cpu.max`` grants, None for no limit.

    Example:
        >>> quota_of_v2("150000 100000")
        1.5
        >>> quota_of_v2("max 100000") is None
        True
    """
    return quota_of_v1(*cpu_max.split()) if len(cpu_max.split()) == 2 else None


def quota_of_v1(quota_us: str, period_us: str) -> float | None:
    """Return the cores of a cgroup v1 quota, None for no limit (-1, max or nonsense).

    Example:
        >>> quota_of_v1("200000", "100000")
        2.0
        >>> quota_of_v1("-1", "100000") is None
        True
    """
    try:
        quota, period = int(quota_us), int(period_us)
    except ValueError:
        return None
    return quota / period if quota > 0 and period > 0 else None


def _cgroup_folders(root: Path, listing: str) -> list[tuple[str, Path]]:
    """Return (version, folder) of this process's CPU cgroups and all above them."""
    folders: list[tuple[str, Path]] = []
    for line in listing.splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers == "":
            version, base = "v2", root
        elif "cpu" in controllers.split(","):
            version, base = "v1", root / "cpu"
        else:
            continue
        inside = PurePosixPath(path.lstrip("/") or ".")
        folders += [(version, base / part) for part in (inside, *inside.parents)]
    return folders


def cgroup_quota(root: Path = _CGROUP_ROOT, listing: str | None = None) -> float | None:
    """Return the smallest CPU quota of this process's cgroups in cores, None for none.

    Args:
        root: Where the cgroup file system is mounted.
        listing: Content of ``/proc/self/cgroup``.
    """
    text = _read(Path("/proc/self/cgroup")) if listing is None else listing
    quotas = []
    for version, folder in _cgroup_folders(root, text):
        if version == "v2":
            quotas.append(quota_of_v2(_read(folder / "cpu.max")))
        else:
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            quotas.append(quota_of_v1(*(_read(folder / name) for name in names)))
    known = [quota for quota in quotas if quota is not None]
    return min(known) if known else None


def available_cores() -> int:
    """Return the cores this process may use: affinity and cgroup quota, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = cgroup_quota()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def cores() -> int:
    """Return how many workers of this process there are where nobody says.

    Example:
        >>> cores() >= 1
        True
    """
    bound = os.environ.get("LOKY_MAX_CPU_COUNT", "")
    # What users of joblib know to set.
    return max(1, min(available_cores(), int(bound))) if bound.isdigit() else available_cores()


def counted(count: int, one: str, several: str) -> str:
    """Return a number with its word.

    Example:
        >>> counted(1, "thread", "threads"), counted(2, "thread", "threads")
        ('1 thread', '2 threads')
    """
    return f"{count} {one if count == 1 else several}"
