"""Threads of this process: for functions that wait, or that let go of the interpreter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from parflow_jupyter._system.cpu_count import cores, counted
from parflow_jupyter.maps.abc import (
    Alive,
    Answered,
    Capabilities,
    Early,
    GivenBack,
    Plan,
    Readiness,
    Scheme,
    Sink,
    Slot,
    SlotJoined,
    Slots,
    as_it_is,
    as_raised,
)
from parflow_jupyter.maps.messages import Batch, BatchResult
from parflow_jupyter.maps.worker.interrupts import Current
from parflow_jupyter.maps.worker.item_loop import call_init, run_items
from parflow_jupyter.maps.worker.nesting import inside_an_item


class ThreadsScheme(Scheme):
    """Runs the items in threads. Nothing is copied, and what they print is seen at once.

    The generators of ``random`` and ``numpy.random`` belong to the process, so items can't have
    their own; and a thread that sleeps hears no interrupt, so items can't have a timeout.

    Args:
        workers: Number of threads; None for one per core.
    """

    name = "threads"
    kind = "threads"
    capabilities = Capabilities(seeds=False, gives_back=True)
    ships = False
    rank, takes_workers, noun = 40, True, ("thread", "threads")

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers

    def readiness(self) -> Readiness:
        """Return the number of threads there would be."""
        count = self._workers or cores()
        return Readiness(count, f"{counted(count, *self.noun)} of this process")

    def open(self, plan: Plan, sink: Sink) -> Slots:
        """Begin a run; a thread starts with its first batch."""
        count = self._workers or cores()
        return _Threads(plan, sink, min(count, plan.total or count))


class _Threads(Slots):
    def __init__(self, plan: Plan, sink: Sink, count: int) -> None:
        self._plan = plan
        self._sink = sink
        self._threads: dict[Slot, ThreadPoolExecutor] = {}
        self._currents: dict[int, Current] = {}
        self._where: dict[int, Slot] = {}
        self._begun: set[Slot] = set()
        for number in range(count):
            slot = f"thread {number}"
            # A pool of one thread each, because batches are addressed to slots.
            self._threads[slot] = ThreadPoolExecutor(1, thread_name_prefix=f"map {slot}")
            sink(SlotJoined(slot))

    def submit(self, slot: Slot, batch: Batch) -> None:
        # Made now, so that a batch that waits can be given back and stopped too.
        self._currents[batch.id] = Current(batch.run, batch.id)
        self._where[batch.id] = slot
        self._threads[slot].submit(self._run, slot, batch)

    def _run(self, slot: Slot, batch: Batch) -> None:
        current = self._currents[batch.id]
        try:
            with inside_an_item():
                batch_result = self._begin(slot, current) or self._items(batch, current)
            unpack = partial(as_it_is, batch_result)
        except BaseException as error:
            # A batch without an answer would be waited for without end.
            unpack = partial(as_raised, error)
        del self._currents[batch.id]
        self._sink(Answered(slot, batch.id, unpack))

    def _items(self, batch: Batch, current: Current) -> BatchResult:
        return run_items(
            self._plan.function,
            batch.columns,
            batch.indices,
            current,
            self._plan.options,
            budget=batch.budget,
            by_pickle=False,
            capture=False,
        )

    def _begin(self, slot: Slot, current: Current) -> BatchResult | None:
        init = self._plan.options.init
        if init is None or slot in self._begun or not current.limit:
            return None
        self._begun.add(slot)
        return call_init(init, current, by_pickle=False)

    def interrupt(self, slot: Slot) -> None:
        for batch, current in list(self._currents.items()):
            if self._where[batch] == slot:
                current.stop()

    def give_back(self, slot: Slot, batch: int, size: int) -> None:
        current = self._currents.get(batch)
        if current is not None:
            self._sink(GivenBack(slot, batch, current.give_back(size)))

    def collect(self, slot: Slot, batch: int, first: int) -> None:
        current = self._currents.get(batch)
        batch_result = current.finished(first) if current is not None else None
        if batch_result is not None:
            self._sink(Early(slot, batch, first, partial(as_it_is, batch_result)))

    def ask_alive(self, slot: Slot) -> None:
        self._sink(Alive(slot))

    def close(self) -> None:
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)


SCHEME = ThreadsScheme
