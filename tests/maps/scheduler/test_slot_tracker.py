"""Slots that join, leave, hold on to items or say nothing: what follows for their items."""

import pytest
from tracked import Tracked

from parflow_jupyter.errors import EngineLostError, ItemTimeoutError
from parflow_jupyter.maps.abc import (
    Alive,
    SlotJoined,
    SlotLeft,
    SlotRefused,
)
from parflow_jupyter.maps.messages import TIMED_OUT, Failure
from parflow_jupyter.maps.scheduler.batch_size import FIRST
from parflow_jupyter.maps.scheduler.slot_tracker import GRACE

# --- joins and leaves ------------------------------------------------------------------------


def test_a_slot_that_joins_is_free_and_in_the_report():
    tracked = Tracked(slots=())
    tracked.time.go_on(5)
    tracked.hear(SlotJoined("a", {"host": "h"})).hear(SlotRefused("b", "it has Python 2"))
    assert list(tracked.tracker.states) == tracked.report.slots == ["a"]
    assert tracked.report.about == {"a": {"host": "h"}}
    assert tracked.report.left_out == ["it has Python 2"]
    assert (tracked.state.sent, tracked.state.frozen) == ({}, False)
    assert tracked.state.alive == tracked.time()
    assert tracked.tracker.pace.size == FIRST
    assert Tracked(first=1).tracker.pace.size == 1


def test_one_of_the_same_name_is_another_slot():
    tracked = Tracked()
    tracked.send("a", 0, 2)
    tracked.hear(SlotJoined("a")).answer("a", 0, 2)
    assert tracked.values == {}
    assert tracked.waiting() == (set(range(8)), [])
    assert tracked.replaced == []


@pytest.mark.parametrize(
    ("seen", "replaceable", "lost", "alone"),
    [
        # Batch 0 has items 0 to 2, batch 1 items 3 to 5; item 0 was brought early.
        ((0, 1), True, [1], []),
        ((0, 2), True, [2], []),
        ((1, 0), True, [3], []),
        ((0, 0), True, [], [1, 2]),  # this one has ended: nothing is known
        ((0, 3), True, [], [1, 2]),
        ((7, 0), True, [], [1, 2]),
        (None, True, [], [1, 2]),
        ((0, 1), False, [], []),  # it left by itself
    ],
)
def test_what_a_slot_takes_with_it(seen, replaceable, lost, alone):
    """The item that it ran is lost; where that is unknown, all of its first batch may be."""
    tracked = Tracked()
    tracked.send_both("a", 1, 0)
    tracked.early("a", 0, 0, 1)
    if seen:
        tracked.seen["a"] = seen
    tracked.time.go_on(9)
    tracked.hear(SlotLeft("a", "killed", replaceable))
    assert tracked.tracker.states == {}
    failures = tracked.collector.failures
    assert list(failures) == lost
    assert all(isinstance(failures[index].exception, EngineLostError) for index in lost)
    again = {1, 2, 3, 4, 5, 6, 7} - {*lost, *alone}
    assert tracked.waiting() == (again, [[index] for index in alone])
    assert tracked.replaced == (["a"] if replaceable else [])
    assert tracked.tracker.replacing is replaceable
    assert tracked.tracker.empty_since == tracked.time()


def test_a_slot_that_is_unknown_does_not_leave():
    tracked = Tracked()
    since = tracked.tracker.empty_since
    tracked.time.go_on(1)
    tracked.hear(SlotLeft("b", "killed"))
    assert (tracked.replaced, tracked.tracker.empty_since) == ([], since)


def test_once_another_slot_comes_one_is_awaited_whoever_leaves_next():
    tracked = Tracked(slots=("a", "b"))
    tracked.hear(SlotLeft("a", "killed"))
    tracked.replaces = False
    tracked.hear(SlotLeft("b", "killed"))
    assert tracked.tracker.replacing
    tracked = Tracked()
    tracked.replaces = False
    assert not tracked.hear(SlotLeft("a", "killed")).tracker.replacing


# --- signs of life ---------------------------------------------------------------------------


@pytest.mark.parametrize("stuck", [False, True])
def test_who_says_that_it_is_alive_is_not_frozen_unless_it_holds_on(stuck):
    tracked = Tracked()
    tracked.send("a", 4, 2)
    tracked.state.frozen, tracked.state.stuck = True, stuck
    tracked.time.go_on(7)
    assert not tracked.tracker.expects_answers
    tracked.hear(Alive("a", 4, 1, 0.5))
    assert (tracked.state.frozen, tracked.tracker.expects_answers) == (stuck, not stuck)
    assert (tracked.state.alive, tracked.state.runs) == (tracked.time(), 4)
    tracked.state.frozen = True
    tracked.early("a", 4, 0, 1)
    assert tracked.state.frozen is stuck
    tracked.answer("a", 4, 2)
    assert (tracked.state.frozen, tracked.state.stuck) == (False, False)


@pytest.mark.parametrize(
    ("overdue", "batch", "position", "failed"),
    [
        # Batch 0 has items 0 to 2, batch 1 items 3 to 5; item 0 was brought early.
        (GRACE, 0, 1, []),
        (GRACE + 0.1, 0, 1, [1]),
        (GRACE + 0.1, 1, 0, [3]),
        (GRACE + 0.1, None, 1, []),
        (GRACE + 0.1, 5, 1, []),
        (GRACE + 0.1, 0, 3, []),  # it runs none of them any more
    ],
)
def test_an_item_that_is_long_over_its_time_fails(overdue, batch, position, failed):
    tracked = Tracked()
    tracked.send_both("a", 0, 1)
    tracked.early("a", 0, 0, 1)
    tracked.time.go_on(4)
    tracked.hear(Alive("a", batch, position, overdue)).hear(Alive("a", batch, position, overdue))
    assert list(tracked.collector.failures) == failed
    assert tracked.killed == ["a"] * len(failed)
    again = {1, 2, 3, 4, 5} - set(failed) if failed else set()
    assert tracked.waiting() == ({6, 7} | again, [])
    assert tracked.state.frozen is tracked.state.stuck is bool(failed)
    assert tracked.tracker.replacing is bool(failed)
    if failed:
        error = tracked.collector.failures[failed[0]].exception
        assert isinstance(error, ItemTimeoutError)
        assert "timeout of 3 s and can't be interrupted" in str(error)
        assert tracked.tracker.empty_since == tracked.time()


@pytest.mark.parametrize("kills", [True, False])
def test_a_slot_that_is_ended_loses_nothing_with_its_end(kills):
    """Its other items wait already; none of them is to blame."""
    tracked = Tracked(retries=5)
    tracked.kills = kills
    tracked.send("a", 0, 3)
    tracked.hear(Alive("a", 0, 0, 9.0))
    assert (tracked.state.ending, tracked.tracker.replacing) == (kills, kills)
    assert tracked.waiting() == (set(range(1, 8)), [])
    tracked.hear(SlotLeft("a", "killed"))
    assert (tracked.collector.failures, tracked.report.engine_retries) == ({}, 0)
    assert (tracked.waiting(), tracked.replaced) == ((set(), []), ["a"])


def test_an_item_that_was_given_up_fails_once_when_its_slot_lets_go():
    tracked = Tracked(retries=1)
    tracked.kills = False
    tracked.send("a", 0, 1)
    tracked.hear(Alive("a", 0, 0, 9.0))
    assert tracked.collector.failed_attempts(0) == 1
    tracked.answer("a", 0, 1, failures=[Failure(0, TIMED_OUT, "late", "")])
    assert tracked.collector.failed_attempts(0) == 1
    assert tracked.state.stuck is False


def test_what_waits_again_waits_once_when_a_slot_lets_go_after_all():
    tracked = Tracked()
    tracked.kills = False
    tracked.send_both("a", 0, 1)
    tracked.hear(Alive("a", 0, 1, 9.0)).answer("a", 1, 1)
    assert tracked.values[3] == "1.0"
    again, alone = tracked.waiting()
    assert (again - {3}, alone) == ({0, 2, 4, 5, 6, 7}, [])


def test_a_slot_that_is_ending_stays_so():
    """Also if it can't be ended a second time, or another one can't."""
    tracked = Tracked(slots=("a", "b"))
    tracked.send("a", 0, 1)
    tracked.hear(Alive("a", 0, 0, 9.0)).answer("a", 0, 1)
    tracked.kills = False
    tracked.send("a", 1, 1)
    tracked.send("b", 2, 1)
    tracked.hear(Alive("a", 1, 0, 9.0)).hear(Alive("b", 2, 0, 9.0))
    assert [state.ending for state in tracked.tracker.states.values()] == [True, False]
    assert tracked.tracker.replacing


@pytest.mark.parametrize(("early", "failed", "alone"), [(0, [], [0, 1, 2]), (2, [2], [])])
def test_a_silent_slot_is_ended_and_the_item_found_alone(early, failed, alone):
    """It is of the first batch; what is behind waits again as it is."""
    tracked = Tracked()
    tracked.send_both("a", 1, 0)
    if early:
        tracked.early("a", 0, 0, early)
    tracked.time.go_on(20)
    tracked.tracker.silent("a")
    assert list(tracked.collector.failures) == failed
    assert tracked.waiting() == ({3, 4, 5, 6, 7}, [[index] for index in alone])
    assert (tracked.killed, tracked.state.frozen, tracked.state.stuck) == (["a"], True, True)
    assert tracked.tracker.empty_since == tracked.time()


# --- what is asked of it ---------------------------------------------------------------------


def test_ages_are_those_of_the_present_items():
    """An item began when its batch was sent, or when the one before was answered."""
    tracked = Tracked(slots=("a", "b", "c"))
    tracked.send("a", 0, 1)
    tracked.time.go_on(1)
    tracked.send("a", 1, 1)
    tracked.send("b", 2, 1)
    tracked.time.go_on(1)
    now = tracked.time()
    assert tracked.tracker.busy == 2
    assert tracked.tracker.ages(now) == [2.0, 1.0]
    tracked.answer("a", 0, 1)
    assert tracked.tracker.ages(now + 5) == [5.0, 6.0]
    assert (tracked.tracker.busy, tracked.tracker.expects_answers) == (2, True)
    tracked.answer("a", 1, 1).answer("b", 2, 1)
    assert (tracked.tracker.busy, tracked.tracker.expects_answers) == (0, False)


@pytest.mark.parametrize(
    ("told", "seen", "unresponsive"),
    [
        (None, None, []),
        (4, None, ["a"]),
        (5, None, []),
        (None, (4, 0), ["a"]),
        (5, (4, 0), ["a"]),
        (4, (5, 0), ["a"]),
        (None, (5, 0), []),
    ],
)
def test_who_runs_one_of_its_items_is_unresponsive(told, seen, unresponsive):
    """As it said, or as it was seen."""
    tracked = Tracked(slots=("a", "b"))
    tracked.send("a", 4, 2)
    tracked.hear(Alive("a", told))
    if seen:
        tracked.seen["a"] = seen
    assert tracked.tracker.unresponsive() == unresponsive
