"""Parallel computing in Jupyter as natural as running a cell.

Every public name is loaded when it is first used, so that importing this
package costs nothing: ``import parflow_jupyter as pf``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import errors as errors
    from ._version import __version__ as __version__
    from .api import (
        MapResult,
        Pipeline,
        amap,
        change_profile,
        cleanup,
        cluster_info,
        configure_scheme,
        direct_view,
        get_client,
        imap,
        last_result,
        load_balanced_view,
        module,
        parallel_map,
        parallelizable,
        profiles,
        runs,
        schemes,
        shutdown_cluster,
        start_engines,
    )
    from .kernel.builder import PipelineBuilder

_HOMES = {
    "api": (
        "MapResult",
        "Pipeline",
        "amap",
        "change_profile",
        "cleanup",
        "cluster_info",
        "configure_scheme",
        "direct_view",
        "get_client",
        "imap",
        "last_result",
        "load_balanced_view",
        "module",
        "parallel_map",
        "parallelizable",
        "profiles",
        "runs",
        "schemes",
        "shutdown_cluster",
        "start_engines",
    ),
    "kernel.builder": ("PipelineBuilder",),
    "_version": ("__version__",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "MapResult",
    "Pipeline",
    "PipelineBuilder",
    "__version__",
    "amap",
    "change_profile",
    "cleanup",
    "cluster_info",
    "configure_scheme",
    "direct_view",
    "errors",
    "get_client",
    "imap",
    "last_result",
    "load_balanced_view",
    "module",
    "parallel_map",
    "parallelizable",
    "profiles",
    "runs",
    "schemes",
    "shutdown_cluster",
    "start_engines",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module(".errors", __name__)
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _HOME_OF[name] != "_version":
        consent: Any = import_module(".consent", __name__)
        consent.invitation = _show_start_button
    try:
        value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if name != "__version__":
            raise
        # Jupyter Server asks every extension for it, with a default for those that have none.
        raise AttributeError("a checkout has no version before it is built") from error
    globals()[name] = value
    return value


def _show_start_button() -> None:
    # Only a kernel has a notebook to show it in; anywhere else nothing of it is loaded.
    if "ipykernel" in sys.modules:
        import_module(".kernel.start_button", __name__).show()


def __dir__() -> list[str]:
    return __all__


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "parflow-jupyter"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = import_module(
        ".server", __name__
    )._jupyter_server_extension_points()
    return points


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics: ``%load_ext parflow_jupyter``."""
    import_module(".kernel.magics", __name__).load_ipython_extension(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magics back: ``%unload_ext parflow_jupyter``."""
    import_module(".kernel.magics", __name__).unload_ipython_extension(ipython)
