"""One item after the other, in the caller's own thread: what always works."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from functools import partial

from parflow_jupyter.maps.abc import (
    HERE,
    Answered,
    Capabilities,
    Early,
    Plan,
    Readiness,
    Scheme,
    Sink,
    Slot,
    SlotJoined,
    Slots,
    as_it_is,
)
from parflow_jupyter.maps.messages import Batch, BatchResult
from parflow_jupyter.maps.worker.interrupts import Current
from parflow_jupyter.maps.worker.item_loop import call_init, run_items
from parflow_jupyter.maps.worker.random_state import keep_state, seeder


class SerialScheme(Scheme):
    """Runs the items here. What they print is seen at once, and debuggers stop in them."""

    name = "serial"
    kind = "serial"
    capabilities = Capabilities(in_caller=True)
    ships = False
    noun = None

    def readiness(self) -> Readiness:
        """Return the one slot."""
        return Readiness(1, "runs the items here, one after the other")

    def open(self, plan: Plan, sink: Sink) -> Slots:
        """Begin a run in the thread that will call ``run_here``."""
        return _Here(plan, sink)


class _Here(Slots):
    def __init__(self, plan: Plan, sink: Sink) -> None:
        self._plan = plan
        self._sink = sink
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._current: Current | None = None
        self._stopped = threading.Event()
        self._init = plan.options.init
        sink(SlotJoined(HERE))

    def submit(self, slot: Slot, batch: Batch) -> None:
        self._batches.put(batch)

    def interrupt(self, slot: Slot) -> None:
        self._stopped.set()
        current = self._current
        if current is not None:
            current.stop()
        self._answer_waiting()

    def collect(self, slot: Slot, batch: int, first: int) -> None:
        current = self._current
        if current is not None and current.batch == batch:
            batch_result = current.finished(first)
            if batch_result is not None:
                self._sink(Early(HERE, batch, first, partial(as_it_is, batch_result)))

    def close(self) -> None:
        # Wakes the caller, who waits for the next batch.
        self._batches.put(None)

    def _answer_waiting(self) -> None:
        with suppress(queue.Empty):
            while True:
                batch = self._batches.get_nowait()
                if batch is not None:
                    batch_result = BatchResult(batch.id, "interrupted")
                    self._sink(Answered(HERE, batch.id, partial(as_it_is, batch_result)))

    def run_here(self, timeout: float) -> None:
        try:
            batch = self._batches.get(timeout=timeout)
        except queue.Empty:
            return
        if batch is not None:
            self._run(batch)

    def _run(self, batch: Batch) -> None:
        plan = self._plan
        current = Current(plan.run, batch.id, stopped=self._stopped.is_set(), stop_on_signal=True)
        self._current = current
        if self._stopped.is_set():
            current.limit = 0
        entropy = plan.options.seed
        restore = keep_state() if entropy is not None else None
        try:
            init, self._init = self._init, None
            failed = call_init(init, current, by_pickle=False) if init is not None else None
            batch_result = failed or run_items(
                plan.function,
                batch.columns,
                batch.indices,
                current,
                plan.options,
                budget=batch.budget,
                seed=seeder(entropy) if entropy is not None else None,
                by_pickle=False,
                capture=False,
            )
        finally:
            self._current = None
            if restore is not None:
                restore()
        self._sink(Answered(HERE, batch.id, partial(as_it_is, batch_result)))
        if current.stop_wanted:
            raise KeyboardInterrupt


SCHEME = SerialScheme
