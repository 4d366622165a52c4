"""What is known about profiles, clusters and operations, as plain frozen data.

``to_dict`` of each class is its JSON form, which is also the REST form and the
form on the supervisor's socket (of ``ClusterInfo``, ``facts`` is what goes over the socket).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from parflow_jupyter.clusters.protocol import tables
from parflow_jupyter.errors import Problem
from parflow_jupyter.errors.base import from_plain, to_plain

ClusterState = Literal["stopped", "starting", "running", "stopping", "failed"]
EngineState = Literal["starting", "idle", "busy", "unresponsive", "dead", "unknown"]
OperationState = Literal["running", "done", "failed", "cancelled"]
CleanupMode = Literal["terminate", "detach"]
NOBODY = "nobody"
"""The owner of what was left running."""
_OWNERSHIP = ("lost_by_cleanup", "detach_refused", "adoptable")


class _Facts:
    """A dataclass that has a JSON form."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return to_plain(self)


class _Table(_Facts):
    """Facts that are shown as their text, also by IPython."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def _problems(items: list[dict[str, Any]]) -> list[Problem]:
    return [Problem.from_dict(item) for item in items]


@dataclass(frozen=True)
class ControllerInfo(_Facts):
    """The controller of a cluster; ``pid`` and ``owner`` are None when they are not known."""

    started_here: bool
    pid: int | None
    host: str | None
    owner: str | None = None


@dataclass(frozen=True)
class EngineInfo(_Facts):
    """One engine; what can't be known from here (another host, say) is None.

    ``completed`` counts tasks, ``queued`` messages waiting or running,
    ``rss_bytes`` is in bytes, ``cpu_percent`` is of one core. ``exit`` is None
    or ``{"code", "signal", "meaning"}`` of an engine that ended. ``owner`` says for whom it
    was started, as "Jupyter server, pid 12", or "nobody" when it was left running.
    """

    id: int | None
    pid: int | None
    host: str | None
    system: str | None
    python: str | None
    launcher: str | None
    started_here: bool
    state: EngineState
    queued: int | None = None
    completed: int | None = None
    cpu_percent: float | None = None
    rss_bytes: int | None = None
    exit: dict[str, Any] | None = None
    owner: str | None = None


@dataclass(frozen=True)
class ClusterInfo(_Table):
    """A cluster as it is at one moment: its controller, engines and problems.

    ``lost_by_cleanup`` counts engines of others that would lose the controller if what was
    started here were terminated. ``detach_refused`` says why nothing that is started here can
    be left running; None when it can. ``adoptable`` counts the processes that were left
    running and belong to nobody.

    Example:
        >>> info = ClusterInfo.stopped("default")
        >>> info.state, info.engines_total
        ('stopped', 0)
        >>> ClusterInfo.from_dict(info.facts()) == info
        True
    """

    profile: str
    cluster_id: str
    state: ClusterState
    connected: bool
    controller: ControllerInfo | None
    engines_started_here: int
    engines_total: int
    engines: list[EngineInfo] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lost_by_cleanup: int = 0
    detach_refused: str | None = None
    adoptable: int = 0

    @classmethod
    def stopped(
        cls, profile: str, cluster_id: str = "", problems: list[Problem] | None = None
    ) -> ClusterInfo:
        """Return the information on a cluster of which nothing runs."""
        return cls(profile, cluster_id, "stopped", False, None, 0, 0, [], problems or [])

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ClusterInfo:
        """Rebuild from the JSON form."""
        controller = data["controller"]
        values = {
            **data,
            "controller": None if controller is None else from_plain(ControllerInfo, controller),
            "engines": [from_plain(EngineInfo, engine) for engine in data["engines"]],
            "problems": _problems(data["problems"]),
        }
        return from_plain(cls, values)

    def to_dict(self) -> dict[str, Any]:
        """Return the public JSON form; whose everything is, is told apart from it."""
        told = {key: value for key, value in self.facts().items() if key not in _OWNERSHIP}
        for part in [told["controller"] or {}, *told["engines"]]:
            part.pop("owner", None)
        return told

    def facts(self) -> dict[str, Any]:
        """Return all that is known, owners included, as plain data."""
        return to_plain(self)

    def __str__(self) -> str:
        return tables.cluster_text(self.facts())

    def _repr_html_(self) -> str:
        return tables.cluster_html(self.facts())


@dataclass(frozen=True)
class ProfileInfo(_Facts):
    """A profile: whether a cluster of it runs, and whether it is the current one."""

    name: str
    path: str
    running: bool
    current: bool


@dataclass(frozen=True)
class CleanupReport(_Table):
    """What a cleanup did to which process.

    ``processes`` has one ``{"kind", "id", "pid", "host", "outcome"}`` per process that was
    started here; outcome is one of terminated, killed, left running, already gone.

    Example:
        >>> print(CleanupReport("terminate"))
        Nothing was started here.
    """

    mode: CleanupMode
    processes: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CleanupReport:
        """Rebuild from the JSON form."""
        return cls(data["mode"], list(data["processes"]), _problems(data["problems"]))

    def __str__(self) -> str:
        return tables.cleanup_text(self.to_dict())

    def _repr_html_(self) -> str:
        return tables.cleanup_html(self.to_dict())


@dataclass(frozen=True)
class ProcessLog(_Facts):
    """The end of one process's log; ``lines`` has no line ends."""

    process: str
    path: str
    lines: list[str]


@dataclass(frozen=True)
class ClusterLogs(_Table):
    """The ends of the logs of several processes, as people read them.

    Example:
        >>> print(ClusterLogs([ProcessLog("engine 0", "/p/e.log", ["started"])]))
        engine 0 (/p/e.log):
          started
        >>> print(ClusterLogs([]))
        There are no logs.
    """

    logs: list[ProcessLog]

    def __str__(self) -> str:
        return tables.logs_text(self.to_dict())

    def _repr_html_(self) -> str:
        return tables.logs_html(self.to_dict())


@dataclass(frozen=True)
class Operation(_Facts):
    """Something that takes time: starting engines, or shutting a cluster down.

    ``error`` is None or ``{"message", "reason"}`` of what made it fail.
    """

    id: str
    kind: Literal["start-engines", "shutdown"]
    state: OperationState
    done: int
    total: int
    message: str = ""
    error: dict[str, Any] | None = None
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Operation:
        """Rebuild from the JSON form."""
        return cls(**{**data, "problems": _problems(data["problems"])})
