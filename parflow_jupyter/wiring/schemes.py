"""The toolbox of schemes, each given what it needs of the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from parflow_jupyter.maps import SchemeChoice
from parflow_jupyter.maps.abc import ClusterAccess
from parflow_jupyter.wiring import process

if TYPE_CHECKING:
    from parflow_jupyter.maps.abc import Scheme


def toolbox(offer: Callable[[], None] | None = None) -> list[SchemeChoice]:
    """Return the schemes in their order, with serial as the last resort, as they are set.

    Args:
        offer: Called before a map looks for engines; may start some.
    """
    from parflow_jupyter.maps.schemes import provided, registered
    from parflow_jupyter.maps.toolbox import scheme_settings

    there = registered()
    return [
        SchemeChoice(
            provided(name, kept["workers"], _cluster()),
            enabled=kept["enabled"],
            before=offer if there[name].needs_cluster else None,
        )
        for name, kept in scheme_settings.schemes().items()
        if name in there
    ]


def engine_scheme(only: int | None = None) -> Scheme:
    """Return the scheme that runs on the engines of the current cluster.

    Args:
        only: The one engine that may be used; all of them if None.
    """
    from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme

    at = _cluster()
    return IPyParallelScheme(at.connect, at.on_engine_exit, at.replace_engine, only)


def _cluster() -> ClusterAccess:
    return ClusterAccess(process.connect_if_running, process.on_engine_exit, process.replace_engine)
