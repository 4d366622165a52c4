"""How many engines: the cores this process really has, and a check of what was asked."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from parflow_jupyter.errors import EngineCountError, InvalidInputError

LIMIT_VARIABLE = "PARFLOW_ENGINE_LIMIT"
LIMIT_ELSEWHERE = 1000
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


def default_limit(environment: Mapping[str, str] | None = None) -> int:
    """Return how many engines one start on this host may ask for: 8 per core, at least 16.

    Args:
        environment: Where ``PARFLOW_ENGINE_LIMIT`` may set another limit; None is this process's.

    Raises:
        InvalidInputError: The limit set there is no whole number of at least 1.

    Example:
        >>> default_limit({"PARFLOW_ENGINE_LIMIT": "500"})
        500
    """
    return _configured_limit(environment) or max(16, 8 * available_cores())


def limit_of_start(is_on_this_host: bool, environment: Mapping[str, str] | None = None) -> int:
    """Return how many engines one start may ask for, by whether its engines run on this host.

    Elsewhere the cores of this host say nothing; 1000 engines are what one controller serves.
    Source: ipyparallel issue 394.

    Raises:
        InvalidInputError: The limit that the environment sets can't be used.

    Example:
        >>> limit_of_start(False, {})
        1000
    """
    if is_on_this_host:
        return default_limit(environment)
    return _configured_limit(environment) or LIMIT_ELSEWHERE


def largest_limit() -> int:
    """Return the most that any start may ask for, whatever its launcher."""
    return max(limit_of_start(True), limit_of_start(False))


def _configured_limit(environment: Mapping[str, str] | None) -> int | None:
    text = (os.environ if environment is None else environment).get(LIMIT_VARIABLE, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text) > 0):
        raise InvalidInputError(
            f"{LIMIT_VARIABLE}={text[:40]!r} is no limit of engines: set it to a whole number "
            f"from 1 to 9999999, or unset it."
        )
    return int(text)


def check_engine_count(n: object, limit: int | None = None) -> int:
    """Return how many engines to start.

    Args:
        n: A whole number from 1 to ``limit``, or None for one per available core.
        limit: Largest number allowed; None for the one of starts on this host.

    Raises:
        EngineCountError: ``n`` is anything else; bool and float are refused, too.

    Example:
        >>> check_engine_count(2)
        2
    """
    highest = default_limit() if limit is None else limit
    if n is None:
        return min(available_cores(), highest)
    if type(n) is not int or not 1 <= n <= highest:
        raise EngineCountError(n, highest)
    return n
