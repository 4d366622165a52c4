"""One slot that runs items by a script, in fake time."""

from dataclasses import dataclass, field
from functools import partial

from parflow_jupyter.maps.abc import Alive, Answered, Early, GivenBack, SlotLeft
from parflow_jupyter.maps.messages import TIMED_OUT, BatchResult, Failure

LATENCY = 0.002
"""Seconds that a message takes."""
LATE = 6.0
HOLDS_ON = ("deaf", "late", "expires")


@dataclass
class Script:
    """What happens in a run.

    Args:
        outcomes: What an item does, by index, one word per time that it is run; the last one
            stays. "value", "raises", "kills" its slot, "hangs" until it is interrupted, "deaf"
            (hangs whatever comes), "late" (deaf, and ends after ``LATE`` seconds), "expires"
            (late, and fails then because its time was over), "unpackable" (can't be sent),
            "unloadable" (can't be loaded there), "unreadable" (its result can't be loaded here).
        seconds: How long an item takes, by index.
        usual: How long all others take.
        replacements: How many slots come in the place of dead ones.
        killable: Whether a slot can be ended.
        bad_function: Slots that can't load the function.
        bad_init: Slots where what is called first fails.
    """

    outcomes: dict = field(default_factory=dict)
    seconds: dict = field(default_factory=dict)
    usual: float = 0.2
    replacements: int = 0
    killable: bool = True
    bad_function: frozenset = frozenset()
    bad_init: frozenset = frozenset()

    def outcome(self, index, attempt):
        words = self.outcomes.get(index, ("value",))
        return words[min(attempt, len(words)) - 1]


def value_of(index):
    return f"value {index}"


class FakeEngine:
    """One slot: its batches, the item it runs, and whether what it says is heard."""

    def __init__(self, slots, name):
        self.slots = slots
        self.name = name
        self.mute = self.dead = False
        self.outbox, self.inbox, self.batches, self.ended = [], [], [], set()
        self.given, self.limits, self.stopped = {}, {}, False
        self.position, self.item_began = 0, 0.0
        self.result = None
        self._token = object()

    # --- messages -----------------------------------------------------------------

    def say(self, event):
        if self.mute:
            self.outbox.append(event)
        elif not self.dead:
            self.slots.time.after(LATENCY, self._arrive, event)

    def _arrive(self, event):
        # What was on its way when the slot ended is lost.
        if not self.dead:
            if isinstance(event, Answered):
                del self.given[event.batch]
            self.slots.sink(event)

    def hear(self, request, *arguments):
        if self.mute:
            self.inbox.append((request, arguments))
        else:
            self.slots.time.after(LATENCY, lambda: self.dead or request(*arguments))

    def freeze(self):
        self.mute = True

    def thaw(self):
        self.mute = False
        for event in self.outbox:
            self.say(event)
        for request, arguments in self.inbox:
            self.hear(request, *arguments)
        self.outbox, self.inbox = [], []

    def die(self, replaceable=True):
        if not self.dead:
            self.dead = True
            self.slots.deaths[self.name] += 1
            for indices in self.given.values():
                self.slots.died_with.update(indices)
            self.slots.sink(SlotLeft(self.name, f"{self.name} died", replaceable))

    # --- batches --------------------------------------------------------------------

    def take(self, batch):
        self.batches.append(batch)
        if len(self.batches) == 1:
            self._begin()

    def _begin(self):
        batch = self.batches[0]
        why = self.slots.why_nothing_runs(self.name, batch)
        if why is not None:
            failures = [Failure(0, "OSError", "no", "")] if why == "bad-init" else []
            self._answer(BatchResult(batch.id, why, failures=failures, message="no"))
            return
        self.result = BatchResult(batch.id, started=self.slots.time())
        self.position = 0
        self._item()

    def _item(self):
        batch = self.batches[0]
        limit = 0 if self.stopped else self.limits.get(batch.id, len(batch.indices))
        if self.position >= limit:
            self._end_batch()
            return
        index = batch.indices[self.position]
        slots = self.slots
        slots.begun[index] += 1
        self.item_began, self._token = slots.time(), object()
        outcome = slots.script.outcome(index, slots.begun[index])
        seconds = slots.script.seconds.get(index, slots.script.usual)
        timeout = slots.plan.options.timeout
        if outcome == "kills":
            slots.time.after(seconds, self._if_still, self._token, self.die)
        elif outcome in HOLDS_ON:
            if outcome != "deaf":
                slots.time.after(LATE, self._if_still, self._token, self._done, outcome)
        elif timeout and (outcome == "hangs" or seconds > timeout):
            slots.time.after(timeout, self._if_still, self._token, self._done, "expires")
        elif outcome != "hangs":
            slots.time.after(seconds, self._if_still, self._token, self._done, outcome)

    def _if_still(self, token, action, *arguments):
        if token is self._token and not self.dead:
            action(*arguments)

    def _done(self, outcome):
        batch, result, slots = self.batches[0], self.result, self.slots
        index = batch.indices[self.position]
        failed = outcome in ("raises", "expires")
        if failed:
            slots.raised[index] += 1
            kind = TIMED_OUT if outcome == "expires" else "ValueError"
            text = f"run {slots.begun[index]} of {index}"
            result.failures.append(Failure(self.position, kind, text, ""))
        result.values.append(None if failed else value_of(index))
        result.stops.append(slots.time() - result.started)
        result.output.append((self.position, "stdout", f"{index} "))
        self.position += 1
        over = batch.budget is not None and result.stops[-1] > batch.budget
        if over or self.position == len(batch.indices):
            self._end_batch()
        else:
            self._item()

    def _end_batch(self):
        batch, result = self.batches[0], self.result
        self.result, self._token = None, object()
        if len(result.values) < len(batch.indices):
            result.state = "interrupted" if self.stopped else "partial"
        self._answer(result)

    def _answer(self, result):
        batch = self.batches.pop(0)
        self.ended.add(batch.id)
        self.say(Answered(self.name, batch.id, partial(self.slots.unpack, batch, result), 100, 100))
        if self.batches:
            self._begin()

    # --- requests -------------------------------------------------------------------

    def stop(self):
        self.stopped = True
        if self.result is not None and self._outcome() not in HOLDS_ON:
            self._end_batch()

    def _outcome(self):
        index = self.batches[0].indices[self.position]
        return self.slots.script.outcome(index, self.slots.begun[index])

    def give_back(self, batch, size):
        position = size
        if batch not in self.ended:
            runs = self.result is not None and self.result.batch == batch
            position = min(size, self.position + 1) if runs else 0
            self.limits[batch] = position
        self.say(GivenBack(self.name, batch, position))

    def collect(self, batch, first):
        if self.result is not None and self.result.batch == batch:
            early = self.result.part(first)
            if early is not None:
                given = self.batches[0]
                self.say(Early(self.name, batch, first, partial(self.slots.unpack, given, early)))

    def tell_status(self):
        if self.result is None:
            self.say(Alive(self.name))
            return
        timeout = self.slots.plan.options.timeout
        overdue = max(0.0, self.slots.time() - self.item_began - timeout) if timeout else 0.0
        self.say(Alive(self.name, self.result.batch, self.position, overdue))
