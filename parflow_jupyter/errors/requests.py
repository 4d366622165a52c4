"""What was asked can't be done: bad input, something unknown, or a wrong moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parflow_jupyter.errors.base import ParflowError, shown

# --- bad input -------------------------------------------------------------


class InvalidInputError(ParflowError, ValueError):
    """An argument, option or field has a value that can't be used."""

    reason = "invalid-input"


class EngineCountError(InvalidInputError):
    """The number of engines asked for is not a whole number from 1 to the limit."""

    reason = "invalid-engine-count"

    def __init__(self, n: object, limit: int, **details: Any) -> None:
        super().__init__(
            f"Can't start {shown(n)} engines: give a whole number from 1 to {limit}, "
            f"or leave it out for one engine per available core. PARFLOW_ENGINE_LIMIT in the "
            f"environment sets another limit.",
            **details,
        )


class ProfileNameError(InvalidInputError):
    """A profile name is empty or could leave the profile folder."""

    reason = "invalid-profile-name"

    def __init__(self, name: object, **details: Any) -> None:
        super().__init__(
            f"{shown(name)} is no profile name: use letters, digits, '.', '_' and '-', "
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
