"""Runs of fake slots in which something must be stopped: an item, a slot, or the run."""

import pytest
from fake_engine import LATE, Script, value_of
from fake_run import FakeRun

from parflow_jupyter.errors import ItemTimeoutError
from parflow_jupyter.maps.scheduler import loop
from parflow_jupyter.maps.scheduler.slot_tracker import GRACE

SOON = 0.3
"""Seconds in which the runner has looked around for sure."""


def all_values(total):
    return [value_of(index) for index in range(total)]


# --- timeouts --------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 2])
def test_an_item_over_its_time_fails_or_is_retried(retries):
    script = Script({1: ("hangs",)})
    run = FakeRun(4, script=script, timeout=0.5, retries=retries)
    assert run.run() == "done"
    assert list(run.collector.failures) == [1]
    assert isinstance(run.failure(1), ItemTimeoutError)
    assert run.slots.begun[1] == retries + 1
    assert run.slots.killed == []


@pytest.mark.parametrize("batch", [1, 4])
def test_an_item_that_no_interrupt_stops_costs_its_slot(batch):
    """It is ended once the item is well over its time, and another one comes."""
    run = FakeRun(
        8, script=Script({1: ("deaf",)}, replacements=1), timeout=0.5, batch=batch, engine_retries=0
    )
    assert run.run() == "done"
    assert list(run.collector.failures) == [1]
    assert "can't be interrupted" in str(run.failure(1))
    assert len(run.slots.killed) == 1
    assert run.slots.begun[1] == 1
    assert run.report.engine_retries == 0


def test_a_slot_gets_grace_to_interrupt_its_item():
    run = FakeRun(1, slots=1, script=Script({0: ("deaf",)}), timeout=1.0)
    assert run.run() == "done"
    assert 1.0 + GRACE < run.seconds < 1.0 + GRACE + 2 * SOON + 2


def test_a_silent_slot_is_ended_when_the_time_of_its_item_is_long_over():
    """It does not even say that it is alive."""
    run = FakeRun(2, script=Script(usual=0.4, replacements=1), timeout=1.0, batch=1)
    run.at(0.1, run.on, "engine 0", "freeze")
    assert run.run() == "done"
    assert run.slots.killed == ["engine 0"]
    assert isinstance(run.failure(0), ItemTimeoutError)
    assert 1.0 + loop.SILENT < run.seconds < 1.0 + loop.SILENT + 2 * SOON


def test_of_a_silent_slots_batch_each_item_is_tried_alone():
    """Which one it was is not known."""
    script = Script({2: ("deaf",)}, usual=0.1, replacements=3)
    run = FakeRun(4, slots=1, script=script, timeout=1.0, batch=4)
    run.at(0.01, run.on, "engine 0", "freeze")
    assert run.run() == "done"
    assert list(run.collector.failures) == [2]
    assert [indices for _, indices, _ in run.slots.batches[1:]] == [[0], [1], [2], [3]]


def test_a_slot_that_cannot_be_ended_is_used_again_when_it_lets_go():
    """Also if it says between two items that it is alive."""
    script = Script({0: ("late",), 1: ("raises", "value")}, killable=False)
    run = FakeRun(3, slots=1, script=script, timeout=0.5, retries=1, batch=1)
    for tick in range(1, 100):
        run.at(LATE + tick / 100, run.on, "engine 0", "tell_status")
    assert run.run() == "done"
    assert run.values == all_values(3)
    assert run.slots.begun[0] == 1


def test_a_slot_that_cannot_be_ended_may_hold_on_again():
    """Its second item fails as the first did; what is left then says that no slot is."""
    script = Script({0: ("late",), 1: ("deaf",)}, killable=False)
    run = FakeRun(3, slots=1, script=script, timeout=0.5, batch=1)
    assert run.run() == "done"
    assert [isinstance(run.failure(i), ItemTimeoutError) for i in range(3)] == [True, True, False]
    assert "no engine is left" in str(run.failure(2))


def test_an_item_whose_time_was_over_fails_once_however_often_that_is_told():
    """By the runner that gave it up, and by the slot when it lets go: it has its retry left."""
    script = Script({0: ("expires", "value")}, killable=False)
    run = FakeRun(1, slots=1, script=script, timeout=0.5, retries=1)
    assert run.run() == "done"
    assert run.values == all_values(1)
    assert run.slots.begun[0] == 2


def test_a_value_that_comes_late_is_taken():
    """The retry that waits is not needed then."""
    script = Script({0: ("late",)}, killable=False)
    run = FakeRun(1, slots=1, script=script, timeout=0.5, retries=1)
    assert run.run() == "done"
    assert run.values == all_values(1)
    assert run.slots.begun[0] == 1


# --- cancel ----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["value", "raises", "kills", "hangs", "deaf", "unreadable"])
def test_a_run_can_be_stopped_at_each_step(what):
    """Whatever was going on: it ends soon, and what was finished is there."""
    for tenth in range(0, 40, 3):
        script = Script({2: (what,)}, replacements=2)
        timeout = 1.0 if what in ("hangs", "deaf") else None
        run = FakeRun(12, script=script, retries=1, timeout=timeout)
        at = tenth / 10 + 0.01
        run.at(at, run.token.cancel, "the cell was interrupted")
        if run.run() == "cancelled":
            assert at <= run.seconds < at + loop.DRAIN + SOON
            assert run.slots.begun.total() <= run.queue.done + 6
        else:
            assert run.seconds <= at + SOON


def test_a_stopped_run_ends_slots_that_do_not_let_go():
    run = FakeRun(4, script=Script({0: ("deaf",)}), timeout=60.0, batch=1)
    run.at(0.7, run.token.cancel, "the cell was interrupted")
    assert run.run() == "cancelled"
    assert run.slots.killed == ["engine 0"]
    assert 0.7 + loop.DRAIN < run.seconds < 0.7 + loop.DRAIN + SOON


def test_a_stopped_run_does_not_wait_for_a_frozen_slot():
    run = FakeRun(3, script=Script(usual=1.0), batch=1)
    run.at(0.5, run.on, "engine 0", "freeze")
    run.at(0.5, run.on, "engine 1", "freeze")
    run.at(loop.FROZEN + 5, run.token.cancel, "the cell was interrupted")
    assert run.run() == "cancelled"
    assert run.seconds < loop.FROZEN + 5 + SOON


def test_a_run_that_is_stopped_asks_for_no_other_slot():
    run = FakeRun(4, script=Script({0: ("deaf",), 1: ("deaf",)}, replacements=5), timeout=60.0)
    run.at(0.5, run.token.cancel, "the cell was interrupted")
    run.at(0.6, run.on, "engine 0", "die")
    assert run.run() == "cancelled"
    assert run.script.replacements == 5


def test_the_list_of_runs_can_stop_a_run():
    run = FakeRun(40)
    run.watch.cancel_wanted = lambda: run.seconds > 1
    assert run.run() == "cancelled"
    assert run.token.why == "it was asked to stop from the list of runs"


def test_a_run_that_has_all_waits_for_no_slot():
    """Though one holds on to an item that another has brought."""
    run = FakeRun(2, script=Script({0: ("value", "deaf")}, usual=4.0), batch=1, timeout=60.0)
    run.at(1, run.on, "engine 0", "freeze")
    run.at(loop.FROZEN + 2, run.on, "engine 0", "thaw")
    assert run.run() == "done"
    assert run.slots.begun[0] == 2
    assert run.seconds < loop.FROZEN + 2 + SOON
    assert run.slots.killed == []


def test_a_run_whose_last_answer_was_on_its_way_is_done():
    """It was stopped, and lacks nothing."""
    run = FakeRun(1, slots=1, script=Script(usual=0.2))
    run.at(0.203, run.token.cancel, "the cell was interrupted")
    run.at(0.203, run.runner.wake)
    assert run.run() == "done"
    assert run.values == all_values(1)
    assert run.seconds < 0.25
