"""The toolbox of schemes, each given what it needs of the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from parflow_jupyter.maps import SchemeChoice
from parflow_jupyter.wiring import process

if TYPE_CHECKING:
    from parflow_jupyter.maps.abc import Scheme


def toolbox(offer: Callable[[], None] | None = None) -> list[SchemeChoice]:
    """Return the schemes in their order, with serial as the last resort, as they are set.

    Args:
        offer: Called before a map looks for engines; may start some.
    """
    from parflow_jupyter.maps.schemes import provided
    from parflow_jupyter.maps.schemes.dask import DaskScheme
    from parflow_jupyter.maps.schemes.processes import ProcessesScheme
    from parflow_jupyter.maps.schemes.serial import SerialScheme
    from parflow_jupyter.maps.schemes.threads import ThreadsScheme
    from parflow_jupyter.maps.toolbox import scheme_settings

    engines = engine_scheme()
    kept = scheme_settings.schemes()
    own: dict[str, Scheme] = {
        "ipyparallel": engines,
        "dask": DaskScheme(),
        "processes": ProcessesScheme(kept["processes"]["workers"]),
        "threads": ThreadsScheme(kept["threads"]["workers"]),
        "serial": SerialScheme(),
    }
    there = scheme_settings.order()
    return [
        SchemeChoice(
            own.get(name) or provided(name),
            enabled=kept[name]["enabled"],
            before=offer if name == "ipyparallel" else None,
        )
        for name in kept
        if name in there
    ]


def engine_scheme(only: int | None = None) -> Scheme:
    """Return the scheme that runs on the engines of the current cluster.

    Args:
        only: The one engine that may be used; all of them if None.
    """
    from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme

    return IPyParallelScheme(
        process.connect_if_running, process.on_engine_exit, process.replace_engine, only
    )
