"""How many slots a scheme of this machine gets where nobody says."""

from __future__ import annotations

import os


def cores() -> int:
    """Return the number of cores that this process may use, at least 1.

    Example:
        >>> cores() >= 1
        True
    """
    try:
        from loky import cpu_count
    except ImportError:
        return os.cpu_count() or 1
    # It knows affinity and the limits of the control group.
    return max(1, int(cpu_count()))


def counted(count: int, one: str, several: str) -> str:
    """Return a number with its word.

    Example:
        >>> counted(1, "thread", "threads"), counted(2, "thread", "threads")
        ('1 thread', '2 threads')
    """
    return f"{count} {one if count == 1 else several}"
