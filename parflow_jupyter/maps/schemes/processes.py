"""Processes of this machine, started by loky: nothing to set up, and killed ones are replaced."""

from __future__ import annotations

import threading
from functools import cached_property, partial
from importlib.util import find_spec
from typing import Any

from parflow_jupyter._system.cpu_count import cores, counted
from parflow_jupyter._system.process import identity_of, is_stopped
from parflow_jupyter.maps.abc import (
    Capabilities,
    Plan,
    Readiness,
    Scheme,
    Sink,
    Slot,
    SlotJoined,
    SlotLeft,
    SlotRefused,
    Slots,
)
from parflow_jupyter.maps.messages import Batch
from parflow_jupyter.maps.schemes._remote import ControlRequest, Heard, RemoteSlots


class ProcessesScheme(Scheme):
    """Runs the items in processes of this machine, which stay for the next map.

    Args:
        workers: Number of processes; None for one per core.
    """

    name = "processes"
    kind = "processes"
    capabilities = Capabilities(timeout=True, captures=True, survives=True, gives_back=True)
    rank, takes_workers, noun = 30, True, ("process", "processes")

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers

    def readiness(self) -> Readiness:
        """Return the number of processes there would be."""
        if find_spec("loky") is None:
            return Readiness(0, "loky is not installed")
        count = self._workers or cores()
        return Readiness(count, f"{counted(count, *self.noun)} of this machine")

    def open(self, plan: Plan, sink: Sink) -> Slots:
        """Begin a run; no more processes are started than there are items."""
        count = self._workers or cores()
        wanted = min(count, plan.total or count)
        return _Processes(plan, sink, wanted, threads=max(1, cores() // count))


MAX_UNBORN = 4
"""Processes that may end before they could run anything; then a map starts no more of them."""


class _Processes(RemoteSlots):
    def __init__(self, plan: Plan, sink: Sink, count: int, threads: int) -> None:
        from parflow_jupyter.maps.schemes._loky import WORKERS, WorkerProcess

        super().__init__(plan, sink)
        self._threads = threads
        self._unborn = 0
        self._all = WORKERS
        self._lock = threading.Lock()
        self._workers: dict[Slot, WorkerProcess] = {}
        self._out: dict[Slot, set[int]] = {}
        for worker in WORKERS.take(count, threads):
            self._join(worker)

    def _join(self, worker: Any) -> None:
        self._workers[worker.slot] = worker
        self._out[worker.slot] = set()
        worker.watch(self, self._changed)

    def _changed(self, worker: Any) -> None:
        if not worker.dead:
            self._sink(SlotJoined(worker.slot))
            return
        with self._lock:
            known = self._workers.pop(worker.slot, None)
        if known is not None:
            if not worker.ready:
                self._unborn += 1
                # The runner hears of a slot before it hears that it left.
                self._sink(SlotJoined(worker.slot))
            self._sink(SlotLeft(worker.slot, f"{worker.slot} died"))

    def submit(self, slot: Slot, batch: Batch) -> None:
        blob, size = self._packer.pack(slot, batch)
        worker = self._workers.get(slot)
        if worker is None:
            return
        self._out[slot].add(batch.id)
        worker.run(blob, partial(self._answered, slot, batch.id, size))
        self._packer.sent(slot)

    def _answered(self, slot: Slot, batch: int, size: int, answer: Any) -> None:
        self._out[slot].discard(batch)
        self._sink(self._packer.answered(slot, batch, answer, size))

    def _request(self, slot: Slot, request: ControlRequest, heard: Heard) -> None:
        worker = self._workers.get(slot)
        if worker is not None:
            worker.request(request, heard)

    def why_silent(self) -> str | None:
        # Others come in the place of those that somebody stopped and forgot.
        for worker in list(self._workers.values()):
            identity = identity_of(worker.pid) if worker.ready else None
            if identity is not None and is_stopped(identity):
                worker.kill()
        return None

    def kill(self, slot: Slot) -> bool:
        worker = self._workers.get(slot)
        if worker is not None:
            worker.kill()
        return worker is not None

    def _runs_mine(self, slot: Slot) -> bool:
        # Another map of this process may have an item there, before ours.
        return not self._packer.has_marks or self._packer.running(slot) is not None

    def replace(self, slot: Slot) -> bool:
        if self._unborn >= MAX_UNBORN:
            self._sink(SlotRefused(slot, self._why_unborn))
            return False
        worker = self._all.another(self._threads)
        if worker is not None:
            self._join(worker)
        return worker is not None

    @cached_property
    def _why_unborn(self) -> str:
        from parflow_jupyter.maps.schemes._loky import last_words

        return f"{self._unborn} processes ended as they began: {last_words()}"

    def awaited(self) -> bool:
        return any(not worker.ready for worker in list(self._workers.values()))

    def close(self) -> None:
        for slot, worker in list(self._workers.items()):
            worker.watch(self, None)
            self._forget_shares(slot)
            if self._out[slot] and self._runs_mine(slot):
                # It did not let itself be interrupted, and would hold up the next map.
                worker.kill()
        self._all.give_back()
        self._packer.close()


SCHEME = ProcessesScheme
