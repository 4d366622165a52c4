"""Single engines, logs, and processes that nobody owns: a part of ``Clusters``."""

from __future__ import annotations

from typing import Any

from parflow_jupyter._system.runtime_dir import supervisor_log
from parflow_jupyter.clusters.client.engine_owners import ClusterOwners
from parflow_jupyter.clusters.client.rpc import something_runs
from parflow_jupyter.clusters.client.session import ANSWER_TIMEOUT, Session
from parflow_jupyter.clusters.client.start_choices import StartChoices, start_choices
from parflow_jupyter.clusters.client.start_options import start_options
from parflow_jupyter.clusters.files.logs import logged_engines, read_logs
from parflow_jupyter.clusters.files.owners import write_current
from parflow_jupyter.clusters.protocol.model import ClusterInfo, ClusterLogs, ProcessLog

STOP_TIMEOUT = 30.0
REPLACE_TIMEOUT = 90.0


class EngineControl(Session):
    """What a session can do beyond starting and ending clusters."""

    def logs(
        self,
        engine: int | None = None,
        tail: int = 100,
        *,
        profile: str | None = None,
        cluster_id: str = "",
    ) -> ClusterLogs:
        """Return the ends of logs, without noise, also of processes that have ended.

        Args:
            engine: Id of an engine; None gives the controller's and the supervisor's logs.
            tail: How many lines of each at most, up to 10 000.
            profile: Profile of the cluster; None is the current one.
            cluster_id: Its id among the clusters of the profile.

        Raises:
            EngineNotFoundError: There is no log of such an engine on this host.
            InvalidInputError: ``tail`` can't be used.
        """
        target = self._target(profile, cluster_id)
        folder = target.profile_dir / "log"
        found = read_logs(folder, target.cluster_id, supervisor_log(target.key), engine, tail)
        return ClusterLogs([ProcessLog(name, str(path), lines) for name, path, lines in found])

    def logged_engines(self, profile: str | None = None, cluster_id: str = "") -> list[int]:
        """Return the ids of the engines that have a log on this host, also of ended ones.

        Args:
            profile: Profile of the cluster; None is the current one.
            cluster_id: Its id among the clusters of the profile.
        """
        target = self._target(profile, cluster_id)
        return logged_engines(target.profile_dir / "log", target.cluster_id)

    def start_choices(self, profile: str | None = None, cluster_id: str = "") -> StartChoices:
        """Return what a start can choose from.

        Args:
            profile: Profile to start from; None is the current one.
            cluster_id: Tells clusters of one profile apart.
        """
        return start_choices(self._target(profile, cluster_id).profile_dir)

    def interrupt_engine(self, engine: int) -> None:
        """Interrupt the task an engine runs just now; an idle engine does not notice.

        Raises:
            EngineNotFoundError: No such engine was started by this package on this host.
        """
        self._ask_running("interrupt_engine", {"engine": engine}, ANSWER_TIMEOUT)

    def stop_engine(self, engine: int) -> None:
        """End one engine; a task that it runs is lost, the others go on.

        Raises:
            EngineNotFoundError: No such engine was started by this package on this host.
        """
        self._ask_running("stop_engine", {"engine": engine}, STOP_TIMEOUT)

    def replace_engine(self, engine: int, pid: int | None = None) -> None:
        """End an engine and start another one in its place, under a new id.

        Args:
            engine: Its number, also of one that ended by itself or with its controller.
            pid: Its process, where that is known: a new controller's engines count from 0 again.

        Raises:
            EngineNotFoundError: No such engine was started by this package on this host.
            EngineStartError: The new engine did not come up.
        """
        params = {**start_options(None, 1).to_dict(), "engine": engine, "pid": pid}
        self._ask_running("replace_engine", params, REPLACE_TIMEOUT)

    def _ask_running(self, method: str, params: dict[str, Any], timeout: float) -> None:
        self._ask(self._target(None, ""), method, params, timeout=timeout, start=True)

    def owners(self) -> ClusterOwners:
        """Return for whom the engines of the current cluster were started."""
        return ClusterOwners.of(self.info())

    def adopt(self) -> ClusterInfo:
        """Take over what was left running in the current cluster and belongs to nobody.

        That is what was detached, and what a server that crashed had started. From now on it
        counts as started here, and ends with this asker's owner.

        Returns:
            The cluster then.
        """
        target = self._target(None, "")
        if self._ask(target, "adopt", timeout=ANSWER_TIMEOUT, start=something_runs(target)):
            used = (str(target.profile_dir), target.cluster_id)
            write_current(self._owner(), target.profile, target.cluster_id, used)
        return self.info()
