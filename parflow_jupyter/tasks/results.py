"""What comes back of a task: its names or its failure, and what is known of how it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TaskInfo:
    """How a task stands.

    Args:
        taskid: Its number.
        label: The function's name, or the first line of the text.
        state: "scheduled", "pending" (it runs), "succeeded", "failed" or "aborted".
        engineid: Engine that has or had it last, or None.
        attempts: How often it was given to an engine.
        recoveries: How many recovery tasks took its place.
        submitted: When :meth:`run` was called.
        completed: When it ended, or None.
        duration: Seconds that its last attempt took on the engine, or None.
        output: What it printed there.
        problem: Why it waits or failed, or "".
    """

    taskid: int
    label: str
    state: str
    engineid: int | None
    attempts: int
    recoveries: int
    submitted: datetime
    completed: datetime | None
    duration: float | None
    output: str
    problem: str


class TaskResult:
    """What a :class:`StringTask` left: the names that were pulled, or why there are none.

    ``keys`` are the names; their values are in ``results``, as items of this object, and as
    attributes of ``ns``. ``failure`` is the exception or None, ``traceback`` where it came from.
    ``engineid``, ``submitted``, ``completed``, ``duration`` and ``output`` tell how it went.

    Args:
        results: Values by name.
        failure: What was raised instead, or None.
        traceback: The formatted traceback from the engine.
        info: How the task stands.

    Source: ``IPython.kernel.task.TaskResult`` of IPython 0.10.
    """

    def __init__(
        self,
        results: Mapping[str, Any],
        failure: BaseException | None,
        traceback: str,
        info: TaskInfo,
    ) -> None:
        self.results = {} if failure is not None else dict(results)
        self.keys = list(self.results)
        self.failure = failure
        self.traceback = traceback
        self.taskid = info.taskid
        self.engineid = info.engineid
        self.submitted = info.submitted
        self.completed = info.completed
        self.duration = info.duration
        self.output = info.output

    @property
    def ns(self) -> SimpleNamespace:
        """The values as attributes.

        Raises:
            Exception: What the task raised, if it failed.
        """
        self.raise_exception()
        return SimpleNamespace(**self.results)

    def __getitem__(self, key: str) -> Any:
        self.raise_exception()
        return self.results[key]

    def raise_exception(self) -> None:
        """Raise what the task raised, or do nothing.

        Raises:
            Exception: What the task raised.
        """
        if self.failure is not None:
            raise self.failure

    def __repr__(self) -> str:
        shown = self.results if self.failure is None else self.failure
        return f"TaskResult[ID:{self.taskid}]:{shown!r}"
