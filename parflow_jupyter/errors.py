"""Every error this package raises on purpose.

::

    ParflowError
    ├── InvalidInputError (ValueError)
    │   ├── EngineCountError
    │   ├── ProfileNameError
    │   ├── UnequalLengthsError
    │   └── UnknownFieldError
    ├── NotFoundError (LookupError)
    │   ├── ProfileNotFoundError
    │   ├── EngineNotFoundError
    │   ├── OperationNotFoundError
    │   ├── RunNotFoundError
    │   └── TaskNotFoundError (IndexError)
    ├── ConflictError
    │   ├── CleanupNeededError
    │   ├── ClusterBusyError
    │   ├── DetachRefusedError
    │   ├── ShutdownRefusedError
    │   └── TaskEndedError (IndexError)
    ├── ClusterError
    │   ├── SupervisorError
    │   │   └── ProtocolMismatchError
    │   ├── ControllerStartError
    │   ├── ControllerSilentError
    │   ├── EngineStartError
    │   └── NoEnginesError
    ├── MapError
    │   ├── CannotShipError (TypeError)
    │   ├── ItemError
    │   │   └── ItemTimeoutError (TimeoutError)
    │   ├── EngineLostError
    │   ├── MissingLibraryError (ImportError)
    │   └── SchemeUnavailableError
    ├── CheckpointError
    │   └── CheckpointDiskError
    ├── TaskError
    │   ├── TaskAbortedError
    │   ├── TaskUnmetError
    │   └── TaskWaitError (TimeoutError)
    ├── PipelineError
    │   ├── PipelineCheckError
    │   └── DocumentError (ValueError)
    └── MagicError (ValueError)

The message of each says what was wrong, with the offending value, and what to
do. ``reason`` is the same fact for programs: a short slug that never changes,
which the REST form carries next to the message. This module imports nothing
of the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Problem:
    """One finding of a check: where it is, what is wrong, and how to fix it.

    Example:
        >>> str(Problem("engine 1", "runs Python 3.12", "start it with Python 3.11"))
        'engine 1: runs Python 3.12; start it with Python 3.11'
    """

    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.fix}"

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return asdict(self)


class ParflowError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: What was wrong, with the offending value, and what to do.
        details: JSON-ready facts for programs, such as the list of problems.

    Example:
        >>> error = EngineCountError("two", limit=64)
        >>> error.to_dict()["reason"]
        'invalid-engine-count'
    """

    reason: ClassVar[str] = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details

    def __str__(self) -> str:
        return self.message

    def to_dict(self) -> dict[str, Any]:
        """Return the REST and socket form, ``{"message", "reason"}`` and details."""
        return {**self.details, "message": self.message, "reason": self.reason}


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an int of too many digits
        return f"(a huge {type(value).__name__})"
    return text if len(text) <= 80 else f"{text[:60]}…{text[-10:]}"


# --- bad input -------------------------------------------------------------


class InvalidInputError(ParflowError, ValueError):
    """An argument, option or field has a value that can't be used."""

    reason = "invalid-input"


class EngineCountError(InvalidInputError):
    """The number of engines asked for is not a whole number from 1 to the limit."""

    reason = "invalid-engine-count"

    def __init__(self, n: object, limit: int, **details: Any) -> None:
        super().__init__(
            f"Can't start {_shown(n)} engines: give a whole number from 1 to {limit}, "
            f"or leave it out for one engine per available core. PARFLOW_ENGINE_LIMIT in the "
            f"environment sets another limit.",
            **details,
        )


class ProfileNameError(InvalidInputError):
    """A profile name is empty or could leave the profile folder."""

    reason = "invalid-profile-name"

    def __init__(self, name: object, **details: Any) -> None:
        super().__init__(
            f"{_shown(name)} is no profile name: use letters, digits, '.', '_' and '-', "
            f"starting with a letter, digit or '_', at most 64 of them.",
            **details,
        )


class UnequalLengthsError(InvalidInputError):
    """The iterables of a map have different lengths."""

    reason = "unequal-lengths"

    def __init__(self, lengths: Sequence[int | str], **details: Any) -> None:
        shown = ", ".join(str(length) for length in lengths)
        super().__init__(
            f"The iterables of a map must have the same length, but have {shown} items: "
            f"shorten the longer ones, or pass itertools.product(...) for all combinations.",
            **details,
        )


class UnknownFieldError(InvalidInputError):
    """A request carries a field that its route does not declare."""

    reason = "unknown-field"


# --- not found -------------------------------------------------------------


class NotFoundError(ParflowError, LookupError):
    """What was named does not exist."""

    reason = "not-found"


class ProfileNotFoundError(NotFoundError):
    """No IPython profile has this name."""

    reason = "profile-not-found"

    def __init__(self, name: str, known: list[str], **details: Any) -> None:
        shown = ", ".join(known) or "none"
        super().__init__(
            f"There is no profile named {name!r} (there are: {shown}): choose one of these, "
            f"or create it with 'ipython profile create --parallel {name}'.",
            **details,
        )


class EngineNotFoundError(NotFoundError):
    """No engine of the cluster has this id."""

    reason = "engine-not-found"


class OperationNotFoundError(NotFoundError):
    """No operation has this id; old ones are forgotten."""

    reason = "operation-not-found"


class RunNotFoundError(NotFoundError):
    """The history holds no run with this id."""

    reason = "run-not-found"


class TaskNotFoundError(NotFoundError, IndexError):
    """The client knows no task of this number: it was never given, or was cleared."""

    reason = "task-not-found"


# --- conflicts -------------------------------------------------------------


class ConflictError(ParflowError):
    """The request is fine, but not in the state things are in."""

    reason = "conflict"


class CleanupNeededError(ConflictError):
    """Processes were started here, and what becomes of them was not said."""

    reason = "cleanup-needed"


class ClusterBusyError(ConflictError):
    """The cluster is starting or stopping; ask again when it is done."""

    reason = "cluster-busy"


class DetachRefusedError(ConflictError):
    """What was started can't be left running, as the surroundings would end it all the same."""

    reason = "detach-refused"


class ShutdownRefusedError(ConflictError):
    """The controller refused the shutdown request, or did not answer it."""

    reason = "shutdown-refused"


class TaskEndedError(ConflictError, IndexError):
    """A task that has ended can't be aborted any more."""

    reason = "task-ended"


# --- clusters --------------------------------------------------------------


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


class EngineStartError(ClusterError):
    """Not one of the engines asked for came up."""

    reason = "engine-start-failed"


class NoEnginesError(ClusterError):
    """The work needs engines and none is connected."""

    reason = "no-engines"


# --- maps ------------------------------------------------------------------


class MapError(ParflowError):
    """A map can't be run as asked, or one of its items failed."""

    reason = "map-error"


class CannotShipError(MapError, TypeError):
    """A function, argument or result can't be pickled."""

    reason = "cannot-ship"


class ItemError(MapError):
    """One item of a map failed; stands for an exception that can't be carried as itself.

    Args:
        message: Kind and text of the item's exception.
        index: Position of the item in the input, from 0.
        kind: Class name of the item's exception.
        traceback: Its formatted traceback, as text.
        engine: Slot that ran it, or None.
    """

    reason = "item-failed"

    def __init__(
        self,
        message: str,
        *,
        index: int | None = None,
        kind: str = "",
        traceback: str = "",
        engine: object = None,
        **details: Any,
    ) -> None:
        super().__init__(message, **details)
        self.index = index
        self.kind = kind
        self.traceback = traceback
        self.engine = engine

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_item_error, (
            type(self),
            self.message,
            self.index,
            self.kind,
            self.traceback,
            self.engine,
        )


def _rebuild_item_error(
    error: type[ItemError],
    message: str,
    index: int | None,
    kind: str,
    traceback: str,
    engine: object,
) -> ItemError:
    return error(message, index=index, kind=kind, traceback=traceback, engine=engine)


class ItemTimeoutError(ItemError, TimeoutError):
    """An item took longer than the ``timeout`` of its map, and was interrupted."""

    reason = "item-timeout"


class EngineLostError(MapError):
    """An item's engines died while running it, more often than ``engine_retries`` allows."""

    reason = "engine-lost"


class SchemeUnavailableError(MapError):
    """The scheme asked for is unknown, or can't run or do what was asked."""

    reason = "scheme-unavailable"


class MissingLibraryError(MapError, ImportError):
    """A picture or table needs a library that is not installed."""

    reason = "missing-library"


# --- kept results ----------------------------------------------------------


class CheckpointError(ParflowError):
    """Results can't be kept, or read, where they are kept."""

    reason = "checkpoint-unusable"


class CheckpointDiskError(CheckpointError):
    """The disk on which results are kept is full, read-only or broken."""

    reason = "checkpoint-disk"


# --- tasks -----------------------------------------------------------------


class TaskError(ParflowError):
    """A task did not run, or did not end in time."""

    reason = "task-error"


class TaskAbortedError(TaskError):
    """The task was aborted."""

    reason = "task-aborted"


class TaskUnmetError(TaskError):
    """No engine that may run the task came for too long."""

    reason = "task-unmet"


class TaskWaitError(TaskError, TimeoutError):
    """What was waited for did not end in the time given; it goes on."""

    reason = "task-wait"


# --- pipelines -------------------------------------------------------------


class PipelineError(ParflowError):
    """A pipeline can't be built, read or run."""

    reason = "pipeline-error"


class PipelineCheckError(PipelineError):
    """A pipeline has problems that keep it from running."""

    reason = "pipeline-problems"


class DocumentError(PipelineError, ValueError):
    """A pipeline file can't be read."""

    reason = "broken-document"


# --- magics ----------------------------------------------------------------


class MagicError(ParflowError, ValueError):
    """A %parflow or %%parflow line or cell can't be understood."""

    reason = "invalid-magic"
