"""One run of a map: from its checked input to its end, and what its caller waits for."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

from parflow_jupyter._system.callables import attribute_of, name_of
from parflow_jupyter._system.caller import warn
from parflow_jupyter._system.exceptions import add_note, put
from parflow_jupyter._system.words import bounded_repr, words_of
from parflow_jupyter.events import Listener
from parflow_jupyter.maps import last
from parflow_jupyter.maps.abc import Plan
from parflow_jupyter.maps.cancel import STOP_WITHIN, CancelToken
from parflow_jupyter.maps.checkpoint.resume import begin_lookup, run_and_keep
from parflow_jupyter.maps.monitor.observer import Observer
from parflow_jupyter.maps.monitor.run_record import RunRecord
from parflow_jupyter.maps.report import ItemFailure, Report
from parflow_jupyter.maps.result import MapResult
from parflow_jupyter.maps.scheduler.collector import Collector
from parflow_jupyter.maps.scheduler.input_stream import InputStream
from parflow_jupyter.maps.scheduler.item_queue import ItemQueue
from parflow_jupyter.maps.scheduler.loop import Runner
from parflow_jupyter.maps.schemes.serial import SerialScheme
from parflow_jupyter.maps.toolbox.selection import Chosen, choose, supports
from parflow_jupyter.maps.transport.function import ShippedFunction, seems_random, ship
from parflow_jupyter.maps.transport.size_warnings import heavy_function, heavy_items
from parflow_jupyter.maps.transport.stale_modules import edited_modules
from parflow_jupyter.maps.worker.nesting import is_nested
from parflow_jupyter.maps.worker.random_state import draw
from parflow_jupyter.maps.worker.replay import Origin, Replay

_log = logging.getLogger(__name__)


class Call:
    """One run from its checked input to its end.

    Args:
        origin: Function, input, options, toolbox and history.
        listener: Called with the events of the run.
        source: Where the columns are filled from, if that happens while the map runs.
        retry: Runs the items of the result that have no value again.
        present: Shows the result with its button, or returns False.
        remember: Keep the result as the last one.
    """

    def __init__(
        self,
        origin: Origin,
        listener: Listener | None = None,
        source: InputStream | None = None,
        *,
        retry: Callable[..., MapResult],
        present: Callable[[MapResult], bool] | None = None,
        remember: bool = True,
    ) -> None:
        self._origin, self._options, self._source = origin, origin.options, source
        self._remembers = remember
        total = self._count() if source is None else None
        self._there_are_items = total != 0
        self._chosen = self._choose() if self._there_are_items else None
        self._scheme = self._chosen.scheme if self._chosen else SerialScheme()
        self._result = self._make_result(retry, present)
        self._collector, self._report = self._result._collector, self._result._report
        self._token, self._elapsed = self._result._token, self._report.elapsed
        if self._chosen is not None:
            self._report.scheme = self._chosen.scheme.name
            self._report.reason = self._chosen.reason
        self._watch = self._observer(listener, total)
        shipped = self._ship() if self._scheme.ships and self._there_are_items else None
        self._shares = shipped.shares if shipped is not None else None
        self._checkpoint_lookup = (
            begin_lookup(
                self._options, self._report, origin.function, origin.columns, shipped, self._scheme
            )
            if self._there_are_items
            else None
        )
        self._runner = self._make_runner(shipped, total)

    def _count(self) -> int:
        return len(self._origin.columns[0])

    def _choose(self) -> Chosen:
        asked = {"seeds": self._options.seed, "timeout": self._options.timeout}
        needs = [need for need, given in asked.items() if given is not None]
        supported = supports(self._origin.function)
        wanted = self._options.scheme
        return choose(self._origin.schemes, wanted, supported, needs, nested=is_nested())

    def _make_result(
        self, retry: Callable[..., MapResult], present: Callable[[MapResult], bool] | None
    ) -> MapResult:
        origin, options, source = self._origin, self._options, self._source
        function, columns = origin.function, origin.columns
        report = Report(
            run=uuid.uuid4().hex,
            scheme="serial",
            reason="there was nothing to run",
            label=options.label or name_of(function),
            total=len(columns[0]) if source is None else 0,
            entropy=options.seed,
        )
        item_queue = source.item_queue if source is not None else ItemQueue(report.total)
        replay = Replay(origin, report)
        limits = (options.retries, options.engine_retries)
        collector = Collector(item_queue, columns, report, *limits, replay)
        # Input that was read lazily is forgotten, and so are the results that were taken.
        kept = origin if source is None else None
        return MapResult(collector, report, CancelToken(), options.on_error, kept, retry, present)

    def _observer(self, listener: Listener | None, total: int | None) -> Observer:
        listeners = [listener] if listener is not None else []
        listeners += self._display() if self._there_are_items else []
        slots = self._chosen.slots if self._chosen else 0
        history = self._origin.history if self._there_are_items else None
        before = self._collector.item_queue.total - total if total is not None else 0
        first = len(self._report.batches)
        record = RunRecord(self._origin.function, self._options, self._origin.owner, first)
        return Observer(self._report, listeners, history, slots, record, total, before)

    def _display(self) -> list[Listener]:
        if not self._options.progress:
            return []
        from parflow_jupyter.maps.monitor.progress_bar import progress_listener

        found = progress_listener()
        return [found] if found is not None else []

    def _ship(self) -> ShippedFunction:
        function, options = self._origin.function, self._options
        shipped = ship(function, options.init, share=options.share)
        told = [heavy_function(self._report.label, len(shipped.pickled))]
        told += [edited_modules(shipped.pickled)]
        if self._source is None:
            told += [heavy_items(self._origin.columns, shared=options.share)]
        for warning in filter(None, told):
            warn(warning)
        if options.seed is None and self._scheme.capabilities.seeds:
            # Here, the generators of this process go on as they would without a map.
            self._report.entropy = draw() if seems_random(function, shipped.pickled) else None
        return shipped

    def _make_runner(self, shipped: ShippedFunction | None, total: int | None) -> Runner:
        columns, options = self._origin.columns, self._options
        plan = Plan(
            self._report.run,
            self._origin.function,
            replace(options, seed=self._report.entropy),
            shipped,
            total,
            # Input that is made as it is read may use the same array for other content.
            items=columns if options.share and self._source is None else None,
        )
        told = (self._collector, self._watch, self._token, self._source)
        return Runner(plan, columns, options, self._scheme, *told)

    # --- running -------------------------------------------------------------------------

    @property
    def result(self) -> MapResult:
        """The result, which fills as the run goes on."""
        return self._result

    def wake(self) -> None:
        """Have the run look at its input at once."""
        self._runner.wake()

    def start(self) -> MapResult:
        """Begin, and return the result at once."""
        if not self._there_are_items:
            self._result._end("done", None)
            if self._remembers:
                last.remember(self._result)
            return self._result
        self._watch.started()
        if self._watch.warned is not None:
            self._finish("failed", self._watch.warned)
            raise self._watch.warned
        # The run's thread inherits the cell it was started from: displays go there.
        context = contextvars.copy_context()
        name = f"map {self._report.run[:8]}"
        try:
            threading.Thread(target=context.run, args=(self._work,), name=name, daemon=True).start()
        except RuntimeError as error:
            self._finish("failed", error)
            raise
        if self._scheme.capabilities.in_caller and not self._options.block:
            try:
                threading.Thread(target=self._serve, name=f"{name} items", daemon=True).start()
            except RuntimeError as error:
                self._token.cancel(f"its items can't be run: {error}")
                raise
        return self._result

    def start_and_wait(self) -> MapResult:
        """Begin, and return the result at the end, or raise what ended the run."""
        __tracebackhide__ = True
        try:
            self.start()
            self._serve()
        except BaseException as stop:
            # Also what a signal's handler raises: nothing goes on in the background.
            if stop is not self._watch.warned and stop is not self._result._problem:
                self._interrupted(stop)
            raise
        if self._result._problem is not None:
            raise self._result._problem
        if self._watch.warned is not None:
            put(self._watch.warned, map_result=self._result)
            raise self._watch.warned
        return self._result

    def _work(self) -> None:
        state, problem = "failed", None
        try:
            state = run_and_keep(
                self._runner, self._checkpoint_lookup, self._collector, self._watch, self._token
            )
        except BaseException as error:
            problem = error
        self._finish(state, problem)

    def _finish(self, state: str, problem: BaseException | None) -> None:
        collector = self._collector
        problem = problem or collector.fatal
        # Whoever waits learns how the run ended, whatever fails in telling the others.
        steps = (self._count_up, self._let_go, lambda: self._watch.finished(collector, state))
        try:
            if problem is None and state == "failed":
                problem = self.failure()
            for step in steps:
                told = _failure_of(step)
                if told and problem is not None:
                    add_note(problem, f"The end of the run could not be kept: {told}")
        except BaseException as error:
            problem = problem or error
        finally:
            self._result._end(state, problem)

    def _count_up(self) -> None:
        report, item_queue = self._report, self._collector.item_queue
        report.elapsed = self._elapsed + self._watch.elapsed
        report.total = item_queue.total
        report.not_run = report.total - item_queue.done
        if self._remembers:
            last.remember(self._result)

    def _let_go(self) -> None:
        if self._shares is not None:
            # Where all results were kept, no slots were opened that would close them.
            self._shares.close()
        if self._checkpoint_lookup is not None:
            failures = self._collector.failures
            self._checkpoint_lookup.end(failures, stopped=self._token.cancelled)

    def failure(self) -> BaseException | None:
        """Return the first failure as the run raises it, also while the run still ends."""
        first = self._collector.first_failure
        return self._explained(first) if first is not None else None

    def _serve(self) -> None:
        """Wait for the end; an interrupt of the caller lands here, or in its own item."""
        while not self._result.done():
            self.serve_once(self._result.ended)

    def serve_once(self, changed: threading.Event) -> None:
        """Wait a moment for an event, or run a batch where that is done in this thread."""
        in_caller = self._scheme.capabilities.in_caller
        slots = self._runner.slots
        if in_caller and slots is not None:
            slots.run_here(0.1)
        else:
            changed.wait(0.002 if in_caller else 0.1)
            if changed is not self._result.ended:
                changed.clear()

    def _interrupted(self, stop: BaseException) -> None:
        was_asked = isinstance(stop, KeyboardInterrupt)
        why = "the cell was interrupted" if was_asked else f"{type(stop).__name__} ended its cell"
        self._token.cancel(why)
        deadline = time.monotonic() + STOP_WITHIN
        # A second interrupt lands in this wait, and returns at once.
        while not self._result.wait(0.05) and time.monotonic() < deadline:
            continue
        done, total = self._result.progress
        last.remember(self._result)
        put(stop, map_result=self._result)
        add_note(
            stop, f"{done} of {total} items were done: parflow_jupyter.last_result() has them."
        )

    def _explained(self, failure: ItemFailure) -> BaseException:
        exception = failure.exception
        if attribute_of(exception, "map_result") is self._result:
            return exception
        where = f" on {failure.engine}" if failure.engine and self._scheme.ships else ""
        note = (
            f"Item at index {failure.index} of {self._report.total}, {bounded_repr(failure.item)}, "
        )
        note += f"failed{where}."
        if self._scheme.ships and failure.traceback:
            note += f" There:\n{failure.traceback.rstrip()}"
        add_note(exception, note)
        put(exception, map_result=self._result)
        return exception


def _failure_of(step: Callable[[], None]) -> str:
    try:
        step()
    except BaseException as error:
        _log.warning("The end of a run could not be kept", exc_info=error)
        return words_of(error)
    return ""
