"""The façade: what notebook code, the magics and the builder call.

It wires the cores together, which never import each other: the ipyparallel
scheme of maps is given a connection to the cluster, and pipelines are given
the map. Everything heavy is imported when it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from parflow_jupyter import consent, wiring
from parflow_jupyter.api_apply import parallel_apply
from parflow_jupyter.api_maps import amap, imap, parallel_map
from parflow_jupyter.api_tasks import MapTask, StringTask, TaskClient, parallel
from parflow_jupyter.fingerprint.files import File
from parflow_jupyter.maps import MapResult, last_result, parallelizable
from parflow_jupyter.pipelines import Pipeline as _Pipeline
from parflow_jupyter.pipelines import module
from parflow_jupyter.stores import scheme_settings
from parflow_jupyter.stores.checkpoints.listing import checkpoints
from parflow_jupyter.stores.runs.listing import RunList, run_list

if TYPE_CHECKING:
    import ipyparallel

    from parflow_jupyter.clusters import CleanupReport, ClusterInfo, ClusterLogs, ProfileInfo

__all__ = [
    "File",
    "MapResult",
    "MapTask",
    "Pipeline",
    "StringTask",
    "TaskClient",
    "amap",
    "change_profile",
    "checkpoints",
    "cleanup",
    "cluster_info",
    "configure_scheme",
    "direct_view",
    "get_client",
    "imap",
    "last_result",
    "load_balanced_view",
    "module",
    "parallel",
    "parallel_apply",
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
    restart: str | None = None,
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
        restart: Whether engines that die are started again: "never", "on-failure" (up to 3 times
            each) or "on-failure:N"; None for what PARFLOW_RESTART says, else never.
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
    return wiring.process.clusters().start_engines(
        n,
        launcher=launcher,
        profile=profile,
        cluster_id=cluster_id,
        python=python,
        restart=restart,
        wait=wait,
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
    return wiring.process.clusters().info(profile, cluster_id)


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
    return wiring.process.clusters().change_profile(name, cleanup=cleanup)


def adopt() -> ClusterInfo:
    """Take over what was left running in the current cluster and belongs to nobody.

    That is what was detached, or what a server that crashed had started. From then on it ends
    with this process, or with the Jupyter server it belongs to.

    Returns:
        What the cluster looks like then.
    """
    return wiring.process.clusters().adopt()


def cleanup(*, terminate: bool = True) -> CleanupReport:
    """Disconnect from the cluster, and end or leave what was started here.

    Args:
        terminate: End the processes; False leaves them running for others to use.

    Returns:
        What became of each process.

    Source: VisTrails' *Cleanup started processes*.
    """
    return wiring.process.clusters().cleanup(terminate=terminate)


def shutdown_cluster() -> None:
    """Stop the current cluster, whoever started it.

    Raises:
        ShutdownRefusedError: The controller refused, or did not answer.

    Source: VisTrails' *Request cluster shutdown*.
    """
    wiring.process.clusters().shutdown()


def profiles() -> list[ProfileInfo]:
    """Return the IPython profiles, with whether a cluster of each is running."""
    return wiring.process.clusters().profiles()


def logs(engine: int | None = None, *, tail: int = 100) -> ClusterLogs:
    """Return the ends of the current cluster's logs, also of processes that have ended.

    Args:
        engine: Id of an engine; None for the controller's and the supervisor's logs.
        tail: How many lines of each at most.

    Raises:
        EngineNotFoundError: There is no log of such an engine on this host.
        InvalidInputError: ``tail`` is no whole number from 1 to 10 000.
    """
    return wiring.process.clusters().logs(engine, tail)


def get_client(ask: bool = True) -> ipyparallel.Client | None:
    """Return a client of the current cluster, or None when it has no engines.

    Args:
        ask: Offer to start engines when there are none, where a person can answer.

    Source: VisTrails' ``parallelflow.api.get_client``.
    """
    if cluster_info().engines_total == 0:
        answer = wiring.offer_to_start() if ask else False
        if answer is None:
            consent.invite(_NOBODY_TO_ASK)
        if not answer:
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


# --- maps ------------------------------------------------------------------


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
    return run_list(wiring.history(), limit)


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
