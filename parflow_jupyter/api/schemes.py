"""The façade's part on the toolbox of schemes and on the history of runs."""

from __future__ import annotations

from typing import Any

from parflow_jupyter.maps.toolbox import scheme_settings
from parflow_jupyter.stores.runs.listing import RunList, run_list
from parflow_jupyter.wiring.runs import history


def runs(limit: int = 20) -> RunList:
    """Return the latest runs of this user's maps, newest first, whichever kernel they belong to.

    Each is a dict: what ran (label, code, options), where (scheme, reason, engines, host,
    notebook), when, and how it went (counts, errors, times of the items, entropy).

    Args:
        limit: How many at most.

    Returns:
        A list that shows as a table; its ``to_json()`` exports everything.

    Raises:
        InvalidInputError: ``limit`` is no whole number from 1.
    """
    return run_list(history(), limit)


def schemes() -> dict[str, dict[str, Any]]:
    """Return the schemes of the toolbox in their order, each with its settings.

    Source: VisTrails' parallelization toolbox.
    """
    return scheme_settings.schemes()


def configure_scheme(
    name: str,
    *,
    enabled: bool | None = None,
    workers: int | None = None,
    position: int | None = None,
) -> dict[str, Any]:
    """Change a scheme's settings, and keep them for this and other kernels, and the sidebar.

    Args:
        name: The scheme.
        enabled: Whether "auto" may take it.
        workers: How many slots it gets, 0 for automatic; None leaves it as it is.
        position: Its place in the order in which "auto" tries them, from 0.

    Raises:
        SchemeUnavailableError: There is no such scheme.
        InvalidInputError: A value can't be used.
    """
    return scheme_settings.configure_scheme(
        name, enabled=enabled, workers=workers, position=position
    )
