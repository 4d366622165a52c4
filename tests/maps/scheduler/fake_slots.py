"""Slots of fake engines, which check what the runner asks of them."""

from collections import Counter

from fake_engine import FakeEngine

from parflow_jupyter.errors import CannotShipError
from parflow_jupyter.maps.abc import (
    Capabilities,
    Readiness,
    Scheme,
    SlotJoined,
    Slots,
)

DYING = 0.1
COMING = 1.0


class FakeSlots(Slots):
    """Engines by name, and what was seen of the run."""

    def __init__(self, time, script):
        self.time = time
        self.script = script
        self.engines = {}
        self.sent, self.begun, self.raised = Counter(), Counter(), Counter()
        self.deaths, self.died_with = Counter(), Counter()
        self.closed = self.coming = 0
        self.batches, self.killed = [], []
        self._batch_ids = set()

    def open(self, plan, sink):
        self.plan, self.sink = plan, sink
        return self

    def join(self, name):
        self.engines[name] = FakeEngine(self, name)
        self.sink(SlotJoined(name, {"host": "fake"}))

    def why_nothing_runs(self, slot, batch):
        if slot in self.script.bad_function:
            return "bad-function"
        if slot in self.script.bad_init:
            return "bad-init"
        outcomes = [self.script.outcome(i, self.begun[i] + 1) for i in batch.indices]
        return "bad-items" if "unloadable" in outcomes else None

    def unpack(self, batch, result):
        for index in batch.indices[: len(result.values)]:
            if self.script.outcome(index, self.begun[index]) == "unreadable":
                raise ImportError(f"no module for {index}")
        return result

    # --- what the runner asks for -----------------------------------------------------

    def submit(self, slot, batch):
        assert not self.closed
        assert batch.id not in self._batch_ids, "a batch's number was given twice"
        self._batch_ids.add(batch.id)
        indices = list(batch.indices)
        assert indices, "an empty batch was sent"
        assert len(set(indices)) == len(indices), "an item is twice in a batch"
        assert [list(column) for column in batch.columns] == [[f"item {i}" for i in indices]]
        if any(self.script.outcome(i, 1) == "unpackable" for i in indices):
            raise CannotShipError("it can't be pickled")
        engine = self.engines[slot]
        assert len(engine.batches) + len(engine.inbox) < 3, "a slot was given too much"
        self.batches.append((slot, indices, self.time()))
        engine.given[batch.id] = indices
        self.sent.update(indices)
        engine.hear(engine.take, batch)

    def interrupt(self, slot):
        self.engines[slot].hear(self.engines[slot].stop)

    def give_back(self, slot, batch, size):
        self.engines[slot].hear(self.engines[slot].give_back, batch, size)

    def collect(self, slot, batch, first):
        self.engines[slot].hear(self.engines[slot].collect, batch, first)

    def running(self, slot):
        engine = self.engines[slot]
        return (engine.batches[0].id, engine.position) if engine.result is not None else None

    def ask_alive(self, slot):
        self.engines[slot].hear(self.engines[slot].tell_status)

    def replace(self, slot):
        if self.script.replacements < 1:
            return False
        self.script.replacements -= 1
        self.coming += 1
        self.time.after(COMING, self._come, f"{slot}'")
        return True

    def _come(self, name):
        self.coming -= 1
        self.join(name)

    def kill(self, slot):
        self.killed.append(slot)
        if self.script.killable:
            self.time.after(DYING, self.engines[slot].die)
        return self.script.killable

    def awaited(self):
        return self.coming > 0

    def close(self):
        self.closed += 1


class FakeScheme(Scheme):
    """The scheme of fake slots."""

    name = "fake"
    kind = "remote"
    capabilities = Capabilities(timeout=True, survives=True, gives_back=True)

    def __init__(self, slots):
        self._slots = slots

    def readiness(self):
        return Readiness(1, "for tests")

    def open(self, plan, sink):
        return self._slots.open(plan, sink)
