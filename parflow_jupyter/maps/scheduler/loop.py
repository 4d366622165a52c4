"""Runs a map: gives batches to slots, takes answers in, and never waits for a single slot."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import Any

from parflow_jupyter.errors import CannotShipError, EngineLostError
from parflow_jupyter.maps.abc import Alive, Plan, Scheme, Slot, SlotEvent, SlotLeft, Slots
from parflow_jupyter.maps.cancel import CancelToken
from parflow_jupyter.maps.messages import Batch
from parflow_jupyter.maps.options import MapOptions
from parflow_jupyter.maps.scheduler import batch_size
from parflow_jupyter.maps.scheduler.collector import Collector
from parflow_jupyter.maps.scheduler.input_stream import InputStream
from parflow_jupyter.maps.scheduler.item_queue import part
from parflow_jupyter.maps.scheduler.slot_tracker import Sent, SlotState, SlotTracker
from parflow_jupyter.maps.scheduler.watch import Watch

TICK = 0.1
NO_SLOT = 10.0
"""Seconds to wait for a slot when none is left."""
NO_SLOT_FITS = 2.0
"""Seconds to wait for another slot when all there are can't take part."""
NO_SLOT_REPLACING = 40.0
"""Seconds to wait for a slot that was asked for."""
FROZEN = 15.0
"""Seconds without a sign of life after which a slot's items are run elsewhere too."""
SILENT = 5.0
"""Seconds past an item's timeout after which a slot without a sign of life is ended."""
COLLECT_EVERY = 0.5
"""Seconds after which the finished items of a batch that goes on are asked for."""
DRAIN = 2.0
"""Seconds that interrupted items have to end."""
_WAKE = Alive("")
_STEAL_AFTER = 0.05
_ASK_ALIVE = 3.0
_ASK_OVERDUE = 0.5
_INTERRUPT_AGAIN = 0.5


class Runner:
    """One run of a map, in its own thread.

    Its slots are None until it has begun.

    Args:
        plan: What is the same for all batches.
        columns: The input, one sequence per iterable.
        options: What the caller asked for.
        scheme: Gives the slots.
        collector: Takes the results; its clock is the run's.
        watch: Told about progress.
        token: Stops the run.
        source: Where the columns are filled from while the map runs, or None.
        events: Brings what slots tell; its ``get`` is where the run waits.
    """

    def __init__(
        self,
        plan: Plan,
        columns: Sequence[Any],
        options: MapOptions,
        scheme: Scheme,
        collector: Collector,
        watch: Watch,
        token: CancelToken,
        source: InputStream | None = None,
        events: queue.SimpleQueue[SlotEvent] | None = None,
    ) -> None:
        self._plan = plan
        self._columns = columns
        self._options = options
        self._scheme = scheme
        self._collector = collector
        self._item_queue = collector.item_queue
        self._watch = watch
        self._token = token
        self._events = events if events is not None else queue.SimpleQueue[SlotEvent]()
        self._clock = collector.clock
        self._tracker = SlotTracker(
            collector,
            self._ask_for_another,
            self._kill,
            lambda slot: self._slots.running(slot),
            options.timeout,
            batch_size.first_size(columns if source is None else None, streamed=source is not None),
        )
        self._fixed = options.batch if isinstance(options.batch, int) else None
        self._next_batch = 0
        self._polled = 0.0
        self._source = source
        self.slots: Slots | None = None
        self._slots: Slots
        self._restore: Callable[[range], None] | None = None

    def wake(self) -> None:
        """Look at once whether there are new items; from any thread."""
        self._events.put(_WAKE)

    def run(self, restore: Callable[[range], None] | None = None) -> str:
        """Run to the end and return the state: "done", "failed" or "cancelled".

        Args:
            restore: Called with items that have come, to fill in the results that were kept.
        """
        self._restore = restore
        self.slots = self._slots = self._scheme.open(self._plan, self._events.put)
        try:
            while not self._item_queue.finished and not self._must_stop():
                self._take_in()
                pause = self._collector.retry_due(self._clock())
                self._fill()
                self._watch.write_row()
                self._hear(min(TICK, pause))
                self._look_around()
            return self._end()
        finally:
            self._slots.close()

    def _take_in(self) -> None:
        if self._source is not None:
            before = self._item_queue.total
            self._source.take_in(len(self._tracker.states), self._tracker.pace.size)
            self._collector.report.total = self._item_queue.total
            if self._restore is not None and self._item_queue.total > before:
                self._restore(range(before, self._item_queue.total))

    # --- giving ----------------------------------------------------------------------

    def _fill(self) -> None:
        allowed = batch_size.in_flight(self._tracker.pace)
        for depth in range(allowed):
            for slot, state in list(self._tracker.states.items()):
                if not self._item_queue.waiting:
                    self._take_back_for(slot, state)
                elif len(state.sent) <= depth and not state.frozen:
                    self._send(slot, state)

    def _send(self, slot: Slot, state: SlotState) -> None:
        size = batch_size.next_size(
            self._tracker.pace, self._item_queue.waiting, len(self._tracker.states), self._fixed
        )
        indices = self._item_queue.take(size)
        if not len(indices):
            return
        budget = None if self._fixed else batch_size.budget(self._tracker.pace)
        columns = [part(column, indices) for column in self._columns]
        batch = Batch(self._plan.run, self._next_batch, indices, columns, budget)
        self._next_batch += 1
        state.sent[batch.id] = Sent(batch.id, indices, len(indices), self._clock())
        try:
            self._slots.submit(slot, batch)
        except CannotShipError as error:
            del state.sent[batch.id]
            self._cannot_send(indices, error)
        except Exception as error:
            self._tracker.left(SlotLeft(slot, f"{slot} can't be reached: {error}"))

    def _cannot_send(self, indices: Sequence[int], error: CannotShipError) -> None:
        if len(indices) == 1:
            self._collector.fail(indices[0], error, "", None)
        else:
            self._tracker.each_alone(indices)

    def _take_back_for(self, slot: Slot, state: SlotState) -> None:
        """Ask a busy slot for items it did not start, when another has nothing to do."""
        if state.sent or not self._scheme.capabilities.gives_back or self._fixed:
            return
        now = self._clock()
        candidates = [
            (sent.upto - sent.taken, busy, sent)
            for busy, other in self._tracker.states.items()
            for sent in other.sent.values()
            if not sent.asked_back and len(sent.kept) and now - sent.at > _STEAL_AFTER
        ]
        if candidates:
            _, busy, sent = max(candidates, key=lambda candidate: candidate[0])
            sent.asked_back = True
            self._slots.give_back(busy, sent.batch, sent.upto)

    # --- hearing ---------------------------------------------------------------------

    def _hear(self, timeout: float) -> None:
        """Wait for an event and handle it with all that came meanwhile."""
        try:
            self._tracker.handle(self._events.get(timeout=timeout))
            while not self._must_stop():
                self._tracker.handle(self._events.get_nowait())
        except queue.Empty:
            pass

    # --- looking around ----------------------------------------------------------------

    def _look_around(self) -> None:
        now = self._clock()
        if now - self._polled < TICK:
            return
        self._polled = now
        self._slots.poll()
        for slot, state in list(self._tracker.states.items()):
            self._look_at(slot, state, now)
        self._watch.slots = len(self._tracker.states)
        self._watch.progress(self._collector, self._tracker.ages(now))
        if self._watch.cancel_wanted():
            self._token.cancel("it was asked to stop from the list of runs")
        if self._tracker.all_silent:
            self._without_sign()
        if all(state.stuck for state in self._tracker.states.values()):
            self._without_slots(now)

    def _look_at(self, slot: Slot, state: SlotState, now: float) -> None:
        self._collect(slot, state, now)
        oldest = min((sent.at for sent in state.sent.values()), default=now)
        every = _ASK_ALIVE if self._options.timeout is None else min(_ASK_ALIVE, _ASK_OVERDUE)
        if now - oldest < every or not self._scheme.capabilities.gives_back:
            return
        if now - state.asked > every:
            state.asked = now
            self._slots.ask_alive(slot)
        silence = now - max(oldest, state.alive)
        if self._options.timeout is not None and silence > self._options.timeout + SILENT:
            if not state.stuck:
                self._tracker.silent(slot)
        elif not state.frozen and silence > FROZEN:
            state.frozen = True
            for sent in state.sent.values():
                self._item_queue.give_back(sent.kept)

    def _collect(self, slot: Slot, state: SlotState, now: float) -> None:
        """Ask for what is finished of a batch that takes long."""
        for sent in state.sent.values():
            # Until the slot last answered, it was behind another one.
            began = max(sent.at, state.answered, sent.collected)
            if now - began > COLLECT_EVERY and len(sent.kept) > 1:
                sent.collected = now
                self._slots.collect(slot, sent.batch, sent.taken)

    def _without_sign(self) -> bool:
        """Let go of slots that will give no sign of life any more; return whether that is known."""
        why = self._slots.why_silent()
        if why is not None:
            self._tracker.let_go(why)
        return why is not None

    def _without_slots(self, now: float) -> None:
        report = self._collector.report
        limit = NO_SLOT_REPLACING if self._tracker.replacing else NO_SLOT
        if report.left_out and not report.slots:
            limit = NO_SLOT_FITS
        if self._slots.awaited() and not self._without_sign():
            return
        if now - self._tracker.empty_since < limit:
            return
        why = "; ".join(report.left_out) or "all of them ended"
        self._collector.fail_rest(
            lambda index: EngineLostError(
                f"Item {index} was not run, because no engine is left ({why}). "
                f"Start engines and run the map again."
            )
        )

    def _ask_for_another(self, slot: Slot) -> bool:
        return not self._must_stop() and self._slots.replace(slot)

    def _kill(self, slot: Slot) -> bool:
        return self._slots.kill(slot)

    def _must_stop(self) -> bool:
        if self._collector.fatal is not None:
            return True
        failed = self._options.on_error == "raise" and self._collector.first_failure is not None
        return failed or self._token.cancelled

    # --- ending ------------------------------------------------------------------------

    def _end(self) -> str:
        failed = self._options.on_error == "raise" and self._collector.first_failure is not None
        stopped = not self._item_queue.finished
        self._drain()
        if failed or self._collector.fatal is not None:
            return "failed"
        return "cancelled" if stopped and not self._item_queue.finished else "done"

    def _drain(self) -> None:
        """Interrupt what still runs, take in what it finished, and end slots that do not let go."""
        deadline = self._clock() + DRAIN
        interrupted = self._clock()
        self._interrupt_all()
        while self._tracker.expects_answers and not self._item_queue.finished:
            now = self._clock()
            if now > deadline:
                for slot in self._tracker.unresponsive():
                    self._kill(slot)
                return
            if now - interrupted > _INTERRUPT_AGAIN:
                interrupted = now
                self._interrupt_all()
            try:
                self._tracker.handle(self._events.get(timeout=0.05))
            except queue.Empty:
                continue

    def _interrupt_all(self) -> None:
        for slot, state in list(self._tracker.states.items()):
            if state.sent:
                self._slots.interrupt(slot)
                self._slots.ask_alive(slot)
