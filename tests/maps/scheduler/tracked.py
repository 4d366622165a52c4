"""A slot tracker whose slots are moved by hand, and what it made of what they said."""

from array import array

from fake_time import FakeTime

from parflow_jupyter.maps.abc import (
    Answered,
    Early,
    SlotJoined,
)
from parflow_jupyter.maps.messages import BatchResult
from parflow_jupyter.maps.report import Report
from parflow_jupyter.maps.scheduler.collector import Collector
from parflow_jupyter.maps.scheduler.item_queue import MISSING, ItemQueue
from parflow_jupyter.maps.scheduler.slot_tracker import Sent, SlotTracker


class Tracked:
    """A tracker and all that it knows; everything is sent by hand."""

    def __init__(self, total=8, slots=("a",), retries=0, engine_retries=0, **options):
        self.time = FakeTime()
        self.queue = ItemQueue(total)
        self.report = Report(run="r", scheme="s", reason="", label="f", total=total)
        columns = [list(range(total))]
        self.collector = Collector(
            self.queue, columns, self.report, retries, engine_retries, clock=self.time
        )
        self.replaced, self.killed, self.seen = [], [], {}
        self.replaces = self.kills = True
        self.tracker = SlotTracker(
            self.collector, self._replace, self._kill, self.seen.get, timeout=3.0, **options
        )
        for slot in slots:
            self.hear(SlotJoined(slot))

    def _replace(self, slot):
        self.replaced.append(slot)
        return self.replaces

    def _kill(self, slot):
        self.killed.append(slot)
        return self.kills

    def hear(self, event):
        self.tracker.handle(event)
        return self

    def send(self, slot, batch, size):
        """Take the next items out and note that a slot has them."""
        indices = self.queue.take(size)
        sent = Sent(batch, indices, len(indices), self.time())
        self.tracker.states[slot].sent[batch] = sent
        return sent

    def send_both(self, slot, *batches):
        """Send batches 0 and 1, of items 0 to 2 and 3 to 5, in an order that is told."""
        self.queue.take(6)
        for batch in batches:
            indices = range(3 * batch, 3 * batch + 3)
            self.tracker.states[slot].sent[batch] = Sent(batch, indices, 3, self.time())

    def answer(self, slot, batch, ran, state="done", failures=(), sent=100, came=100):
        result = results(batch, ran, state, failures)
        return self.hear(Answered(slot, batch, lambda: result, sent, came))

    def early(self, slot, batch, first, ran):
        return self.hear(Early(slot, batch, first, lambda: results(batch, ran, first=first)))

    @property
    def values(self):
        return {i: v for i, v in enumerate(self.queue.values) if v is not MISSING}

    @property
    def state(self):
        return self.tracker.states["a"]

    def waiting(self):
        """Which items wait, and which behind them, in groups."""
        suspects = [list(group) for group in self.queue._suspects]
        flat = []
        while self.queue.waiting:
            flat += self.queue.take(1000)
        behind = [index for group in suspects for index in group]
        assert flat[len(flat) - len(behind) :] == behind
        first = flat[: len(flat) - len(behind)]
        assert len(set(flat)) == len(flat)
        return set(first), suspects


def results(batch, ran, state="done", failures=(), first=0):
    values = [f"{batch}.{first + k}" for k in range(ran)]
    stops = array("d", [0.5 * (k + 1) for k in range(ran)])
    return BatchResult(batch, state, values, list(failures), 0.0, stops, message="why")
