"""What goes wrong with maps, kept results and tasks."""

from __future__ import annotations

from typing import Any

from parflow_jupyter.errors.base import ParflowError

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
