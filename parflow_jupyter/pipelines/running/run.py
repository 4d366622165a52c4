"""Run a pipeline: in order, with events, keeping what finished."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from parflow_jupyter._system.exceptions import add_note
from parflow_jupyter._system.words import bounded_repr
from parflow_jupyter.events import Event, Listener, MapProgress, MapStarted, ModuleChanged
from parflow_jupyter.pipelines.abc import Cancel, RunContext
from parflow_jupyter.pipelines.model import Content, PipelineLike
from parflow_jupyter.pipelines.running.plan import Planner, Step
from parflow_jupyter.pipelines.running.report import ModuleReport, PipelineRun
from parflow_jupyter.pipelines.running.resolve import checked
from parflow_jupyter.pipelines.running.tracebacks import without_ours


def run_pipeline(
    pipeline: PipelineLike,
    *,
    run_map: Callable[..., Sequence[Any]],
    listener: Listener | None = None,
    trust: bool = False,
    cancel: Cancel | None = None,
) -> PipelineRun:
    """Run all modules of a pipeline, each after those it gets values from.

    Args:
        pipeline: What it holds now is run, so it may be edited meanwhile.
        run_map: ``run_map(function, *lists, listener=, label=)`` returns the results in
            order; one that takes ``cancel=`` gets it too.
        listener: Gets ModuleChanged events, in the thread that noticed them.
        trust: Whether functions that a file names may be imported.
        cancel: Once set, no further item or module is started, and the run returns
            with state "cancelled".

    Raises:
        PipelineCheckError: The pipeline has problems; nothing was run.
        Exception: A module's own exception, with a note naming the module, and
            ``pipeline_run`` holding what finished. Modules that don't depend on it still ran.

    Example:
        >>> from parflow_jupyter.pipelines import Pipeline, serial_map
        >>> p = Pipeline("squares")
        >>> power = p.add_map(pow, over="base", base=[1, 2, 3], exp=2)
        >>> run_pipeline(p, run_map=serial_map)[power]["result"]
        [1, 4, 9]
    """
    __tracebackhide__ = True  # IPython then shows the cell and the module's function
    ready = checked(pipeline.content(), trust=trust)
    try:
        return run_checked(ready, RunContext(run_map, listener, cancel))
    except BaseException as error:
        raise BaseException.with_traceback(error, without_ours(error.__traceback__))  # noqa: B904 - it is itself


def run_checked(content: Content, context: RunContext) -> PipelineRun:
    """Run what a pipeline held when it was checked, and had no problems; see ``run_pipeline``."""
    steps = Planner(content.groups).steps(content.modules, content.connections)
    return _Runner(content.name, steps, context).run()


class _Runner:
    """One run: what is done, what failed, and who is told."""

    def __init__(self, name: str, steps: tuple[Step, ...], context: RunContext) -> None:
        self._name, self._steps, self._context = name, steps, context
        self._listener = context.listener or (lambda event: None)
        self._unusable: set[str] = set()
        self._lock = threading.RLock()
        self.result = PipelineRun(name, {s.id: ModuleReport(s.id, s.name) for s in steps})

    def run(self) -> PipelineRun:
        begin, errors = time.monotonic(), []
        for step in self._steps:
            self._tell(step, "waiting")
        try:
            for step in self._steps:
                error = self._run_or_skip(step)
                if error is not None:
                    errors.append(error)
        except BaseException as error:  # an interrupt ends the run, not only the module
            self._skip_waiting("the run was interrupted")
            self._finish(begin, "cancelled")
            self._attach(error)
            raise
        self._finish(begin, "cancelled" if self._cancelled else "failed" if errors else "done")
        if errors:
            for other in errors[1:]:
                add_note(errors[0], f"Another module failed too: {bounded_repr(other)}")
            self._attach(errors[0])
            raise errors[0]
        return self.result

    @property
    def _cancelled(self) -> bool:
        return self._context.cancel is not None and self._context.cancel.is_set()

    def _run_or_skip(self, step: Step) -> Exception | None:
        needed = [input.source[0] for input in step.inputs if input.source]
        blocked = [id for id in needed if id in self._unusable]
        if self._cancelled:
            self._skip(step, "the run was stopped")
        elif blocked:
            name = self.result.report[blocked[0]].name
            self._skip(step, f"it needs {name!r}, which did not finish")
        else:
            return self._run_step(step)
        return None

    def _run_step(self, step: Step) -> Exception | None:
        begin = time.monotonic()
        self._tell(step, "running")
        progress: dict[str, Any] = {}
        listener = self._translate(step, begin, progress)
        context = replace(self._context, listener=listener)
        try:
            values, items = step.run(self.result.values, context)
        except BaseException as error:
            self._unusable.add(step.id)
            elapsed = time.monotonic() - begin
            if self._cancelled and isinstance(error, Exception):
                text = "the run was stopped"
                self._tell(step, "skipped", message=text, elapsed=elapsed, **progress)
                return None
            text = f"{type(error).__name__}: {error}"
            self._tell(step, "failed", message=text, elapsed=elapsed, **progress)
            add_note(error, f"It happened in module {step.name!r} of pipeline {self._name!r}.")
            if isinstance(error, Exception):
                return error
            raise
        self.result.values.update(values)
        self._tell(step, "done", done=items, total=items, elapsed=time.monotonic() - begin)
        return None

    def _translate(self, step: Step, begin: float, progress: dict[str, Any]) -> Listener:
        """Return the listener of the step's map: it tells and keeps the module's progress."""

        def listen(event: Event) -> None:
            if isinstance(event, MapStarted) and step.loops:
                self.result.note_scheme(step.id, event.scheme)
            elif isinstance(event, MapProgress):
                progress.update(done=event.done, total=event.total)
                self._tell_progress(step, elapsed=time.monotonic() - begin, **progress)

        return listen

    def _skip(self, step: Step, why: str) -> None:
        self._unusable.add(step.id)
        self._tell(step, "skipped", message=why)

    def _skip_waiting(self, why: str) -> None:
        for step in self._steps:
            if self.result.report[step.id].state == "waiting":
                self._skip(step, why)

    def _tell_progress(self, step: Step, **facts: Any) -> None:
        with self._lock:  # a map's thread may be late, when its module is done already
            if self.result.report[step.id].state == "running":
                self._tell(step, "running", **facts)

    def _tell(self, step: Step, state: str, **facts: Any) -> None:
        with self._lock:
            self.result.note(step.id, state, facts)
            self._listener(ModuleChanged(module=step.id, state=state, **facts))

    def _finish(self, begin: float, state: str) -> None:
        self.result.state, self.result.elapsed = state, time.monotonic() - begin

    def _attach(self, error: BaseException) -> None:
        # Exceptions with __slots__ take no attribute; the run is also the builder's.
        with contextlib.suppress(AttributeError, TypeError):
            error.pipeline_run = self.result  # type: ignore[attr-defined]
