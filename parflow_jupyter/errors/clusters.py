"""What goes wrong with clusters."""

from __future__ import annotations

from parflow_jupyter.errors.base import ParflowError


class ClusterError(ParflowError):
    """Something failed while starting, stopping or asking a cluster."""

    reason = "cluster-error"


class SupervisorError(ClusterError):
    """The supervisor could not be started or did not answer in time."""

    reason = "supervisor-unreachable"


class ProtocolMismatchError(SupervisorError):
    """The running supervisor speaks another protocol than this package."""

    reason = "protocol-mismatch"


class ControllerStartError(ClusterError):
    """The controller did not come up."""

    reason = "controller-start-failed"


class ControllerSilentError(ClusterError):
    """A controller holds the connection file but does not answer."""

    reason = "controller-silent"


class StartRefusedError(ClusterError):
    """Engines were to be started by code that itself runs on an engine or in a worker process."""

    reason = "start-refused"


class EngineStartError(ClusterError):
    """Not one of the engines asked for came up."""

    reason = "engine-start-failed"


class NoEnginesError(ClusterError):
    """The work needs engines and none is connected."""

    reason = "no-engines"
