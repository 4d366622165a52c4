"""Parallel computing in Jupyter as natural as running a cell.

Every public name is loaded when it is first used, so that importing this
package costs nothing: ``import parflow_jupyter as pf``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parflow_jupyter import errors as errors
    from parflow_jupyter._version import __version__ as __version__
    from parflow_jupyter.api import *  # noqa: F403 - its names stand in its __all__ alone
    from parflow_jupyter.kernel.builder.widget import PipelineBuilder as PipelineBuilder

_ELSEWHERE = {
    "PipelineBuilder": ("kernel.builder.widget", "PipelineBuilder"),
    "__version__": ("_version", "__version__"),
    "errors": ("errors", None),
}
"""Public names that are not the façade's, with module and name; its own are in ``api.__all__``."""


def _load(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    home, inner = _ELSEWHERE.get(name, ("api", name))
    if home == "api" and (name.startswith("_") or name not in _names_of_the_facade()):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if home != "_version":
        prompts: Any = import_module(".wiring.prompts", __name__)
        prompts.invitation = _show_start_button
    try:
        found = import_module(f".{home}", __name__)
    except ModuleNotFoundError as error:
        if name != "__version__":
            raise
        # Jupyter Server asks every extension for it, with a default for those that have none.
        raise AttributeError("a checkout has no version before it is built") from error
    value = found if inner is None else getattr(found, inner)
    globals()[name] = value
    return value


if not TYPE_CHECKING:
    # Seen by a type checker, it would let every misspelt name pass.
    __getattr__ = _load


def _show_start_button() -> None:
    # Only a kernel has a notebook to show it in; anywhere else nothing of it is loaded.
    if "ipykernel" in sys.modules:
        import_module(".kernel.buttons.start", __name__).show()


def __dir__() -> list[str]:
    return sorted([*_ELSEWHERE, *_names_of_the_facade()])


def _names_of_the_facade() -> list[str]:
    names: list[str] = import_module(".api", __name__).__all__
    return names


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "parflow-jupyter"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = import_module(
        ".server", __name__
    )._jupyter_server_extension_points()
    return points


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics: ``%load_ext parflow_jupyter``."""
    import_module(".kernel.magics.magics", __name__).load_ipython_extension(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magics back: ``%unload_ext parflow_jupyter``."""
    import_module(".kernel.magics.magics", __name__).unload_ipython_extension(ipython)
