"""Clusters and a history that only live in memory: calls can be seen, nothing starts."""

from __future__ import annotations

from dataclasses import replace

from parflow_jupyter.clusters import (
    CleanupReport,
    ClusterInfo,
    ClusterLogs,
    Operation,
    ProcessLog,
    ProfileInfo,
    check_engine_count,
    check_profile_name,
)
from parflow_jupyter.clusters.client.engine_owners import ClusterOwners, EngineOwner
from parflow_jupyter.clusters.client.start_choices import LauncherChoice, StartChoices
from parflow_jupyter.clusters.protocol.model import ControllerInfo, EngineInfo
from parflow_jupyter.errors import (
    CleanupNeededError,
    EngineNotFoundError,
    InvalidInputError,
    OperationNotFoundError,
    ProfileNotFoundError,
    RunNotFoundError,
)


def engine(number):
    return EngineInfo(
        number, 100 + number, "here", "Linux", "3.11", "local", True, "idle", 0, 3, 1.5, 1024
    )


class ClustersInMemory:
    """Answers like ``Clusters``; ``error`` is raised by every call."""

    def __init__(self):
        self.calls = []
        self.error = None
        self.closed = 0
        self.listeners = []
        self.names = ["default"]
        self.profile = "default"
        self.engines = []
        self.operations = {}

    def _called(self, name, *details):
        self.calls.append((name, *details))
        if self.error is not None:
            raise self.error

    def current(self):
        return self.profile, ""

    def info(self, profile=None, cluster_id=""):
        self._called("info", profile, cluster_id)
        return self._info(profile or self.profile, cluster_id)

    def _info(self, profile, cluster_id=""):
        self._known(profile)
        if not self.engines or profile != self.profile:
            return ClusterInfo.stopped(profile, cluster_id)
        controller = ControllerInfo(True, 99, "here")
        return replace(
            ClusterInfo.stopped(profile, cluster_id),
            state="running",
            connected=True,
            controller=controller,
            engines_started_here=len(self.engines),
            engines_total=len(self.engines),
            engines=list(self.engines),
        )

    def _known(self, name):
        if check_profile_name(name) not in self.names:
            raise ProfileNotFoundError(name, self.names)

    def begin_start_engines(
        self, n=None, *, launcher=None, profile=None, cluster_id="", python=None, restart=None
    ):
        self._called("begin_start_engines", n, launcher, profile, cluster_id, python, restart)
        if launcher not in (None, "local"):
            raise InvalidInputError(f"There is no launcher {launcher!r}: use 'local'.")
        self._known(profile or self.profile)
        self.engines = [engine(number) for number in range(check_engine_count(n))]
        return self._begin("start-engines", len(self.engines))

    def begin_shutdown(self):
        self._called("begin_shutdown")
        self.engines = []
        return self._begin("shutdown", 1)

    def _begin(self, kind, total):
        begun = Operation(f"op{len(self.operations)}", kind, "running", 0, total)
        self.operations[begun.id] = begun
        return begun

    def operation(self, id):
        self._called("operation", id)
        if id not in self.operations:
            raise OperationNotFoundError(f"There is no operation {id!r}: it may be forgotten.")
        return self.operations[id]

    def cancel_operation(self, id):
        self.operations[id] = replace(self.operation(id), state="cancelled")
        return self.operations[id]

    def change_profile(self, name, *, cleanup=None):
        self._called("change_profile", name, cleanup)
        self._known(name)
        if self.engines and cleanup is None:
            raise CleanupNeededError("Engines run: say what becomes of them.", engines=2)
        self.profile, self.engines = name, []
        return self._info(name)

    def create_profile(self, name):
        self._called("create_profile", name)
        self.names.append(check_profile_name(name))
        return self._profile(name)

    def profiles(self):
        self._called("profiles")
        return [self._profile(name) for name in self.names]

    def _profile(self, name):
        current = name == self.profile
        return ProfileInfo(name, f"/profiles/{name}", current and bool(self.engines), current)

    def cleanup(self, *, terminate=True):
        self._called("cleanup", terminate)
        outcome = "terminated" if terminate else "left running"
        processes = [
            {"kind": "engine", "id": one.id, "pid": one.pid, "host": one.host, "outcome": outcome}
            for one in self.engines
        ]
        self.engines = []
        return CleanupReport("terminate" if terminate else "detach", processes)

    def replace_engine(self, engine):
        self._called("replace_engine", engine)
        self._must_exist(engine)

    def stop_engine(self, engine):
        self._called("stop_engine", engine)
        self._must_exist(engine)
        self.engines = [one for one in self.engines if one.id != engine]

    def logs(self, engine=None, tail=100, *, profile=None, cluster_id=""):
        self._called("logs", engine, tail)
        self._known(profile or self.profile)
        if engine is not None:
            self._must_exist(engine)
        name = "controller" if engine is None else f"engine {engine}"
        return ClusterLogs([ProcessLog(name, "/logs/one.log", ["started"])])

    def logged_engines(self, profile=None, cluster_id=""):
        self._known(profile or self.profile)
        return [one.id for one in self.engines]

    def start_choices(self, profile=None, cluster_id=""):
        self._known(profile or self.profile)
        return StartChoices(2, 16, "local", [LauncherChoice("local")])

    def owners(self):
        self._called("owners")
        return ClusterOwners([EngineOwner(one.id, "process, pid 7") for one in self.engines])

    def adopt(self):
        self._called("adopt")
        return self._info(self.profile)

    def interrupt_engine(self, engine):
        self._called("interrupt_engine", engine)
        self._must_exist(engine)

    def _must_exist(self, number):
        if number not in [one.id for one in self.engines]:
            raise EngineNotFoundError(f"There is no engine {number}.")

    def subscribe(self, listener, profile=None, cluster_id=""):
        subscription = (listener, profile, cluster_id)
        self.listeners.append(subscription)
        return lambda: self.listeners.remove(subscription)

    def close(self, *, crashed=False):
        self.closed += 1


class HistoryInMemory:
    """Answers like ``parflow_jupyter.stores.runs.history.History``."""

    def __init__(self, rows=()):
        self.rows = list(rows)
        self.stopped = []

    def runs(self, limit):
        return self.rows[:limit]

    def run(self, run):
        for row in self.rows:
            if row["run"] == run:
                return row
        raise RunNotFoundError(f"There is no run {run!r}.")

    def request_cancel(self, run):
        self.run(run)
        self.stopped.append(run)
