"""Input that is read while a map runs: how far ahead, what waits, and how it ends."""

import threading

import pytest
from process_helpers import wait_until

from parflow_jupyter.errors import UnequalLengthsError
from parflow_jupyter.maps.scheduler.input_stream import (
    MOST_AHEAD,
    PER_SLOT,
    InputStream,
    StreamItemQueue,
)


class Counted:
    """Items from 0 on, and how many of them were read."""

    def __init__(self, total):
        self.total, self.read = total, 0

    def __iter__(self):
        for index in range(self.total):
            self.read += 1
            yield index


def read_to_its_end(*iterables):
    """A stream that has read all that it may."""
    stream, ended = InputStream(iterables), threading.Event()
    stream.start(lambda: stream._ended and ended.set())
    assert ended.wait(30)
    return stream


# --- the queue -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "taken"),
    [
        ([], []),
        ([3], [range(3)]),
        ([1, 2], [range(3)]),  # what comes next to what waits is one
        ([2, "take", 2], [range(2), range(2, 4)]),
        ([0, 2], [range(2)]),
    ],
)
def test_what_comes_waits_behind_what_came(steps, taken):
    item_queue, found = StreamItemQueue(), []
    for step in [*steps, "take"]:
        if step == "take":
            found += [item_queue.take(9)] if item_queue.waiting else []
        else:
            item_queue.feed(step)
    assert found == taken
    assert (item_queue.total, item_queue.waiting) == (sum(map(len, taken)), 0)


def test_results_wait_until_they_are_taken_and_the_first_counts():
    item_queue = StreamItemQueue()
    item_queue.feed(3)
    assert not item_queue.arrived.is_set()
    assert item_queue.put([2, 0], ["c", "a"]) == 2
    assert item_queue.put([0, 1], ["again", "b"]) == 1
    assert list(item_queue.ready) == [(2, "c"), (0, "a"), (1, "b")]
    assert (item_queue.done, item_queue.arrived.is_set()) == (3, True)


def test_what_is_settled_is_not_taken_again():
    item_queue = StreamItemQueue()
    item_queue.feed(4)
    item_queue.give_back(item_queue.take(4))
    item_queue.put([0, 3], "ad")
    assert [item_queue.is_settled(index) for index in range(4)] == [True, False, False, True]
    assert item_queue.take(4) == [1, 2]


@pytest.mark.parametrize(
    ("exhausted", "done", "finished"),
    [(False, 0, False), (False, 2, False), (True, 1, False), (True, 2, True)],
)
def test_a_stream_is_finished_when_it_ended_and_all_is_done(exhausted, done, finished):
    item_queue = StreamItemQueue()
    item_queue.feed(2)
    item_queue.exhausted = exhausted
    item_queue.put(range(done), ["x"] * done)
    assert item_queue.finished is finished


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slots", "size", "ahead"),
    [
        (None, None, PER_SLOT),  # before the first look
        (0, 1, PER_SLOT),
        (1, 1, PER_SLOT),
        (2, 3, 6 * PER_SLOT),
        (9, 10**6, MOST_AHEAD),
    ],
)
def test_no_more_is_read_than_slots_can_use(slots, size, ahead):
    """But for one, which is read and waits for its place."""
    items = Counted(MOST_AHEAD + 50)
    stream = InputStream([items])
    stream.start()
    if slots is not None:
        stream.take_in(slots, size)
    assert wait_until(lambda: items.read == ahead + 1, 60)
    stream.take_in(0, 1)  # a limit does not sink
    assert stream.item_queue.waiting + len(stream._rows) == ahead
    stream.item_queue.put([0], ["x"])
    assert items.read == ahead + 1
    stream.taken(0)
    assert wait_until(lambda: items.read == ahead + 2, 60)
    stream.close()


def test_columns_go_in_step():
    stream = read_to_its_end("abc", [1, 2, 3])
    stream.take_in(1, 1)
    assert [column[0:3] for column in stream.columns] == [["a", "b", "c"], [1, 2, 3]]
    assert (stream.item_queue.total, stream.item_queue.exhausted, stream.problem) == (3, True, None)
    stream.taken(1)
    assert [len(column) for column in stream.columns] == [2, 2]


@pytest.mark.parametrize(
    ("iterables", "lengths", "came"),
    [(("abc", [1]), "2, 1", 1), (([], "a"), "0, 1", 0), (("a", "ab", "a"), "1, 2, 1", 1)],
)
def test_unequal_lengths_end_the_input_where_they_show(iterables, lengths, came):
    stream = read_to_its_end(*iterables)
    assert isinstance(stream.problem, UnequalLengthsError)
    assert lengths in str(stream.problem)
    stream.take_in(1, 1)
    assert (stream.item_queue.total, stream.item_queue.exhausted) == (came, True)


def test_what_the_input_raises_is_kept():
    def broken():
        yield 1
        raise OSError("the disk is gone")

    stream = read_to_its_end(broken())
    assert str(stream.problem) == "the disk is gone"
    assert not stream.item_queue.finished
    stream.take_in(1, 1)
    stream.item_queue.put([0], ["x"])
    assert stream.item_queue.finished


def test_an_empty_input_wakes_who_waits_for_results():
    stream = read_to_its_end([])
    assert not stream.item_queue.arrived.is_set()
    stream.take_in(1, 1)
    assert stream.item_queue.arrived.is_set()


def test_a_closed_stream_reads_no_more():
    items = Counted(1000)
    stream = InputStream([items])
    stream.start()
    assert wait_until(lambda: items.read == PER_SLOT + 1, 60)
    stream.close()
    assert wait_until(lambda: not any(t.name == "map input" for t in threading.enumerate()), 60)
    assert items.read == PER_SLOT + 1
    assert not stream._ended
