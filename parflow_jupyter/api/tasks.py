"""The façade's part on tasks; :mod:`parflow_jupyter.api` carries its names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, overload

from parflow_jupyter.api.maps import parallel_map
from parflow_jupyter.errors import NoEnginesError
from parflow_jupyter.maps import MapOptions, MapResult, SchemeChoice, run_map
from parflow_jupyter.tasks import MapTask, ParallelFunction, StringTask, Task, TaskInfo, TaskQueue
from parflow_jupyter.wiring import process
from parflow_jupyter.wiring.runs import history, present
from parflow_jupyter.wiring.tasks import EnginesOfACluster

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["MapTask", "StringTask", "TaskClient", "parallel"]


class TaskClient:
    """IPython's task interface: the engines as one system that takes tasks as they come.

    A task goes to the engine that is free for longest. One that failed, or whose engine died, is
    run again as often as its ``retries`` say; then its ``recovery_task`` takes its place.

    Args:
        connection_file: The ``ipcontroller-client.json`` of a controller; None for the current
            cluster, with the offer to start engines where there are none and a person can answer.

    Raises:
        NoEnginesError: There is no cluster.
        ControllerSilentError: The controller does not answer.

    Source: ``IPython.kernel.client.TaskClient`` of IPython 0.10.
    """

    def __init__(self, connection_file: str | PathLike[str] | None = None) -> None:
        ours = connection_file is None
        none = ours and process.current.clusters().info().engines_total == 0
        if none and not process.offer_to_start():
            raise NoEnginesError(
                "A TaskClient needs engines, and none are connected: call "
                "parflow_jupyter.start_engines() first."
            )
        self._engines = EnginesOfACluster(connection_file)
        self._queue = TaskQueue(self._engines)

    # --- quick and easy -------------------------------------------------------------------

    def map(
        self, function: Callable[..., Any], *iterables: Iterable[Any], **options: Any
    ) -> MapResult:
        """Apply a function to each item on the engines, load balanced, with results in order.

        Args:
            function: Called with one value of each iterable.
            iterables: All of the same length.
            options: Those of :func:`parflow_jupyter.parallel_map`, but ``scheme`` and ``ask``.

        Raises:
            SchemeUnavailableError: No engines are connected.
            Exception: As :func:`parflow_jupyter.parallel_map`.
        """
        __tracebackhide__ = True
        return run_map(
            function,
            iterables,
            options=MapOptions(**{**options, "scheme": "ipyparallel"}),
            schemes=[SchemeChoice(self._engines.scheme())],
            history=history(),
            present=present,
        )

    def parallel(
        self,
        clear_before: bool = False,
        clear_after: bool = False,
        retries: int = 0,
        recovery_task: Task | None = None,
        depend: Callable[[dict[str, Any]], Any] | None = None,
        block: bool = True,
    ) -> Callable[[Callable[..., Any]], ParallelFunction]:
        """Make a function run once per item of the lists it is called with; use as a decorator.

        Without the options of tasks this is a :meth:`map`; with them, each item is a
        :class:`MapTask` of its own.

        Args:
            clear_before: As for :class:`MapTask`, like all but the last.
            clear_after: Remove the engine's names after each item.
            retries: How often an item is run again after a failure.
            recovery_task: Run in place of an item that failed for good.
            depend: Which engines may run the items.
            block: Wait for the results. Otherwise a map returns its MapResult at once, and
                tasks return the list of their numbers.
        """
        if not (clear_before or clear_after or recovery_task or depend):

            def run(function: Callable[..., Any], *iterables: Iterable[Any]) -> Any:
                __tracebackhide__ = True
                return self.map(function, *iterables, retries=retries, block=block)
        else:
            options = (clear_before, clear_after, retries, recovery_task, depend)

            def run(function: Callable[..., Any], *iterables: Iterable[Any]) -> Any:
                __tracebackhide__ = True
                rows = zip(*iterables, strict=True)
                ids = [self.run(MapTask(function, row, None, *options)) for row in rows]
                return [self.get_task_result(i, block=True) for i in ids] if block else ids

        return lambda function: ParallelFunction(function, run)

    # --- tasks ----------------------------------------------------------------------------

    def run(self, task: Task, block: bool = False) -> Any:
        """Queue a task, and return its number, or its result at its end.

        Args:
            task: A StringTask or a MapTask; it can be run again.
            block: Wait for its end and return what :meth:`get_task_result` does.

        Raises:
            CannotShipError: The function or a value can't be sent; it names the part.
        """
        __tracebackhide__ = True
        taskid = self._queue.run(task)
        return self.get_task_result(taskid, block=True) if block else taskid

    def get_task_result(
        self, taskid: int, block: bool = False, timeout: float | None = None
    ) -> Any:
        """Return what a MapTask's function returned, or a StringTask's TaskResult.

        Args:
            taskid: What :meth:`run` returned.
            block: Wait for the end; otherwise None is returned before it.
            timeout: Seconds to wait at most.

        Raises:
            TaskNotFoundError: There is no such task.
            TaskWaitError: It did not end in time.
            Exception: What the function of a MapTask raised, with a note where; for a task that
                was aborted a TaskAbortedError, without an engine for it a TaskUnmetError.
        """
        __tracebackhide__ = True
        return self._queue.result(taskid, block, timeout)

    def barrier(
        self, taskids: int | Iterable[int] | None = None, timeout: float | None = None
    ) -> None:
        """Wait for the end of tasks, however they end.

        Args:
            taskids: One number or several; None for all.
            timeout: Seconds to wait at most.

        Raises:
            TaskNotFoundError: There is no such task.
            TaskWaitError: Some did not end in time; they go on.
        """
        ids = [taskids] if isinstance(taskids, int) else taskids
        self._queue.wait(None if ids is None else list(ids), timeout)

    def abort(self, taskid: int) -> None:
        """Take a task out of the queue, or interrupt it where it runs; it is not run again.

        Raises:
            TaskNotFoundError: There is no such task.
            TaskEndedError: It has ended already.
        """
        self._queue.abort(taskid)

    def queue_status(self, verbose: bool = False) -> dict[str, Any]:
        """Return how many tasks there are in each state.

        Args:
            verbose: Return their numbers instead of how many.

        Returns:
            "scheduled" wait for an engine, "pending" run, and "succeeded", "failed" and
            "aborted" have ended.
        """
        found = self._queue.status()
        return dict(found) if verbose else {state: len(ids) for state, ids in found.items()}

    def clear(self) -> None:
        """Forget the tasks that have ended, and their results."""
        self._queue.clear()

    def task_info(self, taskid: int) -> TaskInfo:
        """Return how a task stands: its state, engine, attempts, times and output.

        Raises:
            TaskNotFoundError: There is no such task.
        """
        return self._queue.info(taskid)

    def properties(self, timeout: float = 10) -> dict[int, dict[str, Any]]:
        """Return what each engine is like, as ``depend`` is told, by the engine's id.

        Args:
            timeout: Seconds to wait for each engine.

        Raises:
            TaskWaitError: An engine is busy for longer.
        """
        return self._queue.properties(None, {}, timeout)

    def set_properties(
        self, engine: int, *, timeout: float = 10, **properties: Any
    ) -> dict[str, Any]:
        """Set properties of an engine for ``depend`` to ask for; None takes one back.

        Args:
            engine: Its id.
            timeout: Seconds to wait for the engine.
            properties: Values by name.

        Returns:
            All properties of the engine.

        Raises:
            InvalidInputError: There is no such engine.
            TaskWaitError: The engine is busy for longer.
        """
        return self._queue.properties(engine, properties, timeout)[engine]

    def __repr__(self) -> str:
        status = ", ".join(f"{many} {state}" for state, many in self.queue_status().items() if many)
        return f"TaskClient({status or 'no tasks'})"


@overload
def parallel(function: Callable[..., Any], /) -> ParallelFunction: ...
@overload
def parallel(**options: Any) -> Callable[[Callable[..., Any]], ParallelFunction]: ...
def parallel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function run once per item of the lists it is called with; use as a decorator.

    Args:
        function: What is decorated; it stays reachable as ``.function``.
        options: Those of :func:`parflow_jupyter.parallel_map`.

    Example:
        >>> @parallel(scheme="serial")
        ... def f(x):
        ...     return 10.0 * x**4
        >>> f(range(3)) == [0.0, 10.0, 160.0]
        True
        >>> f.function(3)
        810.0

    Source: The ``@parallel`` of IPython's multiengine and task interfaces.
    """

    def run(function: Callable[..., Any], *iterables: Iterable[Any]) -> MapResult:
        __tracebackhide__ = True
        return parallel_map(function, *iterables, **options)

    if function is not None:
        return ParallelFunction(function, run)
    return lambda function: ParallelFunction(function, run)
