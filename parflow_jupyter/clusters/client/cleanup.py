"""Ending what was started, or leaving it running: a part of ``Clusters``."""

from __future__ import annotations

from pathlib import Path

from parflow_jupyter.clusters.client.container import OVERRIDE
from parflow_jupyter.clusters.client.engines import EngineControl
from parflow_jupyter.clusters.client.rpc import Target, something_runs
from parflow_jupyter.clusters.client.session import ANSWER_TIMEOUT
from parflow_jupyter.clusters.files.connection_files import remove_connection_files
from parflow_jupyter.clusters.files.owners import read_used
from parflow_jupyter.clusters.protocol.model import CleanupMode, CleanupReport, Operation
from parflow_jupyter.errors import DetachRefusedError

CLEANUP_TIMEOUT = 60.0
LAUNCHERS_MARGIN = 45.0
"""Seconds that launchers may take, beside what a shutdown may, to end engines elsewhere."""


class CleanupControl(EngineControl):
    """What becomes of what was started here, and of clusters as a whole."""

    def cleanup(self, *, terminate: bool = True) -> CleanupReport:
        """Terminate what was started here, or leave it running for good; nothing else is touched.

        This goes for all clusters where this asker's owner started something.

        Returns:
            What was done to which process.

        Raises:
            DetachRefusedError: What was started here would be ended all the same.
        """
        mode: CleanupMode = "terminate" if terminate else "detach"
        self._check_mode(mode)
        reports = [self._clean(target, mode) for target in self._used_targets()]
        processes = [process for report in reports for process in report.processes]
        problems = [problem for report in reports for problem in report.problems]
        return CleanupReport(mode, processes, problems)

    def _check_mode(self, mode: CleanupMode) -> None:
        why = self._why_nothing_is_left() if mode == "detach" else None
        if why is not None:
            raise DetachRefusedError(
                f"What was started here can't be left running: {why}. Terminate it; or set "
                f"{OVERRIDE}=always if you know that it lives on."
            )

    def _clean(self, target: Target, mode: CleanupMode) -> CleanupReport:
        params = {"mode": mode}
        there = something_runs(target)
        answer = self._ask(target, "cleanup", params, timeout=CLEANUP_TIMEOUT, start=there)
        return CleanupReport(mode) if answer is None else CleanupReport.from_dict(answer)

    def _used_targets(self) -> list[Target]:
        """Return the current cluster, then all others where this owner started something."""
        used = [Target(Path(folder), found) for folder, found in read_used(self._owner())]
        current = self._target(None, "")
        return [current, *(target for target in used if target.key != current.key)]

    def begin_shutdown(self) -> Operation:
        """Begin to end the whole current cluster, whoever started it; return at once."""
        operation = self._begin_shutdown(self._target(None, ""), timeout=15, start=True)
        assert operation is not None, "a supervisor that was started answers or raises"
        return operation

    def shutdown(self, *, timeout: float = 15) -> None:
        """End the whole current cluster, whoever started it, within ``timeout`` seconds.

        Raises:
            ShutdownRefusedError: A controller of others refused, or did not answer.
        """
        target = self._target(None, "")
        # Also where no process is known yet, since a start may be under way.
        operation = self._begin_shutdown(target, timeout, start=something_runs(target))
        if operation is None:
            # What crashed controllers left.
            remove_connection_files(target.profile_dir, target.cluster_id)
        else:
            self._wait(target, operation, timeout + LAUNCHERS_MARGIN, None)

    def _begin_shutdown(self, target: Target, timeout: float, start: bool) -> Operation | None:
        params = {"timeout": timeout}
        answer = self._ask(target, "shutdown", params, timeout=ANSWER_TIMEOUT, start=start)
        return None if answer is None else Operation.from_dict(answer)
