"""Who asks, about which cluster, and how an operation is waited for: the base of ``Clusters``."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from parflow_jupyter._system.versions import python_problems
from parflow_jupyter.clusters.client import rpc
from parflow_jupyter.clusters.client.container import scope_of, why_nothing_is_left
from parflow_jupyter.clusters.client.rpc import Target, something_runs
from parflow_jupyter.clusters.files.connection_files import connection_path, presence
from parflow_jupyter.clusters.files.owners import Owner, find_owner, read_current
from parflow_jupyter.clusters.files.profiles import (
    check_cluster_id,
    find_profile,
    make_usable,
    profile_names,
    profile_path,
)
from parflow_jupyter.clusters.protocol.model import ClusterInfo, Operation, ProfileInfo
from parflow_jupyter.clusters.protocol.wire import error_from_dict
from parflow_jupyter.errors import (
    InvalidInputError,
    OperationNotFoundError,
    ParflowError,
    Problem,
    SupervisorError,
)
from parflow_jupyter.events import Listener, OperationChanged

ANSWER_TIMEOUT = 10.0


class Session:
    """A process, or the server it belongs to, as supervisors know it."""

    def __init__(self, kind: Literal["server", "process"]) -> None:
        if kind not in ("server", "process"):
            raise InvalidInputError(f"{kind!r} is no kind of asker: use 'server' or 'process'.")
        self._kind: Literal["server", "process"] = kind
        self._lock = threading.RLock()
        self._used: set[Target] = set()
        self._is_closed = False

    def _owner(self) -> Owner:
        return find_owner(self._kind)

    def current(self) -> tuple[str, str]:
        """Return (profile, cluster id) that are current for this asker's owner."""
        return read_current(self._owner())

    def _target(self, profile: str | None, cluster_id: str) -> Target:
        current_profile, current_id = self.current()
        if profile is None:
            profile, cluster_id = current_profile, cluster_id or current_id
        return Target(find_profile(profile), check_cluster_id(cluster_id))

    def _ask(
        self, target: Target, method: str, params: Any = None, *, timeout: float, start: bool
    ) -> Any:
        if self._is_closed:
            raise SupervisorError("This handle was closed: make another Clusters().")
        if start:
            make_usable(target.profile_dir)
            with self._lock:
                self._used.add(target)
        return rpc.ask(target, self._owner(), method, params, timeout=timeout, start=start)

    def info(self, profile: str | None = None, cluster_id: str = "") -> ClusterInfo:
        """Return what runs of a cluster; starts nothing when nothing is there.

        Args:
            profile: Its profile; None is the current one.
            cluster_id: Its id among the clusters of the profile.

        Raises:
            ProfileNameError, ProfileNotFoundError: There is no such profile.
        """
        target = self._target(profile, cluster_id)
        answer = self._ask(target, "info", timeout=ANSWER_TIMEOUT, start=False)
        if answer is None and something_runs(target):
            answer = self._ask(target, "info", timeout=ANSWER_TIMEOUT, start=True)
        if answer is None:
            found = ClusterInfo.stopped(target.profile, target.cluster_id)
        else:
            found = ClusterInfo.from_dict(answer)
        problems = [*found.problems, *self._pythons(found)]
        return replace(found, problems=problems, detach_refused=self._why_nothing_is_left())

    def _pythons(self, info: ClusterInfo) -> list[Problem]:
        # A server runs no maps: its kernels do, each in a Python of its own.
        if self._kind == "server":
            return []
        living = [engine for engine in info.engines if engine.state != "dead"]
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        return python_problems([(engine.id, engine.python) for engine in living], own)

    def _why_nothing_is_left(self) -> str | None:
        return why_nothing_is_left(scope_of(self._owner().identity.pid))

    def profiles(self) -> list[ProfileInfo]:
        """Return all profiles, with whether a cluster of each runs and which is current."""
        current, _ = self.current()
        listed = []
        for name in profile_names():
            path = profile_path(name)
            running = path.is_dir() and something_runs(Target(path, ""))
            listed.append(ProfileInfo(name, str(path), running, name == current))
        return listed

    def connection_file(self, profile: str | None = None, cluster_id: str = "") -> Path | None:
        """Return the client connection file of a controller that is up, else None."""
        target = self._target(profile, cluster_id)
        if presence(target.profile_dir, target.cluster_id) != "listening":
            return None
        return connection_path(target.profile_dir, target.cluster_id, "client")

    def _wait(
        self, target: Target, operation: Operation, timeout: float, listener: Listener | None
    ) -> Operation:
        """Wait for an operation; an interrupt of the wait cancels it."""
        deadline = time.monotonic() + timeout
        shown = -1
        try:
            while operation.state == "running":
                if time.monotonic() > deadline:
                    raise SupervisorError(
                        f"{operation.kind} was not done after {timeout:g} s ({operation.message}): "
                        f"ask for the cluster's information."
                    )
                operation = self._poll(target, operation.id, 0.2 if listener else 2.0)
                if listener is not None and operation.done != shown:
                    shown = operation.done
                    listener(_progress(operation))
        except KeyboardInterrupt:
            with contextlib.suppress(ParflowError):
                self._cancel(target, operation.id)
            raise
        if operation.error is not None:
            raise error_from_dict(operation.error)
        return operation

    def _poll(self, target: Target, operation: str, wait: float) -> Operation:
        params = {"id": operation, "wait": wait}
        answer = self._ask(target, "operation", params, timeout=ANSWER_TIMEOUT, start=True)
        return Operation.from_dict(answer)

    def _cancel(self, target: Target, operation: str) -> Operation:
        params = {"id": operation}
        answer = self._ask(target, "cancel_operation", params, timeout=20, start=True)
        return Operation.from_dict(answer)

    def operation(self, id: str) -> Operation:
        """Return how far an operation is.

        Raises:
            OperationNotFoundError: There is none of this id.
        """
        return self._poll(self._of_operation(id), id, 0)

    def cancel_operation(self, id: str) -> Operation:
        """Cancel a start that is under way; engines that registered stay.

        Raises:
            OperationNotFoundError: There is none of this id.
        """
        return self._cancel(self._of_operation(id), id)

    def _of_operation(self, id: str) -> Target:
        """Return the cluster whose supervisor knows the operation."""
        current = self._target(None, "")
        with self._lock:
            used = list(self._used)
        for target in [current, *used]:
            with contextlib.suppress(OperationNotFoundError):
                if self._ask(target, "operation", {"id": id}, timeout=5, start=False) is not None:
                    return target
        raise OperationNotFoundError(
            f"There is no operation {id!r}: it may have been forgotten; ask for the cluster's "
            f"information instead."
        )


def _progress(operation: Operation) -> OperationChanged:
    return OperationChanged(
        operation=operation.id,
        kind=operation.kind,
        state=operation.state,
        done=operation.done,
        total=operation.total,
        message=operation.message,
    )
