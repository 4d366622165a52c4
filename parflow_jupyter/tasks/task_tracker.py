"""The tasks of one client and what becomes of them: pure, without engines or threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parflow_jupyter.errors import (
    TaskAbortedError,
    TaskEndedError,
    TaskNotFoundError,
    TaskUnmetError,
)
from parflow_jupyter.tasks.engines import Ended, Work
from parflow_jupyter.tasks.model import Task
from parflow_jupyter.tasks.results import TaskInfo

OPEN = ("scheduled", "pending")
STATES = ("pending", "failed", "succeeded", "scheduled", "aborted")


@dataclass
class Step:
    """A task, or one that recovers it, ready to be sent."""

    task: Task
    work: Work


@dataclass
class Record:
    """One task from its submission to its end."""

    taskid: int
    steps: list[Step]
    submitted: datetime
    state: str = "scheduled"
    step: int = 0
    retries_left: int = 0
    attempts: int = 0
    engine: int | None = None
    abort_wanted: bool = False
    unmet_since: float | None = None
    depend_problem: str = ""
    completed: datetime | None = None
    value: Any = None
    ended: Ended = field(default_factory=Ended)

    @property
    def now(self) -> Step:
        """The step that waits, runs, or ran last."""
        return self.steps[self.step]

    def may_run_on(self, properties: Mapping[str, Any]) -> bool:
        """Return whether an engine of these properties may run the task."""
        depend = self.now.task.depend
        if depend is None:
            return True
        try:
            return bool(depend(dict(properties)))
        except Exception as error:
            # As of old: an engine that lacks the property asked for may not run the task.
            self.depend_problem = f"depend raised {type(error).__name__}: {error}"
            return False

    def info(self) -> TaskInfo:
        """Return how the task stands."""
        failure = self.ended.failure
        told = f"{type(failure).__name__}: {failure}" if failure is not None else ""
        return TaskInfo(
            taskid=self.taskid,
            label=self.steps[0].task.label,
            state=self.state,
            engineid=self.engine,
            attempts=self.attempts,
            recoveries=self.step,
            submitted=self.submitted,
            completed=self.completed,
            duration=self.ended.seconds,
            output=self.ended.output,
            problem=told or (self.depend_problem if self.state == "scheduled" else ""),
        )


class TaskTracker:
    """All tasks of a client, and the queue of those that wait.

    Args:
        patience: Seconds that a task waits for an engine that may run it.
    """

    def __init__(self, patience: float) -> None:
        self._records: dict[int, Record] = {}
        self._queue: list[Record] = []
        self._next = 0
        self.patience = patience

    def add(self, steps: list[Step]) -> Record:
        """Put a task at the end of the queue."""
        record = Record(self._next, steps, _now(), retries_left=steps[0].task.retries)
        self._next += 1
        self._records[record.taskid] = record
        self._queue.append(record)
        return record

    def find(self, taskid: object) -> Record:
        """Return a task.

        Raises:
            TaskNotFoundError: There is no such task.
        """
        known = self._records.get(taskid) if type(taskid) is int else None
        if known is None:
            raise TaskNotFoundError(
                f"There is no task {taskid!r}: give a number that run() returned and that "
                f"clear() has not forgotten since."
            )
        return known

    def all(self) -> list[Record]:
        """Return every task, in the order of submission."""
        return list(self._records.values())

    @property
    def waiting(self) -> list[Record]:
        """The tasks that wait for an engine, first come first."""
        return list(self._queue)

    @property
    def has_work(self) -> bool:
        """Whether a task waits or runs."""
        return any(record.state in OPEN for record in self._records.values())

    def give(self, record: Record, engine: int) -> None:
        """Take a task out of the queue for an engine."""
        self._queue.remove(record)
        record.state, record.engine, record.unmet_since = "pending", engine, None
        record.attempts += 1

    def ended(self, record: Record, ended: Ended) -> None:
        """Take in how an attempt ended: settle the task, or queue it again."""
        if record.state != "pending":
            return
        record.ended = ended
        if record.abort_wanted:
            self._settle(record, "aborted", Ended(failure=_aborted(record.taskid)))
        elif ended.unfit:
            record.attempts -= 1
            self._again(record)
        elif ended.failure is None:
            self._settle(record, "succeeded", ended)
        elif record.retries_left:
            record.retries_left -= 1
            self._again(record)
        elif record.step + 1 < len(record.steps):
            record.step += 1
            record.retries_left = record.now.task.retries
            self._again(record)
        else:
            self._settle(record, "failed", ended)

    def abort(self, taskid: object) -> Record:
        """Settle a task that waits; note the wish where it runs.

        Raises:
            TaskNotFoundError: There is no such task.
            TaskEndedError: It has ended, or is being aborted.
        """
        record = self.find(taskid)
        if record.state not in OPEN or record.abort_wanted:
            state = "being aborted" if record.state in OPEN else record.state
            raise TaskEndedError(f"Task {taskid} can't be aborted: it is {state}.")
        record.abort_wanted = True
        if record in self._queue:
            self._queue.remove(record)
            self._settle(record, "aborted", Ended(failure=_aborted(record.taskid)))
        return record

    def fail_unmet(
        self, now: float, may_run: Callable[[Record], bool], why: Callable[[Record], str]
    ) -> None:
        """Settle tasks that no engine could take for too long.

        Args:
            now: Seconds of a clock that only goes forward.
            may_run: Whether an engine is there that may run a task, now or later.
            why: What to tell if not.
        """
        for record in self.waiting:
            if may_run(record):
                record.unmet_since = None
            elif record.unmet_since is None:
                record.unmet_since = now
            elif now - record.unmet_since > self.patience:
                self._queue.remove(record)
                failure = TaskUnmetError(
                    f"Task {record.taskid} was not run, because no engine could take it for "
                    f"{self.patience:g} s: {why(record).rstrip('.')}."
                )
                self._settle(record, "failed", Ended(failure=failure))

    def fail_all(self, error: BaseException) -> None:
        """Settle everything that waits or runs, because the queue itself failed."""
        self._queue.clear()
        for record in self._records.values():
            if record.state in OPEN:
                self._settle(record, "failed", Ended(failure=error))

    def clear(self) -> None:
        """Forget the tasks that have ended."""
        kept = {i: record for i, record in self._records.items() if record.state in OPEN}
        self._records = kept

    def status(self) -> dict[str, list[int]]:
        """Return the numbers of the tasks in each state."""
        found: dict[str, list[int]] = {state: [] for state in STATES}
        for record in self._records.values():
            found[record.state].append(record.taskid)
        return found

    def _again(self, record: Record) -> None:
        record.state = "scheduled"
        self._queue.append(record)

    def _settle(self, record: Record, state: str, ended: Ended) -> None:
        record.ended = ended
        record.value = ended.value
        record.completed = _now()
        record.state = state
        for step in record.steps:
            # Only the result is kept; what was sent may be large.
            step.work = {}


def first_match(
    waiting: Iterable[Record], free: Iterable[int], properties: Mapping[int, Mapping[str, Any]]
) -> tuple[Record, int] | None:
    """Return the first task that may run, and on which engine, or None.

    Args:
        waiting: Tasks, first come first.
        free: Engines, the one that waits longest first.
        properties: What engines are like; those that are not in it only run what asks nothing.
    """
    engines = list(free)
    for record in waiting:
        asks = record.now.task.depend is not None
        for engine in engines:
            known = properties.get(engine)
            if not asks or (known is not None and record.may_run_on(known)):
                return record, engine
    return None


def _aborted(taskid: int) -> TaskAbortedError:
    return TaskAbortedError(f"Task {taskid} was aborted: submit it again for its result.")


def _now() -> datetime:
    return datetime.now().astimezone()
