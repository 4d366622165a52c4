"""Runs of fake slots by scripts: every kind of event, and when exactly what follows from it."""

import itertools

import pytest
from fake_engine import Script, value_of
from fake_run import FakeRun

from parflow_jupyter.errors import CannotShipError, EngineLostError
from parflow_jupyter.maps.scheduler import loop
from parflow_jupyter.maps.scheduler.collector import pause

SOON = 0.3
"""Seconds in which the runner has looked around for sure."""


def all_values(total):
    return [value_of(index) for index in range(total)]


# --- joins and balance -----------------------------------------------------------------------


@pytest.mark.parametrize(("usual", "most"), [(0.001, 2), (0.01, 2), (0.2, 1), (2.0, 1)])
def test_a_slot_holds_a_second_batch_only_while_items_are_fast(usual, most):
    """Slow items go one by one, so that no slot has what another could run."""
    run = FakeRun(400, script=Script(usual=usual))
    held = []
    for tick in range(1, 200):
        run.at(tick / 10, lambda: held.extend(len(state.sent) for state in run.states))
    assert run.run() == "done"
    assert run.values == all_values(400)
    assert max(held) == most
    assert all(run.slots.begun[index] == 1 for index in range(400))
    # Both slots work to the end.
    assert run.seconds < 400 * usual / 2 * 1.3 + 1


def test_a_slot_that_joins_late_gets_its_share():
    run = FakeRun(40, slots=1, script=Script(usual=0.5))
    run.at(5, run.slots.join, "late")
    assert run.run() == "done"
    assert run.seconds < 5 + 30 * 0.5 / 2 + 1
    assert run.report.slots == ["engine 0", "late"]
    assert run.report.about["late"] == {"host": "fake"}


def test_an_idle_slot_gets_what_a_busy_one_has_not_begun():
    """The first batch of all is long; what is not begun of it goes to who joins."""
    seconds = dict.fromkeys(range(1, 20), 3.0)
    run = FakeRun(20, slots=1, script=Script(seconds=seconds, usual=0.001))
    run.at(0.5, run.slots.join, "late")
    assert run.run() == "done"
    assert {slot for slot, _, _ in run.slots.batches} == {"engine 0", "late"}
    assert all(run.slots.begun[index] == 1 for index in range(20))
    assert run.seconds < 19 * 3.0 / 2 + 3


def test_a_fixed_batch_is_left_where_it_is():
    """Also beyond every budget."""
    run = FakeRun(24, slots=2, script=Script(usual=0.3), batch=6)
    assert run.run() == "done"
    assert [indices for _, indices, _ in run.slots.batches] == [
        list(range(start, start + 6)) for start in (0, 6, 12, 18)
    ]


def test_one_of_the_same_name_takes_the_place():
    """What the one before had is run again, and nothing counts as lost."""
    run = FakeRun(4, slots=1, engine_retries=0)
    run.at(0.3, run.slots.join, "engine 0")
    assert run.run() == "done"
    assert run.values == all_values(4)
    assert run.report.engine_retries == 0


# --- no slots --------------------------------------------------------------------------------


def test_without_any_slot_each_item_says_so():
    run = FakeRun(3, slots=0)
    assert run.run() == "done"
    assert loop.NO_SLOT <= run.seconds < loop.NO_SLOT + SOON
    for index in range(3):
        assert isinstance(run.failure(index), EngineLostError)
        assert "because no engine is left (all of them ended)" in str(run.failure(index))


def test_where_no_slot_fits_the_wait_is_short():
    run = FakeRun(3, slots=0)
    run.at(0.1, run.refuse, "engine 7", "engine 7 has Python 2")
    assert run.run() == "done"
    assert loop.NO_SLOT_FITS <= run.seconds < loop.NO_SLOT_FITS + SOON
    assert "no engine is left (engine 7 has Python 2)" in str(run.failure(2))


def test_where_one_fitted_before_it_is_awaited_as_long_as_any():
    run = FakeRun(3, slots=1, script=Script(usual=5.0))
    run.at(0.1, run.refuse, "engine 7", "engine 7 has Python 2")
    run.at(1, run.on, "engine 0", "die")
    assert run.run() == "done"
    assert 1 + loop.NO_SLOT <= run.seconds < 1 + loop.NO_SLOT + SOON


@pytest.mark.parametrize("gone_at", [0.1, 3.5])
def test_the_wait_begins_when_the_last_slot_leaves(gone_at):
    run = FakeRun(30, slots=1, script=Script(usual=1.0))
    run.at(gone_at, run.on, "engine 0", "die")
    assert run.run() == "done"
    assert gone_at + loop.NO_SLOT <= run.seconds < gone_at + loop.NO_SLOT + SOON
    assert run.values[: int(gone_at)] == all_values(int(gone_at))


def test_for_a_slot_that_was_asked_for_the_wait_is_long():
    """It was promised, and never comes."""
    run = FakeRun(3, slots=1, script=Script(usual=5.0))
    run.slots.replace = lambda slot: True
    run.at(1, run.on, "engine 0", "die")
    assert run.run() == "done"
    assert 1 + loop.NO_SLOT_REPLACING <= run.seconds < 1 + loop.NO_SLOT_REPLACING + SOON


def test_a_slot_that_is_awaited_is_awaited():
    run = FakeRun(2, slots=0)
    run.slots.coming = 1
    run.at(100, run.slots._come, "engine 9")
    assert run.run() == "done"
    assert run.values == all_values(2)


@pytest.mark.parametrize("bad", [{"engine 0"}, {"engine 0", "engine 1"}])
def test_slots_that_cannot_load_the_function_are_left_out(bad):
    run = FakeRun(10, script=Script(bad_function=frozenset(bad)))
    assert run.run() == "done"
    assert sorted(run.report.left_out) == [
        f"{name} can't load the function: no" for name in sorted(bad)
    ]
    if len(bad) == 1:
        assert run.values == all_values(10)
    else:
        assert all("can't load the function" in str(run.failure(i)) for i in range(10))


def test_what_is_called_first_and_fails_ends_the_run():
    run = FakeRun(10, script=Script(bad_init=frozenset({"engine 1"})))
    assert run.run() == "failed"
    assert "OSError" in str(run.collector.fatal)
    assert any("init=" in note for note in run.collector.fatal.__notes__)


# --- losses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine_retries", [0, 1, 2])
@pytest.mark.parametrize("batch", ["auto", 1, 8])
def test_only_the_item_that_ran_counts_as_lost(engine_retries, batch):
    """It is tried as often as was asked for; those beside it keep their tries."""
    script = Script({3: ("kills",)}, replacements=9, usual=0.01)
    run = FakeRun(16, script=script, engine_retries=engine_retries, batch=batch)
    assert run.run() == "done"
    assert list(run.collector.failures) == [3]
    times = "once" if engine_retries == 0 else f"{engine_retries + 1} times"
    assert f"Item 3 was lost {times}" in str(run.failure(3))
    assert run.collector.failures[3].attempts == run.slots.begun[3] == engine_retries + 1
    assert run.report.engine_retries == engine_retries
    assert sum(run.slots.deaths.values()) == engine_retries + 1


@pytest.mark.parametrize("kills", [1, 2])
def test_an_item_that_killed_often_enough_allowed_is_done_in_the_end(kills):
    script = Script({3: ("kills",) * kills + ("value",)}, replacements=9)
    run = FakeRun(6, script=script, engine_retries=2)
    assert run.run() == "done"
    assert run.values == all_values(6)
    assert run.slots.begun[3] == kills + 1


def test_where_nothing_is_known_of_the_dead_the_killer_is_found_alone():
    """It takes a death more; nothing else counts."""
    script = Script({3: ("kills",)}, replacements=20)
    run = FakeRun(8, slots=1, script=script, engine_retries=1, batch=8)
    run.slots.running = lambda slot: None
    assert run.run() == "done"
    assert list(run.collector.failures) == [3]
    assert run.slots.begun[3] == 3
    assert run.collector.failures[3].attempts == 2


def test_what_was_brought_early_is_not_lost_with_the_slot():
    """Finished items of a batch that goes on are asked for twice a second."""
    run = FakeRun(6, slots=1, script=Script(usual=0.5), batch=6, engine_retries=0)
    run.at(2.9, run.on, "engine 0", "die")
    run.at(3.0, run.slots.join, "engine 1")
    assert run.run() == "done"
    assert list(run.collector.failures) == [5]
    assert [run.slots.begun[index] for index in range(6)] == [1] * 6


def test_a_slot_that_leaves_for_good_takes_no_blame_with_it():
    """As one that was stopped: its item does not count as lost, and none comes instead."""
    run = FakeRun(4, script=Script(replacements=5), engine_retries=0)
    run.at(0.1, run.on, "engine 0", "die", False)
    assert run.run() == "done"
    assert run.values == all_values(4)
    assert run.script.replacements == 5


def test_a_slot_that_cannot_be_reached_has_left():
    """Whatever the scheme raises; others go on."""
    run = FakeRun(8, script=Script(replacements=1), engine_retries=1)
    submit = run.slots.submit

    def broken(slot, batch):
        if slot == "engine 0":
            raise OSError("the line is cut")
        submit(slot, batch)

    run.slots.submit = broken
    assert run.run() == "done"
    assert run.values == all_values(8)
    assert "engine 0" not in {slot for slot, _, _ in run.slots.batches}
    assert "engine 0'" in run.slots.engines


# --- freezes ---------------------------------------------------------------------------------


def test_items_of_a_frozen_slot_are_run_elsewhere_too():
    """After a while without a sign of life, and not before."""
    run = FakeRun(2, script=Script(usual=1.0), batch=1)
    run.at(0.5, run.on, "engine 0", "freeze")
    assert run.run() == "done"
    assert loop.FROZEN < run.seconds < loop.FROZEN + 1 + SOON
    assert (run.slots.begun[0], run.slots.begun[1]) == (2, 1)


def test_a_short_freeze_costs_nothing():
    run = FakeRun(2, script=Script(usual=1.0), batch=1)
    run.at(0.5, run.on, "engine 0", "freeze")
    run.at(loop.FROZEN - 1, run.on, "engine 0", "thaw")
    assert run.run() == "done"
    assert run.seconds < loop.FROZEN
    assert (run.slots.begun[0], run.slots.begun[1]) == (1, 1)


def test_a_slow_item_is_no_freeze():
    """Its slot answers when it is asked."""
    run = FakeRun(2, script=Script(seconds={0: 100.0}), batch=1)
    assert run.run() == "done"
    assert (run.slots.begun[0], run.slots.begun[1]) == (1, 1)


def test_of_two_answers_the_first_counts():
    """The frozen slot wakes while another runs its item."""
    run = FakeRun(2, script=Script(usual=4.0), batch=1)
    run.at(1, run.on, "engine 0", "freeze")
    run.at(loop.FROZEN + 2, run.on, "engine 0", "thaw")
    assert run.run() == "done"
    assert run.slots.begun[0] == 2
    assert run.queue.done == 2
    assert run.seconds < loop.FROZEN + 2 + SOON


def test_a_slot_that_wakes_up_gets_batches_again():
    run = FakeRun(40, script=Script(usual=1.0), batch=1)
    run.at(1.5, run.on, "engine 0", "freeze")
    run.at(20, run.on, "engine 0", "thaw")
    assert run.run() == "done"
    times = [at - run.began for slot, _, at in run.slots.batches if slot == "engine 0"]
    assert not [at for at in times if 2 < at < 20]
    assert len([at for at in times if at >= 20]) > 3


# --- retries ---------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 1, 3])
@pytest.mark.parametrize("fails", [1, 2, 9])
@pytest.mark.parametrize("on_error", ["raise", "skip", "collect"])
def test_an_item_that_raises_is_tried_as_often_as_asked(retries, fails, on_error):
    script = Script({2: ("raises",) * fails + ("value",)})
    run = FakeRun(6, script=script, retries=retries, on_error=on_error)
    succeeds = fails <= retries
    assert run.run() == ("failed" if on_error == "raise" and not succeeds else "done")
    assert run.slots.begun[2] == min(fails, retries) + 1
    assert run.report.retries == min(fails, retries)
    if succeeds:
        assert run.values == all_values(6)
    else:
        assert run.collector.first_failure.index == 2
        assert run.collector.first_failure.attempts == retries + 1


def test_the_pause_before_a_retry_grows():
    """No retry begins before its pause is over, nor much later."""
    run = FakeRun(1, slots=1, script=Script({0: ("raises",)}, usual=1.0), retries=4)
    assert run.run() == "done"
    begins = [at - run.began for _, _, at in run.slots.batches]
    pauses = [after - before - 1.0 for before, after in itertools.pairwise(begins)]
    for attempts, waited in enumerate(pauses, 1):
        assert pause(attempts) <= waited < pause(attempts) + 0.05


def test_a_failure_that_ends_the_run_keeps_what_the_others_finish():
    """Those that run are interrupted; what they had done is there."""
    script = Script({0: ("raises",)}, seconds={0: 1.0}, usual=0.3)
    run = FakeRun(12, script=script, batch=6, on_error="raise")
    assert run.run() == "failed"
    assert run.values[6:9] == all_values(12)[6:9]
    assert run.seconds < 1.0 + SOON
    assert not run.queue.is_settled(11)


# --- what can't be carried -------------------------------------------------------------------


@pytest.mark.parametrize("word", ["unpackable", "unloadable", "unreadable"])
@pytest.mark.parametrize("batch", ["auto", 1, 5])
def test_an_item_that_cannot_be_carried_is_found_and_alone(word, batch):
    run = FakeRun(10, script=Script({4: (word,)}, usual=0.01), batch=batch)
    assert run.run() == "done"
    assert list(run.collector.failures) == [4]
    assert isinstance(run.failure(4), CannotShipError)
