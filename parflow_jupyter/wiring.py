"""What the façade needs to connect the cores, which never import each other."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from parflow_jupyter import consent
from parflow_jupyter.errors import ParflowError
from parflow_jupyter.events import EngineExited, Event, Listener
from parflow_jupyter.maps import MapOptions, MapResult, SchemeChoice, run_map

if TYPE_CHECKING:
    import ipyparallel

    from parflow_jupyter.clusters import Clusters
    from parflow_jupyter.maps.abc import Scheme

_CANCEL_LOOKS = 0.1


class _Process:
    """The handle on the supervisors of this process, made when first used, ended at exit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clusters: Clusters | None = None
        self._pid = 0

    def clusters(self) -> Clusters:
        with self._lock:
            # A forked child is a process of its own and must not end its parent's engines.
            if self._clusters is None or self._pid != os.getpid():
                from parflow_jupyter.clusters import Clusters

                self._clusters, self._pid = Clusters(), os.getpid()
            return self._clusters

    def close(self) -> None:
        with self._lock:
            clusters, self._clusters = self._clusters, None
            if clusters is not None and self._pid == os.getpid():
                clusters.close()


def _present(result: MapResult) -> bool:
    if getattr(_shell(), "kernel", None) is None:
        return False
    # By name: widgets are loaded when a result is first shown in a kernel.
    shown: bool = import_module(".kernel.retry_button", __package__).show(result)
    return shown


def _shell() -> Any:
    # Looked up, not imported: without a shell in this process there is none to show anything in.
    found = sys.modules.get("IPython.core.getipython")
    return found.get_ipython() if found else None


MapResult._present = staticmethod(_present)

process = _Process()
atexit.register(process.close)


def connect() -> ipyparallel.Client:
    """Return the client of the current cluster.

    Raises:
        NoEnginesError: No controller is up.
    """
    from parflow_jupyter.clusters.client.connection import connect as connect_to

    return connect_to(process.clusters())


def offer_to_start() -> bool | None:
    """Ask whether engines should be started, and start one per core on "yes".

    Returns:
        The answer, or None where nobody can be asked.
    """
    answer = consent.ask("There are no engines. Start one per core?")
    if answer:
        process.clusters().start_engines()
    return answer


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
    from parflow_jupyter.stores import scheme_settings

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

    return IPyParallelScheme(_connect_if_running, _on_engine_exit, replace_engine, only)


def replace_engine(engine: int, pid: int | None) -> None:
    """End an engine of the current cluster and start another one in its place."""
    process.clusters().replace_engine(engine, pid)


def history() -> Any:
    """Return the history that runs are written to."""
    from parflow_jupyter.stores.runs.history import History

    return History(always={"notebook": notebook()})


def notebook() -> str | None:
    """Return the notebook that this kernel belongs to, as Jupyter or VS Code names it."""
    in_code = getattr(_shell(), "user_ns", {}).get("__vsc_ipynb_file__")
    return os.environ.get("JPY_SESSION_NAME") or (str(in_code) if in_code else None)


def _connect_if_running() -> ipyparallel.Client | None:
    clusters = process.clusters()
    return connect() if clusters.connection_file() is not None else None


def _on_engine_exit(callback: Callable[[int, int], None]) -> Callable[[], None]:
    def heard(event: Event) -> None:
        if isinstance(event, EngineExited) and event.engine is not None:
            callback(event.engine, event.pid)

    return process.clusters().subscribe(heard)


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
