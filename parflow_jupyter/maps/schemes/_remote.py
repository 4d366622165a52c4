"""Slots in other processes, which hear control requests beside the items that they run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

from parflow_jupyter.maps.abc import Alive, Early, GivenBack, Plan, Sink, Slot, Slots
from parflow_jupyter.maps.schemes._codec import Codec
from parflow_jupyter.maps.worker.control import DATA

ControlRequest = dict[str, Any]
"""What ``parflow_jupyter.maps.worker.control.answer`` can be asked for."""
Heard = Callable[[dict[str, Any]], None]
"""Takes the answer to a control request; never called by a slot that is gone."""


def alive(slot: Slot, run: str, status: dict[str, Any]) -> Alive:
    """Return what a worker's status says about a run.

    Example:
        >>> status = {"run": "r", "batch": 4, "position": 2, "overdue": 0.5}
        >>> alive("engine 0", "r", status)
        Alive(slot='engine 0', batch=4, position=2, overdue=0.5)
        >>> alive("engine 0", "another run", status)
        Alive(slot='engine 0', batch=None, position=0, overdue=0.0)
    """
    if status["run"] != run:
        return Alive(slot)
    return Alive(slot, status["batch"], status["position"], status["overdue"])


def unheard(_: dict[str, Any]) -> None:
    """Take an answer that says nothing."""


class RemoteSlots(Slots):
    """Slots whose worker packs, runs and hears control requests: a scheme adds how these get there.

    Args:
        plan: What is the same for all batches.
        sink: Takes the events of the slots.
    """

    def __init__(self, plan: Plan, sink: Sink) -> None:
        self._plan = plan
        self._sink = sink
        self._packer = Codec(plan)

    @abstractmethod
    def _request(self, slot: Slot, request: ControlRequest, heard: Heard) -> None:
        """Ask a slot for something, if it is still there; returns at once."""

    def interrupt(self, slot: Slot) -> None:
        self._request(slot, {"do": "stop", "run": self._plan.run}, unheard)

    def give_back(self, slot: Slot, batch: int, size: int) -> None:
        request = {"do": "give-back", "run": self._plan.run, "batch": batch, "size": size}
        self._request(
            slot, request, lambda said: self._sink(GivenBack(slot, batch, said["position"]))
        )

    def collect(self, slot: Slot, batch: int, first: int) -> None:
        request = {"do": "collect", "run": self._plan.run, "batch": batch, "first": first}
        self._request(slot, request, partial(self._collected, slot, batch, first))

    def _collected(self, slot: Slot, batch: int, first: int, said: dict[str, Any]) -> None:
        data = said.get(DATA)
        if data is not None:
            self._sink(Early(slot, batch, first, partial(self._packer.unpack, slot, data)))

    def running(self, slot: Slot) -> tuple[int, int] | None:
        return self._packer.running(slot)

    def ask_alive(self, slot: Slot) -> None:
        run = self._plan.run
        self._request(slot, {"do": "status"}, lambda said: self._sink(alive(slot, run, said)))

    def _forget_shares(self, slot: Slot) -> None:
        """Let a slot know, at the end, that it need not hold the run's large arrays any more."""
        if self._packer.shares_anything:
            self._request(slot, {"do": "forget", "run": self._plan.run}, unheard)
