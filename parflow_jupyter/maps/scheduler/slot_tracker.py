"""What each slot has, and what its answers mean for the items of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from parflow_jupyter.errors import CannotShipError
from parflow_jupyter.maps.abc import (
    Alive,
    Answered,
    Early,
    GivenBack,
    Slot,
    SlotEvent,
    SlotJoined,
    SlotLeft,
    SlotRefused,
)
from parflow_jupyter.maps.messages import TIMED_OUT, BatchResult, Failure
from parflow_jupyter.maps.scheduler import batch_size
from parflow_jupyter.maps.scheduler.collector import Collector

GRACE = 2.0
"""Seconds past its timeout after which an item is taken to be unresponsive."""

_NOTHING_RAN = ("bad-function", "bad-init", "bad-items")


@dataclass
class Sent:
    """A batch that a slot has; ``failed`` is its item whose time was over before it answered."""

    batch: int
    indices: Sequence[int]
    upto: int
    at: float
    taken: int = 0
    collected: float = 0.0
    asked_back: bool = False
    failed: int | None = None

    @property
    def kept(self) -> Sequence[int]:
        """The items that the slot still has to answer for."""
        return self.indices[self.taken : self.upto]


@dataclass
class SlotState:
    """What the runner knows of a slot."""

    sent: dict[int, Sent] = field(default_factory=dict)
    alive: float = 0.0
    answered: float = 0.0
    asked: float = 0.0
    frozen: bool = False
    ending: bool = False
    runs: int | None = None
    stuck: bool = False


class SlotTracker:
    """Slots by name, with the batches they have.

    Args:
        collector: Takes results, failures and losses; its clock is the tracker's.
        replace: Asks for a new slot instead of a dead one; returns whether one may come.
        kill: Ends a slot whose item can't be interrupted; returns whether that goes.
        running: Returns the batch and the place in it where a slot was last seen, if known.
        timeout: Seconds that an item may take, or None.
        first: Items of the first batches.
    """

    def __init__(
        self,
        collector: Collector,
        replace: Callable[[Slot], bool],
        kill: Callable[[Slot], bool],
        running: Callable[[Slot], tuple[int, int] | None],
        timeout: float | None = None,
        first: int = batch_size.FIRST,
    ) -> None:
        self.states: dict[Slot, SlotState] = {}
        self.pace = batch_size.Pace(size=first)
        self._clock = collector.clock
        self.empty_since = self._clock()
        self.replacing = False
        self._collector = collector
        self._item_queue = collector.item_queue
        self._replace = replace
        self._kill = kill
        self._running = running
        self._timeout = timeout

    @property
    def busy(self) -> int:
        """Number of slots that have a batch."""
        return sum(bool(state.sent) for state in self.states.values())

    def ages(self, now: float) -> list[float]:
        """Return for each busy slot how many seconds its present item runs at most."""
        return [
            now - max(state.answered, min(sent.at for sent in state.sent.values()))
            for state in self.states.values()
            if state.sent
        ]

    @property
    def expects_answers(self) -> bool:
        """Whether a slot that shows signs of life has a batch."""
        return any(state.sent and not state.frozen for state in self.states.values())

    @property
    def all_silent(self) -> bool:
        """Whether there are slots, and none of them shows a sign of life."""
        return bool(self.states) and all(state.frozen for state in self.states.values())

    def let_go(self, why: str) -> None:
        """Give up all slots; their items wait for others."""
        if why not in self._collector.report.left_out:
            self._collector.report.left_out.append(why)
        for slot in list(self.states):
            self.left(SlotLeft(slot, why, replaceable=False))

    def handle(self, event: SlotEvent) -> None:
        """Take in what a slot told."""
        if isinstance(event, Answered):
            self._answered(event)
        elif isinstance(event, Early):
            self._early(event)
        elif isinstance(event, GivenBack):
            self._given_back(event)
        elif isinstance(event, SlotJoined):
            # One of this name that did not leave has gone, with what it had.
            self.left(SlotLeft(event.slot, "another one came in its place", replaceable=False))
            self.states[event.slot] = SlotState(alive=self._clock())
            self._collector.report.slots.append(event.slot)
            self._collector.report.about[event.slot] = event.about
        elif isinstance(event, SlotLeft):
            self.left(event)
        elif isinstance(event, SlotRefused):
            self._collector.report.left_out.append(event.why)
        elif isinstance(event, Alive) and event.slot in self.states:
            state = self.states[event.slot]
            state.alive, state.frozen = self._clock(), state.stuck
            state.runs = event.batch
            if event.overdue > GRACE and not state.stuck:
                self._stuck(event, state)

    def _stuck(self, event: Alive, state: SlotState) -> None:
        """Fail an item that no interrupt stops, and end its slot."""
        sent = state.sent.get(event.batch) if event.batch is not None else None
        if sent is not None and event.position < sent.upto:
            index = sent.indices[event.position]
            self._over_time(event.slot, sent, index)
            self._item_queue.give_back([i for i in sent.kept if i != index])
            sent.upto = sent.taken
            self._end(event.slot, state)

    def silent(self, slot: Slot) -> None:
        """End a slot that does not even answer, long after an item's time must be over.

        Which of its items it is shows when each is alone.
        """
        state = self.states[slot]
        first = min(state.sent.values(), key=lambda sent: sent.batch)
        kept = first.kept
        if len(kept) == 1:
            self._over_time(slot, first, kept[0])
        else:
            self.each_alone(kept)
        first.upto = first.taken
        self._end(slot, state)

    def _over_time(self, slot: Slot, sent: Sent, index: int) -> None:
        sent.failed = index
        text = f"it took longer than its timeout of {self._timeout:g} s and can't be interrupted"
        self._collector.failed(slot, index, Failure(0, TIMED_OUT, text, ""))

    def _end(self, slot: Slot, state: SlotState) -> None:
        for sent in state.sent.values():
            self._item_queue.give_back(sent.kept)
            sent.upto = sent.taken
        # Nothing more is given to it, unless it can't be ended and lets go after all.
        state.frozen = state.stuck = True
        self.empty_since = self._clock()
        state.ending = self._kill(slot) or state.ending
        self.replacing = self.replacing or state.ending

    def _answered(self, event: Answered) -> None:
        state = self.states.get(event.slot)
        sent = state.sent.pop(event.batch, None) if state else None
        if state is None or sent is None:
            return
        state.alive, state.frozen, state.stuck = self._clock(), False, False
        state.answered = state.alive
        try:
            batch_result = event.unpack()
        except Exception as error:
            self._unreadable(event.slot, sent, error)
            return
        if batch_result.state in _NOTHING_RAN:
            self._nothing_ran(event.slot, sent, batch_result)
            return
        self._take_in(event.slot, sent, batch_result, 0)
        ran = len(batch_result.values)
        self._item_queue.give_back(sent.indices[ran : sent.upto])
        if ran:
            share = max(event.sent_bytes * ran // len(sent.indices), event.answer_bytes)
            self.pace = batch_size.measured(self.pace, ran, batch_result.stops[-1], share)

    def _early(self, event: Early) -> None:
        state = self.states.get(event.slot)
        sent = state.sent.get(event.batch) if state else None
        if state is None or sent is None:
            return
        state.alive, state.frozen = self._clock(), state.stuck
        # What can't be loaded is told when the whole batch is there.
        with suppress(Exception):
            self._take_in(event.slot, sent, event.unpack(), event.first)

    def _take_in(self, slot: Slot, sent: Sent, batch_result: BatchResult, first: int) -> None:
        """Keep what a batch result, whose first item is that of a position, has of new."""
        upto = first + len(batch_result.values)
        new = batch_result.part(sent.taken - first) if sent.taken > first else batch_result
        if new is not None and upto > sent.taken:
            indices = sent.indices[max(first, sent.taken) :]
            self._collector.take_in(slot, indices, new, sent.failed)
            sent.taken = upto

    def _nothing_ran(self, slot: Slot, sent: Sent, batch_result: BatchResult) -> None:
        if batch_result.state == "bad-function":
            why = f"{slot} can't load the function: {batch_result.message}"
            self._collector.report.left_out.append(why)
            self._item_queue.give_back(sent.kept)
            self.left(SlotLeft(slot, why, replaceable=False))
            return
        if batch_result.state == "bad-init":
            self._collector.init_failed(slot, batch_result.failures[0])
            return
        error = CannotShipError(
            f"Item {sent.indices[0]} can't be loaded on {slot}: {batch_result.message}. "
            f"Pass plain data, or make its module importable there."
        )
        self._alone_or_failed(slot, sent, error)

    def _unreadable(self, slot: Slot, sent: Sent, error: Exception) -> None:
        message = (
            f"The result of item {sent.indices[0]} from {slot} can't be loaded here: {error}. "
            f"Return plain data instead."
        )
        self._alone_or_failed(slot, sent, CannotShipError(message))

    def _alone_or_failed(self, slot: Slot, sent: Sent, error: CannotShipError) -> None:
        """Fail the item that can't be carried; which of several it is shows when each is alone."""
        if len(sent.indices) == 1:
            self._collector.fail(sent.indices[0], error, "", slot)
        else:
            self.each_alone(sent.kept)

    def each_alone(self, indices: Sequence[int]) -> None:
        """Let items wait again, each in a batch of its own."""
        for index in indices:
            self._item_queue.give_back([index], suspect=True)

    def _given_back(self, event: GivenBack) -> None:
        state = self.states.get(event.slot)
        sent = state.sent.get(event.batch) if state else None
        if sent is not None and event.position < sent.upto:
            self._item_queue.give_back(sent.indices[event.position : sent.upto])
            sent.upto = event.position

    def left(self, event: SlotLeft) -> None:
        """Let the items of a slot that is gone wait again, and ask for a new slot."""
        state = self.states.pop(event.slot, None)
        if state is None:
            return
        self.empty_since = self._clock()
        suspects = self._suspects(event, state)
        doubtful = set(suspects)
        for sent in state.sent.values():
            self._item_queue.give_back([index for index in sent.kept if index not in doubtful])
        self._collector.lost(event.slot, suspects, event.why)
        if event.replaceable:
            self.replacing = self._replace(event.slot) or self.replacing

    def _suspects(self, event: SlotLeft, state: SlotState) -> Sequence[int]:
        """Return the item that a dead slot was running; all of its batch where that is unknown."""
        if not state.sent or not event.replaceable or state.ending:
            return ()
        batch, position = self._running(event.slot) or (None, 0)
        sent = state.sent.get(batch) if batch is not None else None
        if sent is not None and sent.taken <= position < sent.upto:
            return [sent.indices[position]]
        return min(state.sent.values(), key=lambda sent: sent.batch).kept

    def unresponsive(self) -> list[Slot]:
        """Return the slots that run one of their items, whatever they were told."""
        return [
            slot
            for slot, state in self.states.items()
            if state.runs in state.sent or (self._running(slot) or (None,))[0] in state.sent
        ]
