"""Who gets what next, and when it is asked back: turns of the loop that whole runs hardly show."""

import pytest
from fake_engine import Script
from fake_run import FakeRun

from parflow_jupyter.maps.abc import Capabilities, SlotJoined
from parflow_jupyter.maps.scheduler import loop
from parflow_jupyter.maps.scheduler.batch_size import BUDGET, FIRST_BUDGET, Pace
from parflow_jupyter.maps.scheduler.slot_tracker import Sent


class Turns:
    """A runner whose slots only note what they are asked."""

    def __init__(self, total=40, slots=("a", "b", "c"), **options):
        self.run = FakeRun(total, slots=0, **options)
        self.runner, self.tracker = self.run.runner, self.run.runner._tracker
        self.runner.slots = self.runner._slots = self
        self.submitted, self.asked_back, self.collected, self.asked = [], [], [], []
        self.budgets = set()
        for slot in slots:
            self.tracker.handle(SlotJoined(slot))

    def submit(self, slot, batch):
        self.submitted.append((slot, list(batch.indices)))
        self.budgets.add(batch.budget)

    def give_back(self, slot, batch, size):
        self.asked_back.append((slot, batch, size))

    def collect(self, slot, batch, first):
        self.collected.append((slot, batch, first))

    def ask_alive(self, slot):
        self.asked.append(slot)

    def has(self, slot, batch, size, ago=1.0, taken=0):
        """Let a slot have a batch of so many items for so long."""
        indices = self.run.queue.take(size)
        sent = Sent(batch, indices, size, self.run.time() - ago, taken)
        self.tracker.states[slot].sent[batch] = sent
        return sent


# --- giving ----------------------------------------------------------------------------------


@pytest.mark.parametrize("per_item", [None, 1e-3])
def test_a_frozen_slot_is_sent_nothing(per_item):
    turns = Turns()
    turns.tracker.pace = Pace(2, per_item)
    turns.tracker.states["b"].frozen = True
    turns.runner._fill()
    assert {slot for slot, _ in turns.submitted} == {"a", "c"}


@pytest.mark.parametrize(
    ("per_item", "held", "submitted"),
    [
        (None, {}, ["a", "b", "c"]),
        (None, {"a": 1}, ["b", "c"]),
        (1e-3, {}, ["a", "b", "c", "a", "b", "c"]),  # each its first before one its second
        (1e-3, {"a": 1}, ["b", "c", "a", "b", "c"]),
        (1e-3, {"a": 2, "b": 1}, ["c", "b", "c"]),
    ],
)
def test_every_slot_has_a_batch_before_one_has_two(per_item, held, submitted):
    turns = Turns(batch=2)
    turns.tracker.pace = Pace(2, per_item)
    for slot, count in held.items():
        for number in range(count):
            turns.has(slot, 100 + 10 * len(held) + ord(slot) + number, 1)
    turns.runner._fill()
    assert [slot for slot, _ in turns.submitted] == submitted


@pytest.mark.parametrize(
    ("batch", "per_item", "budget"),
    [("auto", None, FIRST_BUDGET), ("auto", 1e-3, BUDGET), (4, None, None), (4, 1e-3, None)],
)
def test_batches_have_a_budget_unless_their_size_is_the_callers(batch, per_item, budget):
    turns = Turns(batch=batch)
    turns.tracker.pace = Pace(2, per_item)
    turns.runner._fill()
    assert turns.budgets == {budget}


# --- taking back -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "asked"), [(0.0, False), (loop._STEAL_AFTER, False), (loop._STEAL_AFTER + 0.01, True)]
)
def test_a_batch_that_was_just_sent_is_left_alone(ago, asked):
    """It may be done before it could be asked for."""
    turns = Turns(total=4, slots=("a", "b"))
    # Seconds that are exact in binary, so that the limit can be hit.
    turns.run.time.now = 0.0
    turns.has("a", 7, 4, ago)
    turns.runner._fill()
    assert turns.asked_back == ([("a", 7, 4)] if asked else [])


@pytest.mark.parametrize(
    ("batches", "chosen"),
    [
        ([("a", 4, 0), ("b", 9, 0)], ("b", 1, 9)),  # from whom has most
        ([("a", 9, 0), ("b", 4, 0)], ("a", 0, 9)),
        ([("a", 9, 7), ("b", 4, 0)], ("b", 1, 4)),  # of what is not finished
        ([("a", 9, 9), ("b", 1, 0)], ("b", 1, 1)),
    ],
)
def test_items_are_taken_back_from_whom_has_most(batches, chosen):
    turns = Turns(total=sum(size for _, size, _ in batches))
    for number, (slot, size, taken) in enumerate(batches):
        turns.has(slot, number, size, taken=taken)
    turns.runner._fill()
    assert turns.asked_back == [chosen]
    turns.runner._fill()
    # No batch is asked for twice.
    assert len(set(turns.asked_back)) == len(turns.asked_back)


@pytest.mark.parametrize("why", ["busy", "fixed", "finished", "waiting", "unable"])
def test_nothing_is_taken_back_without_need(why):
    """By a slot that has a batch, of batches of a fixed size, or while items wait."""
    turns = Turns(4, ("a", "b"), **({"batch": 4} if why == "fixed" else {}))
    if why == "unable":
        turns.runner._scheme.capabilities = Capabilities()
    turns.has("a", 0, 2 if why == "waiting" else 3, taken=3 if why == "finished" else 0)
    if why != "waiting":
        turns.has("b" if why == "busy" else "a", 1, 1, ago=0.0)
    turns.runner._fill()
    assert turns.asked_back == []


def test_items_behind_a_long_one_go_to_who_is_free():
    """They are finished while it runs, each once."""
    run = FakeRun(300, script=Script(seconds={150: 30.0}, usual=0.005))
    done = []
    run.at(25, lambda: done.append(run.queue.done))
    assert run.run() == "done"
    assert done == [299]
    assert set(run.slots.begun.values()) == {1}
    assert run.seconds < 34


# --- looking around --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "answered", "collected", "size", "taken", "asked"),
    [
        (loop.COLLECT_EVERY, None, None, 4, 0, False),
        (loop.COLLECT_EVERY + 0.25, None, None, 4, 0, True),
        (9.0, 0.25, None, 4, 0, False),  # it was behind another batch
        (9.0, None, 0.25, 4, 0, False),  # it was asked for
        (9.0, 1.0, 1.0, 4, 2, True),
        (9.0, None, None, 4, 3, False),  # of one item there is nothing early
        (9.0, None, None, 1, 0, False),
    ],
)
def test_what_is_finished_is_asked_for_now_and_then(ago, answered, collected, size, taken, asked):
    turns = Turns(slots=("a",))
    now = turns.run.time()
    sent = turns.has("a", 3, size, ago, taken)
    state = turns.tracker.states["a"]
    if answered is not None:
        state.answered = now - answered
    if collected is not None:
        sent.collected = now - collected
    turns.runner._collect("a", state, now)
    assert turns.collected == ([("a", 3, taken)] if asked else [])
    turns.runner._collect("a", state, now)
    assert len(turns.collected) == asked


@pytest.mark.parametrize(
    ("timeout", "ago", "asked_ago", "asked"),
    [
        (None, loop._ASK_ALIVE - 0.25, None, False),
        (None, loop._ASK_ALIVE, None, True),
        (None, 9.0, loop._ASK_ALIVE, False),
        (None, 9.0, loop._ASK_ALIVE + 0.25, True),
        (60.0, loop._ASK_OVERDUE - 0.25, None, False),
        (60.0, loop._ASK_OVERDUE, None, True),
        (60.0, 9.0, loop._ASK_OVERDUE, False),
        (60.0, 9.0, loop._ASK_OVERDUE + 0.25, True),
    ],
)
def test_a_busy_slot_is_asked_whether_it_lives(timeout, ago, asked_ago, asked):
    """More often where items have a timeout."""
    turns = Turns(slots=("a",), timeout=timeout)
    now, state = turns.run.time(), turns.tracker.states["a"]
    turns.has("a", 0, 4, ago)
    if asked_ago is not None:
        state.asked = now - asked_ago
    # A batch behind another says nothing of how long that has run.
    turns.has("a", 1, 4, 0.0)
    for _ in range(2):
        turns.runner._look_at("a", state, now)
        assert turns.asked == (["a"] if asked else [])


def test_where_slots_cannot_say_that_they_live_they_are_not_asked():
    """Nor are they taken to be frozen."""
    turns = Turns(slots=("a",))
    turns.runner._scheme.capabilities = Capabilities()
    turns.has("a", 0, 4, 100.0)
    state = turns.tracker.states["a"]
    state.alive = 0.0
    turns.runner._look_at("a", state, turns.run.time())
    assert (turns.asked, state.frozen) == ([], False)


@pytest.mark.parametrize(
    ("ago", "alive_ago", "frozen"),
    [
        (loop.FROZEN, 60.0, False),
        (loop.FROZEN + 0.25, 60.0, True),
        (60.0, loop.FROZEN, False),
        (60.0, loop.FROZEN + 0.25, True),
    ],
)
def test_a_slot_is_frozen_after_a_silence(ago, alive_ago, frozen):
    """Since it has a batch; what it has waits again, once."""
    turns = Turns(total=4, slots=("a",))
    now, state = turns.run.time(), turns.tracker.states["a"]
    turns.has("a", 0, 4, ago)
    state.alive = now - alive_ago
    for _ in range(2):
        turns.runner._look_at("a", state, now)
        assert state.frozen is frozen
        assert turns.run.queue.waiting == 4 * frozen
