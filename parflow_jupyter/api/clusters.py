"""The façade's part on clusters, and ipyparallel's client and views of the current one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from parflow_jupyter.wiring import process, prompts

if TYPE_CHECKING:
    import ipyparallel

    from parflow_jupyter.clusters import CleanupReport, ClusterInfo, ClusterLogs, ProfileInfo

_NOBODY_TO_ASK = (
    "No engines are connected, and nobody can be asked whether to start some: "
    "call parflow_jupyter.start_engines() first."
)


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
        StartRefusedError: The code runs on an engine, or in a worker process.
        ControllerStartError: The controller did not come up.

    Source: VisTrails' *Start new engine processes*.
    """
    return process.current.clusters().start_engines(
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
    return process.current.clusters().info(profile, cluster_id)


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
    return process.current.clusters().change_profile(name, cleanup=cleanup)


def adopt() -> ClusterInfo:
    """Take over what was left running in the current cluster and belongs to nobody.

    That is what was detached, or what a server that crashed had started. From then on it ends
    with this process, or with the Jupyter server it belongs to.

    Returns:
        What the cluster looks like then.
    """
    return process.current.clusters().adopt()


def cleanup(*, terminate: bool = True) -> CleanupReport:
    """Disconnect from the cluster, and end or leave what was started here.

    Args:
        terminate: End the processes; False leaves them running for others to use.

    Returns:
        What became of each process.

    Source: VisTrails' *Cleanup started processes*.
    """
    return process.current.clusters().cleanup(terminate=terminate)


def shutdown_cluster() -> None:
    """Stop the current cluster, whoever started it.

    Raises:
        ShutdownRefusedError: The controller refused, or did not answer.

    Source: VisTrails' *Request cluster shutdown*.
    """
    process.current.clusters().shutdown()


def profiles() -> list[ProfileInfo]:
    """Return the IPython profiles, with whether a cluster of each is running."""
    return process.current.clusters().profiles()


def logs(engine: int | None = None, *, tail: int = 100) -> ClusterLogs:
    """Return the ends of the current cluster's logs, also of processes that have ended.

    Args:
        engine: Id of an engine; None for the controller's and the supervisor's logs.
        tail: How many lines of each at most.

    Raises:
        EngineNotFoundError: There is no log of such an engine on this host.
        InvalidInputError: ``tail`` is no whole number from 1 to 10 000.
    """
    return process.current.clusters().logs(engine, tail)


def get_client(ask: bool = True) -> ipyparallel.Client | None:
    """Return a client of the current cluster, or None when it has no engines.

    Args:
        ask: Offer to start engines when there are none, where a person can answer.

    Source: VisTrails' ``parallelflow.api.get_client``.
    """
    if cluster_info().engines_total == 0:
        answer = process.offer_to_start() if ask else False
        if answer is None:
            prompts.invite(_NOBODY_TO_ASK)
        if not answer:
            return None
    return process.connect()


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
