"""The result of the last map of this process, also when it was interrupted."""

from __future__ import annotations

from typing import Any

_last: Any = None


def last_result() -> Any:
    """Return the result of the map that ended last here, or None before the first.

    Example:
        >>> from parflow_jupyter.maps import run_map
        >>> result = run_map(abs, [[-1, 2]])
        >>> last_result() is result
        True
    """
    return _last


def remember(result: Any) -> None:
    """Keep a result as the last one."""
    global _last
    _last = result
