"""Packs batches for slots in other processes; what all batches share goes to each slot once."""

from __future__ import annotations

from typing import Any

import cloudpickle

from parflow_jupyter.errors import CannotShipError
from parflow_jupyter.maps.envelope import Batch, Envelope
from parflow_jupyter.maps.memory import Marks
from parflow_jupyter.maps.schemes.base import Plan, Slot
from parflow_jupyter.maps.ship import ship, what_cannot_be_pickled


class Packer:
    """Packs the batches of one run for an ``Agent`` to run.

    Args:
        plan: What is the same for all batches of the run.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._shipped = plan.shipped or ship(plan.function, plan.init)
        self._has_function: set[Slot] = set()
        self._marks = Marks()

    def pack(self, slot: Slot, batch: Batch) -> bytes:
        """Return the bytes of a batch, with the function if the slot lacks it.

        Raises:
            CannotShipError: An item can't be pickled.
        """
        shipped = self._shipped
        head: dict[str, Any] = {
            "run": batch.run,
            "batch": batch.id,
            "indices": batch.indices,
            "budget": batch.budget,
            "seed": self._plan.seed,
            "timeout": self._plan.timeout,
            "key": shipped.key,
        }
        if slot not in self._has_function:
            head |= {
                "function": shipped.pickled,
                "sources": shipped.sources,
                "paths": shipped.paths,
                "mark": self._marks.place(slot),
            }
        try:
            packed: bytes = cloudpickle.dumps((head, cloudpickle.dumps(batch.columns)))
        except Exception as error:
            where = what_cannot_be_pickled(batch.columns, "items")
            raise CannotShipError(
                f"An item can't be sent to other processes: {where or error}. "
                f"Pass plain data, and open files and connections inside the function."
            ) from error
        return packed

    def sent(self, slot: Slot) -> None:
        """Remember that a slot was sent the function."""
        self._has_function.add(slot)

    def forget(self, slot: Slot) -> None:
        """Send a slot the function again with its next batch."""
        self._has_function.discard(slot)

    @property
    def has_marks(self) -> bool:
        """Whether slots of this host tell where they are, also when they are dead."""
        return self._marks.there

    def running(self, slot: Slot) -> tuple[int, int] | None:
        """Return the batch and the place in it where a slot was last seen, if that is known."""
        return self._marks.running(slot)

    def close(self) -> None:
        """Let go of what is shared with the slots."""
        self._marks.close()

    def unpack(self, slot: Slot, answer: Any) -> Envelope:
        """Return the envelope in a slot's answer, or raise what came instead."""
        if isinstance(answer, BaseException):
            raise answer
        envelope: Envelope = cloudpickle.loads(answer)
        if envelope.state == "need-function":
            self.forget(slot)
        return envelope
