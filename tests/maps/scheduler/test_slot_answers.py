"""Answers of slots one by one: which items are done by them, wait again, or are tried alone."""

from functools import partial

import pytest
from tracked import Tracked

from parflow_jupyter.errors import CannotShipError
from parflow_jupyter.maps.abc import (
    Alive,
    Answered,
    Early,
    GivenBack,
)
from parflow_jupyter.maps.messages import Failure

# --- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ran", "upto", "early", "values", "again"),
    [
        (4, 4, 0, 4, []),
        (2, 4, 0, 2, [2, 3]),  # what is handed back waits again
        (2, 2, 0, 2, []),  # the rest had been given back before
        (4, 4, 3, 4, []),  # brought early, and once more
        (3, 4, 3, 3, [3]),
        (0, 4, 0, 0, [0, 1, 2, 3]),
    ],
)
def test_an_answer_has_values_and_leaves_the_rest(ran, upto, early, values, again):
    tracked = Tracked()
    sent = tracked.send("a", 5, 4)
    if early:
        tracked.early("a", 5, 0, early)
    sent.upto = upto
    tracked.time.go_on(2)
    tracked.answer("a", 5, ran)
    assert tracked.values == {k: f"5.{k}" for k in range(values)}
    assert tracked.waiting() == ({4, 5, 6, 7, *again}, [])
    assert sum(len(batch.indices) for batch in tracked.report.batches) == values
    assert (tracked.state.sent, tracked.state.frozen) == ({}, False)
    assert tracked.state.alive == tracked.state.answered == tracked.time()


@pytest.mark.parametrize(("slot", "batch"), [("a", 1), ("b", 0)])
def test_answers_that_nobody_waits_for_are_dropped(slot, batch):
    tracked = Tracked()
    tracked.send("a", 0, 4)
    tracked.answer(slot, batch, 4).early(slot, batch, 0, 2).hear(GivenBack(slot, batch, 0))
    tracked.hear(Alive(slot, batch, 0, 99.0))
    assert (tracked.values, tracked.killed) == ({}, [])
    assert tracked.waiting() == ({4, 5, 6, 7}, [])


@pytest.mark.parametrize(
    ("ran", "sent", "came", "item_bytes"),
    [(4, 400, 0, 100), (4, 400, 800, 200), (2, 400, 0, 100), (2, 400, 300, 150), (0, 400, 0, 0)],
)
def test_the_pace_follows_from_answers(ran, sent, came, item_bytes):
    """By the larger of what was sent of the items that ran, and of what they gave."""
    tracked = Tracked()
    tracked.send("a", 0, 4)
    tracked.answer("a", 0, ran, sent=sent, came=came)
    assert tracked.tracker.pace.item_bytes == item_bytes
    assert tracked.tracker.pace.per_item == (0.5 if ran else None)


@pytest.mark.parametrize(
    ("first", "ran", "values", "records"),
    [
        (0, 3, 3, [2, 1]),
        (1, 2, 3, [2, 1]),
        (2, 2, 4, [2, 2]),
        (0, 2, 2, [2]),  # all known
        (0, 1, 2, [2]),
        (1, 1, 2, [2]),
    ],
)
def test_what_comes_early_is_taken_once(first, ran, values, records):
    """Two items had come before."""
    tracked = Tracked()
    sent = tracked.send("a", 5, 4)
    tracked.early("a", 5, 0, 2).early("a", 5, first, ran)
    assert tracked.values == {k: f"5.{k}" for k in range(values)}
    assert [len(batch.indices) for batch in tracked.report.batches] == records
    assert list(sent.kept) == list(range(values, 4))


def test_what_comes_early_and_cannot_be_loaded_is_waited_for():
    tracked = Tracked()
    sent = tracked.send("a", 5, 4)
    tracked.state.frozen = True
    tracked.hear(Early("a", 5, 0, partial(raises, ImportError("x"))))
    assert (tracked.values, len(sent.kept), tracked.state.frozen) == ({}, 4, False)


@pytest.mark.parametrize(
    ("batch", "position", "kept", "again"),
    [
        (0, 2, [0, 1], [2, 3]),
        (0, 4, [0, 1, 2, 3], []),
        (0, 0, [], [0, 1, 2, 3]),
        (1, 0, [0, 1, 2, 3], []),
    ],
)
def test_what_a_slot_gives_back_waits_again(batch, position, kept, again):
    tracked = Tracked()
    sent = tracked.send("a", 0, 4)
    tracked.hear(GivenBack("a", batch, position)).hear(GivenBack("a", batch, position))
    assert list(sent.kept) == kept
    assert tracked.waiting() == ({4, 5, 6, 7, *again}, [])


def test_what_was_given_back_is_not_the_slots_again():
    """Whatever it says later."""
    tracked = Tracked()
    sent = tracked.send("a", 0, 4)
    tracked.hear(GivenBack("a", 0, 2)).hear(GivenBack("a", 0, 3))
    assert list(sent.kept) == [0, 1]


# --- what can't be carried -------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3])
def test_items_that_cannot_be_loaded_are_tried_alone(size):
    tracked = Tracked()
    tracked.send("a", 0, size)
    tracked.answer("a", 0, 0, "bad-items")
    _check_alone(tracked, size, "Item 0 can't be loaded on a: why.")


@pytest.mark.parametrize("size", [1, 3])
def test_results_that_cannot_be_loaded_are_tried_alone(size):
    tracked = Tracked()
    tracked.send("a", 0, size)
    tracked.hear(Answered("a", 0, partial(raises, ImportError("no module"))))
    _check_alone(tracked, size, "The result of item 0 from a can't be loaded here: no module.")


def _check_alone(tracked, size, text):
    assert tracked.state.sent == {}
    if size == 1:
        assert isinstance(tracked.collector.failures[0].exception, CannotShipError)
        assert text in str(tracked.collector.failures[0].exception)
        assert tracked.collector.failures[0].engine == "a"
    else:
        assert tracked.collector.failures == {}
        assert tracked.waiting() == (set(range(size, 8)), [[index] for index in range(size)])


def test_a_slot_that_cannot_load_the_function_is_out():
    tracked = Tracked()
    tracked.send("a", 0, 3)
    tracked.send("a", 1, 3)
    tracked.answer("a", 0, 0, "bad-function")
    assert tracked.tracker.states == {}
    assert tracked.report.left_out == ["a can't load the function: why"]
    assert tracked.waiting() == (set(range(8)), [])
    assert (tracked.replaced, tracked.report.engine_retries) == ([], 0)


def test_what_is_called_first_and_fails_is_fatal():
    """It is no item's fault."""
    tracked = Tracked()
    tracked.send("a", 0, 1)
    tracked.answer("a", 0, 0, "bad-init", [Failure(0, "OSError", "no disk", "")])
    assert str(tracked.collector.fatal) == "OSError: no disk"
    assert tracked.collector.failures == {}


def raises(error):
    raise error
