"""How many items go into a batch: tables of what was measured and what follows from it."""

import pytest

from parflow_jupyter.maps.scheduler.batch_size import (
    BUDGET,
    FIRST,
    FIRST_BUDGET,
    SLOW,
    Pace,
    budget,
    first_size,
    in_flight,
    measured,
    next_size,
)

WORTH_WAITING = 1 << 16


@pytest.mark.parametrize(
    ("columns", "streamed", "size"),
    [
        ([], False, FIRST),
        ([range(9)], False, FIRST),
        ([[]], False, FIRST),
        ([["x" * WORTH_WAITING]], False, FIRST),
        ([["x" * (WORTH_WAITING + 1)]], False, 1),
        ([range(9), [b"", b"", bytes(WORTH_WAITING + 1)]], False, 1),  # any column, any of three
        ([[b"", b"", b"", bytes(WORTH_WAITING + 1)]], False, FIRST),  # the fourth is not looked at
        (None, True, 1),
        ([range(9)], True, 1),
    ],
)
def test_the_first_batch_is_small_where_items_are_heavy_or_must_be_read(columns, streamed, size):
    assert first_size(columns, streamed=streamed) == size


@pytest.mark.parametrize(
    ("seconds", "items", "packed", "size"),
    [
        (8.0, 4, 400, 1),  # slow items go one by one
        (4 * SLOW, 4, 400, 1),  # from this time on
        (4 * SLOW * 0.99, 4, 400, 6),
        (4e-6, 4, 400, 1024),  # fast ones grow, but not at once
        (0.04, 4, 400, 30),  # towards the target
        (4e-6, 4, 4 * (4 << 20), 4),  # bounded by bytes
        (4e-6, 4, 4 * (1 << 30), 1),  # also an item that is too large goes
        (1e-4, 100_000, 100, 200_000),  # bounded by number
        (0.0, 1000, 0, 200_000),  # nothing was measurable
    ],
)
def test_the_next_size_follows_from_what_was_measured(seconds, items, packed, size):
    """Sizes aim at the target time, within growth and bytes."""
    assert measured(Pace(), items, seconds, packed).size == size


@pytest.mark.parametrize(
    ("before", "each", "after"),
    [
        (None, 0.01, 0.01),
        (0.01, 0.01, 0.01),
        (0.03, 0.01, 0.02),  # faster ones count half
        (0.01, 0.03, 0.03),  # slower ones at once
        (0.0, 0.0, 0.0),
    ],
)
def test_the_pace_forgets_slow_items_slowly(before, each, after):
    pace = measured(Pace(per_item=before), 10, each * 10, 50)
    assert pace.per_item == pytest.approx(after)
    assert pace.item_bytes == 5.0


def test_a_batch_of_which_nothing_ran_tells_nothing():
    pace = Pace(size=7, per_item=0.1, item_bytes=3.0)
    assert measured(pace, 0, 9.0, 900) is pace
    assert measured(pace, 1, 9.0, 900) is not pace


def test_one_slow_batch_makes_the_items_slow():
    """After fast items, slow ones are sent one by one at once."""
    fast = measured(Pace(), 4, 4e-6, 100)
    assert in_flight(fast) == 2
    slow = measured(fast, 128, 64.0, 100)
    assert (slow.size, in_flight(slow)) == (1, 1)


@pytest.mark.parametrize(
    ("size", "per_item", "remaining", "slots", "expected"),
    [
        (1000, 1e-4, 100_000, 2, 1000),  # the size that the pace has
        (1000, 1e-4, 401, 2, 101),  # half of each slot's share, rounded up
        (1000, 1e-4, 400, 0, 200),  # as one slot, while there is none
        (1000, 1e-4, 60, 2, 50),  # not less than what is worth sending
        (1000, 1e-4, 40, 2, 40),  # not more than there is
        (20, 1e-4, 60, 2, 20),  # nor than the size
        (64, None, 10, 2, 3),  # while nothing is known, shares alone
        (64, 0.0, 10, 2, 3),
        (64, None, 4, 2, 1),
        (64, 1.0, 10, 2, 3),  # one slow item is worth sending
        (64, None, 1, 9, 1),
        (64, None, 0, 1, 1),  # never none
    ],
)
def test_the_next_batch_is_a_share_of_what_is_left(size, per_item, remaining, slots, expected):
    assert next_size(Pace(size, per_item), remaining, slots) == expected


@pytest.mark.parametrize("per_item", [1e-7, 1e-5, 1e-3, 0.02, 0.2])
@pytest.mark.parametrize("slots", [1, 2, 7])
def test_there_is_no_tail_of_big_batches(per_item, slots):
    """Whatever the items take, slots that take turns end within one target of each other."""
    busy = [0.0] * slots
    remaining, pace = 20_000, Pace()
    while remaining:
        slot = busy.index(min(busy))
        size = next_size(pace, remaining, slots)
        assert 1 <= size <= remaining
        ran = min(size, max(1, int(BUDGET / per_item) + 1))
        busy[slot] += ran * per_item
        remaining -= ran
        pace = measured(pace, ran, ran * per_item, 10 * ran)
    assert max(busy) - min(busy) <= max(0.12, 2 * per_item)


def test_the_callers_batch_size_is_kept():
    """batch=7 means seven items, until fewer are left."""
    assert [next_size(Pace(size=100), n, 2, fixed=7) for n in (20, 7, 3)] == [7, 7, 3]


@pytest.mark.parametrize(
    ("per_item", "seconds", "batches"),
    [
        (None, FIRST_BUDGET, 1),  # next to nothing is put at risk while nothing is known
        (0.0, BUDGET, 2),
        (SLOW * 0.99, BUDGET, 2),
        (SLOW, BUDGET, 1),  # slow ones never wait behind another in a slot
    ],
)
def test_budget_and_batches_in_flight_follow_from_the_pace(per_item, seconds, batches):
    pace = Pace(per_item=per_item)
    assert (budget(pace), in_flight(pace)) == (seconds, batches)
    assert FIRST_BUDGET < BUDGET
