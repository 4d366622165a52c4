"""Packs batches for slots in other processes; what all batches share goes to each slot once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from parflow_jupyter._system.pickling import dumps, loads
from parflow_jupyter.errors import CannotShipError
from parflow_jupyter.maps.abc import Answered, Plan, Slot
from parflow_jupyter.maps.messages import (
    Batch,
    BatchHeader,
    BatchResult,
    Failure,
    RunSetup,
    SharedPlaces,
)
from parflow_jupyter.maps.transport.function import ship, what_cannot_be_pickled
from parflow_jupyter.maps.transport.shared_buffers import (
    LARGE,
    InSharedBuffer,
    SharedBuffers,
    weight,
)
from parflow_jupyter.maps.transport.shared_memory import Marks


class Codec:
    """Packs the batches of one run for an ``Worker`` to run.

    Args:
        plan: What is the same for all batches of the run.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._shipped = plan.shipped or ship(plan.function, plan.options.init)
        self._has_function: set[Slot] = set()
        self._marks = Marks()
        self._afar: dict[Slot, set[int]] = {}
        self._buffers = SharedBuffers()
        self._is_heavy = False
        self._near: set[Slot] = set()
        if plan.items is not None and self._shipped.shares is not None:
            self._shipped.shares.look_at(plan.items)

    def pack(self, slot: Slot, batch: Batch) -> tuple[bytes, int]:
        """Return what to send of a batch, with what all batches need if the slot lacks it.

        Returns:
            The bytes to send, and how many the batch takes, which may be in a shared buffer.

        Raises:
            CannotShipError: An item can't be pickled.
        """
        buffer = self._buffers.lend(batch.id) if self._wants_buffer(slot) else None
        try:
            items, numbers = self._items(batch)
            setup = None if slot in self._has_function else self._setup(slot)
            shared = self._shared(slot, [*numbers, *(setup.parts if setup else ())])
            head = (batch.run, batch.id, batch.indices, batch.budget, self._shipped.key)
            header = BatchHeader(*head, numbers, buffer, shared, setup)
            # As a plain tuple, because the name of its class would cost more than all the rest.
            packed = dumps((tuple(header), items))
        except Exception as error:
            self._buffers.give_back(batch.id)
            where = what_cannot_be_pickled(batch.columns, "items")
            raise CannotShipError(
                f"An item can't be sent to other processes: {where or error}. "
                f"Pass plain data, and open files and connections inside the function."
            ) from error
        self._is_heavy |= len(packed) >= LARGE
        return self._buffers.put(batch.id, packed), len(packed)

    def _wants_buffer(self, slot: Slot) -> bool:
        if not self._is_heavy or slot in self._afar or slot not in self._has_function:
            return False
        if self._marks.reached(slot):
            self._near.add(slot)
        return slot in self._near

    def _items(self, batch: Batch) -> tuple[bytes, list[int]]:
        shares = self._shipped.shares
        if shares is None or self._plan.items is None:
            return dumps(batch.columns), []
        return shares.dumps_items(batch.columns)

    def _setup(self, slot: Slot) -> RunSetup:
        shipped = self._shipped
        # ``init`` goes with the function, so that both see the same globals.
        options = replace(self._plan.options, init=None, key=None)
        return RunSetup(
            options,
            shipped.pickled,
            shipped.numbers,
            shipped.sources,
            shipped.paths,
            shipped.folder,
            self._marks.place(slot),
        )

    def _shared(self, slot: Slot, numbers: list[int]) -> SharedPlaces | None:
        shares = self._shipped.shares
        if shares is None or not numbers:
            return None
        sent = self._afar.get(slot)
        if sent is None:
            return shares.places_of(numbers, afar=False)
        new = [number for number in dict.fromkeys(numbers) if number not in sent]
        sent.update(new)
        old = shares.places_of([n for n in numbers if n not in new], afar=False)
        far = shares.places_of(new, afar=True)
        return SharedPlaces(None, {**old.places, **far.places}, far.data)

    def sent(self, slot: Slot) -> None:
        """Remember that a slot was sent the function."""
        self._has_function.add(slot)

    def forget(self, slot: Slot) -> None:
        """Send a slot the function again with its next batch."""
        self._has_function.discard(slot)
        # Whoever comes in its place under this name may be elsewhere.
        self._near.discard(slot)

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
        self._buffers.close()
        if self._shipped.shares is not None:
            self._shipped.shares.close()

    @property
    def shares_anything(self) -> bool:
        """Whether slots hold arrays for this run, which they should forget at its end."""
        return bool(self._shipped.shares)

    def answered(self, slot: Slot, batch: int, answer: Any, size: int) -> Answered:
        """Return the event of a batch that came back.

        Args:
            slot: Where it ran.
            batch: Its number.
            answer: What came: the packed batch result, or an error.
            size: Bytes that the batch took.
        """
        heavy = weight(answer)
        self._is_heavy |= max(size, heavy) >= LARGE
        return Answered(slot, batch, partial(self._taken, slot, batch, answer), size, heavy)

    def unpack(self, slot: Slot, answer: Any) -> BatchResult:
        """Return the batch result in a slot's answer, or raise what came instead.

        An interrupt that reached the slot outside any item fails none: the batch is run again.
        """
        if isinstance(answer, KeyboardInterrupt):
            return BatchResult(-1, "interrupted")
        if isinstance(answer, BaseException):
            raise answer
        return self._looked_at(slot, loads(answer))

    def _taken(self, slot: Slot, batch: int, answer: Any) -> BatchResult:
        if isinstance(answer, BaseException):
            # What happened to the slot is not known: it may still write there.
            self._buffers.drop(batch)
            return self.unpack(slot, answer)
        try:
            found = loads(answer)
            batch_result = self._buffers.read(found) if isinstance(found, InSharedBuffer) else found
        finally:
            # Whether or not it can be loaded: the slot has answered and writes there no more.
            self._buffers.give_back(batch)
        return self._looked_at(slot, batch_result)

    def _looked_at(self, slot: Slot, batch_result: BatchResult) -> BatchResult:
        if batch_result.state in ("need-function", "need-shared"):
            self.forget(slot)
        if batch_result.state == "need-shared":
            # It is on another host, or made room for other runs.
            self._afar[slot] = set()
        if self.shares_anything:
            batch_result.failures = [_explained(failure) for failure in batch_result.failures]
        return batch_result


def _explained(failure: Failure) -> Failure:
    if failure.kind != "ValueError" or "read-only" not in failure.text:
        return failure
    hint = (
        "Large arrays are shared between items and can't be written to: copy what the function "
        "changes, or use share=False.\n"
    )
    return replace(failure, traceback=f"{failure.traceback.rstrip()}\n{hint}")
