"""The façade: what notebook code, the magics and the builder call.

It wires the cores together, which never import each other: the ipyparallel
scheme of maps is given a connection to the cluster, and pipelines are given
the map. Everything heavy is imported when it is first needed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, Literal

from . import consent, wiring
from .maps import MapOptions, MapResult, last_result, parallelizable, run_map
from .maps.lazy import run_amap, run_imap
from .pipelines import Pipeline as _Pipeline
from .pipelines import module
from .stores import settings
from .wiring import process

if TYPE_CHECKING:
    import ipyparallel

    from .clusters import CleanupReport, ClusterInfo, ProfileInfo

__all__ = [
    "MapOptions",
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
]

_NOBODY_TO_ASK = (
    "No engines are connected, and nobody can be asked whether to start some: "
    "call parflow_jupyter.start_engines() first."
)


# --- clusters --------------------------------------------------------------


def start_engines(
    n: int | None = None,
    *,
    launcher: str | None = None,
    profile: str | None = None,
    cluster_id: str = "",
    python: str | None = None,
    wait: bool = True,
) -> ClusterInfo:
    """Start engines, and a controller first when none answers.

    They run in this process's interpreter, folder and ``sys.path``, and stop when this process
    (or the Jupyter server it belongs to) ends, unless they are detached by :func:`cleanup`.

    Args:
        n: How many; None for one per core that this process may use.
        launcher: How they are started, by name; None for the profile's own choice, else local.
        profile: IPython profile; None for the current one.
        cluster_id: Tells several clusters of one profile apart.
        python: Interpreter of the engines; None for this process's.
        wait: Return when they are connected; False returns at once.

    Returns:
        What the cluster looks like then. Engines that failed are listed in its problems.

    Raises:
        EngineCountError: ``n`` is no whole number from 1 to the limit.
        ProfileNotFoundError: There is no such profile.
        EngineStartError: Not one engine came up.
        ControllerStartError: The controller did not come up.

    Source: VisTrails' *Start new engine processes*.
    """
    return process.clusters().start_engines(
        n, launcher=launcher, profile=profile, cluster_id=cluster_id, python=python, wait=wait
    )


def cluster_info(profile: str | None = None, cluster_id: str = "") -> ClusterInfo:
    """Return what is known about a cluster, without waiting for its engines.

    Args:
        profile: IPython profile; None for the current one.
        cluster_id: Tells several clusters of one profile apart.

    Raises:
        ProfileNotFoundError: There is no such profile.

    Source: VisTrails' *Show information on the cluster*.
    """
    return process.clusters().info(profile, cluster_id)


def change_profile(
    name: str, *, cleanup: Literal["terminate", "detach"] | None = None
) -> ClusterInfo:
    """Make another profile the current one.

    Args:
        name: The profile's name.
        cleanup: What becomes of processes that were started in the present profile.

    Returns:
        What the new profile's cluster looks like.

    Raises:
        ProfileNotFoundError: There is no such profile.
        CleanupNeededError: Processes were started here, and ``cleanup`` is missing.

    Source: VisTrails' *Change profile*.
    """
    return process.clusters().change_profile(name, cleanup=cleanup)


def cleanup(*, terminate: bool = True) -> CleanupReport:
    """Disconnect from the cluster, and end or leave what was started here.

    Args:
        terminate: End the processes; False leaves them running for others to use.

    Returns:
        What became of each process.

    Source: VisTrails' *Cleanup started processes*.
    """
    return process.clusters().cleanup(terminate=terminate)


def shutdown_cluster() -> None:
    """Stop the current cluster, whoever started it.

    Raises:
        ShutdownRefusedError: The controller refused, or did not answer.

    Source: VisTrails' *Request cluster shutdown*.
    """
    process.clusters().shutdown()


def profiles() -> list[ProfileInfo]:
    """Return the IPython profiles, with whether a cluster of each is running."""
    return process.clusters().profiles()


def get_client(ask: bool = True) -> ipyparallel.Client | None:
    """Return a client of the current cluster, or None when it has no engines.

    Args:
        ask: Offer to start engines when there are none, where a person can answer.

    Source: VisTrails' ``parallelflow.api.get_client``.
    """
    if cluster_info().engines_total == 0 and not (ask and _offer_to_start()):
        return None
    return wiring.connect()


def direct_view(ask: bool = True) -> ipyparallel.DirectView | None:
    """Return a view on all engines at once, or None when there are none.

    Args:
        ask: Offer to start engines when there are none, where a person can answer.

    Source: VisTrails' ``parallelflow.api.direct_view``.
    """
    client = get_client(ask)
    return None if client is None else client[:]


def load_balanced_view(ask: bool = True) -> ipyparallel.LoadBalancedView | None:
    """Return a load-balanced view on the engines, or None when there are none.

    Args:
        ask: Offer to start engines when there are none, where a person can answer.

    Source: VisTrails' ``parallelflow.api.load_balanced_view``.
    """
    client = get_client(ask)
    return None if client is None else client.load_balanced_view()


def _offer_to_start() -> bool:
    answer = consent.ask("There are no engines. Start one per core?")
    if answer is None:
        warnings.warn(_NOBODY_TO_ASK, stacklevel=4)
        return False
    if answer:
        start_engines()
    return answer


# --- maps ------------------------------------------------------------------


def parallel_map(
    function: Callable[..., Any],
    *iterables: Iterable[Any],
    scheme: str = "auto",
    retries: int = 0,
    engine_retries: int = 3,
    timeout: float | None = None,
    on_error: Literal["raise", "skip", "collect"] = "raise",
    batch: int | Literal["auto"] = "auto",
    seed: int | None = None,
    share: bool = True,
    init: Callable[[], Any] | None = None,
    checkpoint: str | None = None,
    key: Callable[..., Any] | None = None,
    block: bool = True,
    progress: bool = True,
    label: str | None = None,
    ask: bool = False,
) -> MapResult:
    """Apply a function to each item of a list in parallel, with results in order.

    What the function needs from the notebook goes along by itself.

    Args:
        function: Called with one value of each iterable.
        iterables: All of the same length.
        scheme: How the items are run; "auto" for the first of the toolbox that can.
        retries: How often an item that raised is run again.
        engine_retries: How often an item whose engine died is run again.
        timeout: Seconds per item, after which it is interrupted and has failed.
        on_error: "raise" the item's exception, "skip" the item, or "collect" an ItemError.
        batch: Items per batch; "auto" learns it from the times measured.
        seed: Whole number from which every item's random numbers follow.
        share: What the function refers to goes once per engine; there is no other way yet.
        init: Called in each slot before its first item.
        checkpoint: Name under which results are kept (not there yet).
        key: What an item is kept under (not there yet).
        block: Wait for the results; False returns at once, and the result fills up.
        progress: Show the progress.
        label: What the run is called in displays and in the history.
        ask: Offer to start engines when there are none, where a person can answer.

    Returns:
        A sequence equal to the list of the values, with ``errors`` and ``report``.

    Raises:
        InvalidInputError: An option can't be used.
        UnequalLengthsError: The iterables differ in length; nothing was run.
        CannotShipError: The function can't be pickled; it names the part that can't.
        SchemeUnavailableError: The scheme asked for can't run this.
        Exception: With ``on_error="raise"``, the item's own, with a note that names the item;
            its ``map_result`` holds what was done.

    Example:
        >>> parallel_map(pow, [2, 3], [3, 2], scheme="serial") == [8, 9]
        True

    Source: VisTrails' parallel Map; the order of schemes from its parallelization toolbox.
    """
    options = MapOptions(
        scheme=scheme,
        retries=retries,
        engine_retries=engine_retries,
        timeout=timeout,
        on_error=on_error,
        batch=batch,
        seed=seed,
        share=share,
        init=init,
        checkpoint=checkpoint,
        key=key,
        block=block,
        progress=progress,
        label=label,
    )
    if ask and scheme in ("auto", "ipyparallel") and cluster_info().engines_total == 0:
        _offer_to_start()
    return run_map(
        function,
        iterables,
        options=options,
        schemes=wiring.toolbox(),
        history=wiring.history(),
    )


def imap(
    function: Callable[..., Any],
    *iterables: Iterable[Any],
    ordered: bool = False,
    scheme: str = "auto",
    retries: int = 0,
    engine_retries: int = 3,
    timeout: float | None = None,
    on_error: Literal["raise", "skip", "collect"] = "raise",
    batch: int | Literal["auto"] = "auto",
    seed: int | None = None,
    share: bool = True,
    init: Callable[[], Any] | None = None,
    progress: bool = True,
    label: str | None = None,
) -> Generator[Any, None, None]:
    """Apply a function to items that need not be there yet, and yield the results one by one.

    The input is read in a thread of its own, only a little ahead of the results that are taken:
    it may be endless. The run begins with the first ``next``; closing the generator stops it.

    Args:
        function: Called with one value of each iterable.
        iterables: All of the same length, which need not be known.
        ordered: Yield in the order of the items, instead of as the results come.
        scheme: As for :func:`parallel_map`, like all that follow.
        retries: How often an item that raised is run again.
        engine_retries: How often an item whose engine died is run again.
        timeout: Seconds per item, after which it is interrupted and has failed.
        on_error: "raise" the item's exception, "skip" the item, or "collect" an ItemError.
        batch: Items per batch; "auto" learns it from the times measured.
        seed: Whole number from which every item's random numbers follow.
        share: What the function refers to goes once per engine; there is no other way yet.
        init: Called in each slot before its first item.
        progress: Show the progress.
        label: What the run is called in displays and in the history.

    Raises:
        InvalidInputError: An option can't be used.
        UnequalLengthsError: The iterables turned out to differ in length.
        Exception: The failed item's own, or what reading the input raised.

    Example:
        >>> from itertools import count
        >>> cubes = imap(lambda x: x**3, count(), ordered=True, scheme="serial")
        >>> next(cubes), next(cubes), next(cubes)
        (0, 1, 8)
        >>> cubes.close()

    Source: Python's ``map`` and ``multiprocessing.Pool.imap_unordered``.
    """
    options = MapOptions(
        scheme=scheme,
        retries=retries,
        engine_retries=engine_retries,
        timeout=timeout,
        on_error=on_error,
        batch=batch,
        seed=seed,
        share=share,
        init=init,
        progress=progress,
        label=label,
    )
    return run_imap(
        function,
        iterables,
        options=options,
        schemes=wiring.toolbox(),
        ordered=ordered,
        history=wiring.history(),
    )


async def amap(
    function: Callable[..., Any],
    *iterables: Iterable[Any],
    scheme: str = "auto",
    retries: int = 0,
    engine_retries: int = 3,
    timeout: float | None = None,
    on_error: Literal["raise", "skip", "collect"] = "raise",
    batch: int | Literal["auto"] = "auto",
    seed: int | None = None,
    share: bool = True,
    init: Callable[[], Any] | None = None,
    progress: bool = True,
    label: str | None = None,
) -> MapResult:
    """Apply a function to each item of a list in parallel, while the event loop goes on.

    Cancelling the task that awaits this stops the run.

    Args:
        function: Called with one value of each iterable.
        iterables: All of the same length.
        scheme: As for :func:`parallel_map`, like all that follow.
        retries: How often an item that raised is run again.
        engine_retries: How often an item whose engine died is run again.
        timeout: Seconds per item, after which it is interrupted and has failed.
        on_error: "raise" the item's exception, "skip" the item, or "collect" an ItemError.
        batch: Items per batch; "auto" learns it from the times measured.
        seed: Whole number from which every item's random numbers follow.
        share: What the function refers to goes once per engine; there is no other way yet.
        init: Called in each slot before its first item.
        progress: Show the progress.
        label: What the run is called in displays and in the history.

    Returns:
        A sequence equal to the list of the values, with ``errors`` and ``report``.

    Raises:
        Exception: As :func:`parallel_map`.

    Example:
        >>> import asyncio
        >>> asyncio.run(amap(abs, [-1, -2], scheme="serial")) == [1, 2]
        True
    """
    options = MapOptions(
        scheme=scheme,
        retries=retries,
        engine_retries=engine_retries,
        timeout=timeout,
        on_error=on_error,
        batch=batch,
        seed=seed,
        share=share,
        init=init,
        progress=progress,
        label=label,
    )
    return await run_amap(
        function, iterables, options=options, schemes=wiring.toolbox, history=wiring.history()
    )


def runs(limit: int = 20) -> list[dict[str, Any]]:
    """Return the latest runs of maps, newest first.

    Args:
        limit: How many at most.
    """
    found: list[dict[str, Any]] = wiring.history().runs(limit)
    return found


def schemes() -> dict[str, dict[str, Any]]:
    """Return the schemes of the toolbox in their order, each with its settings.

    Source: VisTrails' parallelization toolbox.
    """
    return settings.schemes()


def configure_scheme(
    name: str, *, enabled: bool | None = None, workers: int | None = None
) -> dict[str, Any]:
    """Change a scheme's settings, and keep them for this and other kernels.

    Args:
        name: The scheme.
        enabled: Whether "auto" may take it.
        workers: How many slots it gets, 0 for automatic; None leaves it as it is.

    Raises:
        SchemeUnavailableError: There is no such scheme.
        InvalidInputError: A value can't be used.
    """
    return settings.configure_scheme(name, enabled=enabled, workers=workers)


# --- pipelines -------------------------------------------------------------


class Pipeline(_Pipeline):
    """Modules and the connections between their ports; maps run by the toolbox's schemes.

    Args:
        name: What it is called in files, reports and messages.

    Example:
        >>> @module
        ... def double(x: int) -> int:
        ...     return 2 * x
        >>> p = Pipeline("doubles")
        >>> doubled = p.add_map(double, over="x", x=[1, 2, 3])
        >>> p.run()[doubled]["result"]
        [2, 4, 6]
    """

    _run_map = staticmethod(wiring.map_of_pipelines)
