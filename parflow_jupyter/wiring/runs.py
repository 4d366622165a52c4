"""Runs of this process: their history, their notebook, and the map that pipelines are given."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

from parflow_jupyter._system.shell import own_shell
from parflow_jupyter.errors import ParflowError
from parflow_jupyter.events import Listener
from parflow_jupyter.maps import MapOptions, MapResult, run_map
from parflow_jupyter.wiring.schemes import toolbox

_CANCEL_LOOKS = 0.1


def history() -> Any:
    """Return the history that runs are written to."""
    from parflow_jupyter.stores.runs.history import History

    return History(always={"notebook": notebook()})


def notebook() -> str | None:
    """Return the notebook that this kernel belongs to, as Jupyter or VS Code names it."""
    in_code = getattr(own_shell(), "user_ns", {}).get("__vsc_ipynb_file__")
    return os.environ.get("JPY_SESSION_NAME") or (str(in_code) if in_code else None)


def map_of_pipelines(
    function: Callable[..., Any],
    *iterables: Iterable[Any],
    listener: Listener | None = None,
    label: str | None = None,
    cancel: threading.Event | None = None,
) -> Sequence[Any]:
    """Run a pipeline's map like any other, stopping it once ``cancel`` is set.

    Args:
        function: Called with one item of each iterable.
        iterables: Of the same length.
        listener: Gets the map's events.
        label: What the run is called.
        cancel: Looked at ten times a second.

    Raises:
        ParflowError: It was stopped.
    """
    options = MapOptions(label=label, progress=False, block=False)
    result = run_map(
        function,
        iterables,
        options=options,
        schemes=toolbox(),
        listener=listener,
        history=history(),
    )
    try:
        _wait(result, cancel)
    except BaseException:
        result.cancel()
        raise
    if result.state == "cancelled":
        done, total = result.progress
        raise ParflowError(f"The map was stopped after {done} of {total} items: run it again.")
    return list(result)


def _wait(result: MapResult, cancel: threading.Event | None) -> None:
    while not result.wait(_CANCEL_LOOKS):
        if cancel is not None and cancel.is_set():
            result.cancel()


def present(result: MapResult) -> bool:
    """Show a result with its button to retry; return False where nobody could press it."""
    if getattr(own_shell(), "kernel", None) is None:
        return False
    # By name: widgets are loaded when a result is first shown in a kernel.
    shown: bool = import_module("parflow_jupyter.kernel.buttons.retry").show(result)
    return shown
