"""Gives waiting tasks to free engines, in a thread that lives while there is work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from parflow_jupyter._system.exceptions import add_note, notes_of
from parflow_jupyter.errors import InvalidInputError, TaskWaitError
from parflow_jupyter.tasks.engines import Ended, Engines, Work
from parflow_jupyter.tasks.model import MapTask, StringTask, Task
from parflow_jupyter.tasks.results import TaskInfo, TaskResult
from parflow_jupyter.tasks.task_tracker import OPEN, Record, Step, TaskTracker, first_match
from parflow_jupyter.tasks.worker import properties

PATIENCE = 30.0
"""Seconds that a task waits for an engine that may run it, as in IPython 0.10."""
_LOOK_EVERY = 0.25


class TaskQueue:
    """Tasks first come first served, each to the engine that is free for longest.

    Args:
        engines: Where they run.
        patience: Seconds that a task waits for an engine that may run it.
    """

    def __init__(self, engines: Engines, patience: float = PATIENCE) -> None:
        self._engines = engines
        self._tracker = TaskTracker(patience)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stops: dict[int, Callable[[], None]] = {}
        self._busy: set[int] = set()
        self._idle: list[int] = []
        self._names: dict[int, str] = {}
        self._unfit: dict[str, str] = {}
        self._known: dict[int, dict[str, Any]] = {}
        self._trouble = ""

    # --- submitting and looking ---------------------------------------------------------

    def run(self, task: Task) -> int:
        """Queue a task, and return its number."""
        if not isinstance(task, Task):
            raise InvalidInputError(f"{task!r} is no task: give a StringTask or a MapTask.")
        steps = [Step(link, self._packed(link)) for link in task.chain()]
        with self._changed:
            record = self._tracker.add(steps)
            if self._thread is None:
                self._unfit.clear()  # what kept an engine from beginning may be over
                self._thread = threading.Thread(target=self._dispatch, name="tasks", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return record.taskid

    def result(self, taskid: int, block: bool, timeout: float | None) -> Any:
        """Return a task's result, raise what a call raised, or return None if it has not ended."""
        with self._changed:
            record = self._tracker.find(taskid)
        if block:
            self.wait([taskid], timeout)
        with self._changed:
            return _outcome(record) if record.state not in OPEN else None

    def wait(self, taskids: Iterable[int] | None, timeout: float | None) -> None:
        """Wait for the end of tasks, or raise TaskWaitError after ``timeout`` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            ids = [record.taskid for record in self._tracker.all()] if taskids is None else taskids
            records = [self._tracker.find(taskid) for taskid in ids]
            while waiting := [record for record in records if record.state in OPEN]:
                left = 0.25 if deadline is None else min(0.25, deadline - time.monotonic())
                if left <= 0:
                    numbers = ", ".join(str(record.taskid) for record in waiting[:10])
                    raise TaskWaitError(
                        f"{len(waiting)} of {len(records)} tasks did not end within {timeout:g} s "
                        f"({numbers}): wait on, or abort them."
                    )
                # In slices, so that an interrupt is heard.
                self._changed.wait(left)

    def abort(self, taskid: int) -> None:
        """Take a task out of the queue, or interrupt it where it runs."""
        with self._changed:
            self._tracker.abort(taskid)
            stop = self._stops.get(taskid)
            self._changed.notify_all()
        if stop is not None:
            stop()

    def info(self, taskid: int) -> TaskInfo:
        """Return how a task stands."""
        with self._changed:
            return self._tracker.find(taskid).info()

    def status(self) -> dict[str, list[int]]:
        """Return the numbers of the tasks in each state."""
        with self._changed:
            return self._tracker.status()

    def clear(self) -> None:
        """Forget the tasks that have ended."""
        with self._changed:
            self._tracker.clear()

    def properties(
        self, engine: int | None, changes: dict[str, Any], timeout: float
    ) -> dict[int, dict[str, Any]]:
        """Set properties of an engine, or of all, and return those of all it was asked of."""
        there = self._engines.ids()
        if engine is not None and engine not in there:
            known = ", ".join(map(str, there)) or "none"
            raise InvalidInputError(f"There is no engine {engine!r} (there are: {known}).")
        found: dict[int, dict[str, Any]] = {}
        asked = sorted(there) if engine is None else [engine]
        for one in asked:
            found[one] = self._ask(one, changes, timeout)
        with self._changed:
            self._known.update(found)
            self._changed.notify_all()
        return found

    # --- packing ------------------------------------------------------------------------

    def _packed(self, task: Task) -> Work:
        work: Work = {"clear_before": task.clear_before, "clear_after": task.clear_after}
        if isinstance(task, StringTask):
            push = self._engines.pack_names(task.push) if task.push else None
            name = f"<task {task.label}>"
            return work | {
                "expression": task.expression,
                "name": name,
                "pull": task.pull,
                "push": push,
            }
        assert isinstance(task, MapTask)
        return work | self._engines.pack_call(task.function, task.args, task.kwargs)

    # --- giving -------------------------------------------------------------------------

    def _dispatch(self) -> None:
        try:
            self._give_while_there_is_work()
        except BaseException as error:
            with self._changed:
                self._thread = None
                self._tracker.fail_all(error)
                self._changed.notify_all()
            raise

    def _give_while_there_is_work(self) -> None:
        while True:
            self._look_at_engines()
            with self._changed:
                given = self._give_next()
                if given is None:
                    if not self._tracker.has_work:
                        self._thread = None
                        return
                    self._changed.wait(_LOOK_EVERY)
            if given is not None:
                self._start(*given)

    def _give_next(self) -> tuple[Record, int] | None:
        free = [engine for engine in self._idle if engine not in self._busy]
        found = first_match(self._tracker.waiting, free, self._known)
        if found is not None:
            self._tracker.give(*found)
            self._busy.add(found[1])
        else:
            self._tracker.fail_unmet(time.monotonic(), self._may_run_somewhere, self._why_unmet)
            self._changed.notify_all()
        return found

    def _may_run_somewhere(self, record: Record) -> bool:
        fit = [engine for engine, name in self._names.items() if name not in self._unfit]
        if record.now.task.depend is None:
            return bool(fit)
        # One that is still asked for its properties may turn out to fit.
        return any(
            engine not in self._known or record.may_run_on(self._known[engine]) for engine in fit
        )

    def _why_unmet(self, record: Record) -> str:
        if not self._names:
            return self._trouble or "no engines are connected; start some"
        fit = [engine for engine, name in self._names.items() if name not in self._unfit]
        if not fit:
            return "; ".join(sorted(set(self._unfit.values())))
        asked = ", ".join(map(str, fit))
        told = f" ({record.depend_problem})" if record.depend_problem else ""
        return f"its depend accepts none of the engines {asked}{told}"

    def _start(self, record: Record, engine: int) -> None:
        def ended(how: Ended) -> None:
            self._ended(record, engine, how)

        label = f"task {record.taskid}: {record.now.task.label}"
        try:
            stop = self._engines.start(engine, record.now.work, label, ended)
        except Exception as error:
            ended(Ended(unfit=f"engine {engine} can't be reached: {error}"))
            return
        with self._changed:
            if record.state == "pending":
                self._stops[record.taskid] = stop
            wanted = record.abort_wanted
        if wanted:
            stop()

    def _ended(self, record: Record, engine: int, ended: Ended) -> None:
        with self._changed:
            self._stops.pop(record.taskid, None)
            self._busy.discard(engine)
            if engine in self._idle:
                # To the end of the row: the engine that waits longest gets the next task.
                self._idle.remove(engine)
                self._idle.append(engine)
            if ended.unfit:
                self._unfit[self._names.get(engine, "")] = ended.unfit
            elif ended.failure is None:
                value, self._known[engine] = ended.value
                ended = Ended(value=value, output=ended.output, seconds=ended.seconds)
            self._tracker.ended(record, ended)
            self._changed.notify_all()

    # --- engines ------------------------------------------------------------------------

    def _look_at_engines(self) -> None:
        try:
            there, self._trouble = self._engines.ids(), ""
        except Exception as error:
            there, self._trouble = {}, str(error)
        fit = {engine for engine, name in there.items() if name not in self._unfit}
        free = {engine for engine in fit if self._engines.is_free(engine)}
        with self._changed:
            gone = [engine for engine, name in self._names.items() if there.get(engine) != name]
            for engine in gone:
                self._known.pop(engine, None)
            self._names = there
            self._idle = [engine for engine in self._idle if engine in free]
            self._idle += sorted(free - set(self._idle))
            asks = any(record.now.task.depend is not None for record in self._tracker.waiting)
            unknown = [e for e in self._idle if e not in self._known and e not in self._busy]
            self._busy |= set(unknown) if asks else set()
        for engine in unknown if asks else ():
            self._learn(engine)

    def _learn(self, engine: int) -> None:
        def learnt(ended: Ended) -> None:
            with self._changed:
                self._busy.discard(engine)
                if ended.failure is None and not ended.unfit:
                    self._known[engine] = ended.value[0]
                else:
                    why = ended.unfit or f"engine {engine} does not answer: {ended.failure}"
                    self._unfit[self._names.get(engine, "")] = why
                self._changed.notify_all()

        try:
            self._engines.start(engine, self._question({}), "properties", learnt)
        except Exception as error:
            learnt(Ended(unfit=f"engine {engine} can't be reached: {error}"))

    def _ask(self, engine: int, changes: dict[str, Any], timeout: float) -> dict[str, Any]:
        answered = threading.Event()
        heard: list[Ended] = []

        def ended(how: Ended) -> None:
            heard.append(how)
            answered.set()

        stop = self._engines.start(engine, self._question(changes), "properties", ended)
        if not answered.wait(timeout):
            stop()
            raise TaskWaitError(f"Engine {engine} did not answer within {timeout:g} s: it is busy.")
        if heard[0].failure is not None:
            raise heard[0].failure
        if heard[0].unfit:
            raise TaskWaitError(heard[0].unfit)
        found: dict[str, Any] = heard[0].value[0]
        return found

    def _question(self, changes: dict[str, Any]) -> Work:
        return self._engines.pack_call(properties, (changes,), {})


def _outcome(record: Record) -> Any:
    failure = record.ended.failure
    if isinstance(record.now.task, StringTask):
        return TaskResult(record.value or {}, failure, record.ended.traceback, record.info())
    if failure is None:
        return record.value
    note = f"Task {record.taskid} failed on engine {record.engine}. There:\n"
    note += record.ended.traceback.rstrip()
    if record.ended.traceback and note not in notes_of(failure):
        add_note(failure, note)
    raise failure
