"""The pure parts: options, batch sizes, choice of a scheme, and the book-keeping."""

import itertools
import random

import pytest

from parflow_jupyter.errors import (
    InvalidInputError,
    SchemeUnavailableError,
    UnequalLengthsError,
)
from parflow_jupyter.maps import MapOptions, SchemeChoice, parallelizable
from parflow_jupyter.maps.abc import Capabilities, Readiness, Scheme
from parflow_jupyter.maps.messages import BatchResult
from parflow_jupyter.maps.report import Report
from parflow_jupyter.maps.run import take_columns
from parflow_jupyter.maps.scheduler.batch_size import BUDGET, Pace, in_flight, measured, next_size
from parflow_jupyter.maps.scheduler.collector import Collector
from parflow_jupyter.maps.scheduler.item_queue import ItemQueue
from parflow_jupyter.maps.toolbox.selection import Supports, choose, supports
from parflow_jupyter.maps.worker.interrupts import Current
from parflow_jupyter.maps.worker.item_loop import run_items


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"retries": -1}, "retries=-1"),
        ({"retries": True}, "retries=True"),
        ({"retries": 1.5}, "retries=1.5"),
        ({"engine_retries": "3"}, "engine_retries='3'"),
        ({"on_error": "ignore"}, "'raise', 'skip', 'collect'"),
        ({"batch": 0}, "batch=0"),
        ({"batch": "big"}, "'auto'"),
        ({"seed": -2}, "seed=-2"),
        ({"block": 1}, "block=1"),
        ({"scheme": ""}, "scheme=''"),
        ({"scheme": None}, "scheme=None"),
        ({"label": 3}, "label=3"),
        ({"timeout": 0}, "timeout=0"),
        ({"timeout": True}, "timeout=True"),
        ({"timeout": float("inf")}, "timeout=inf"),
        ({"timeout": "3"}, "timeout='3'"),
        ({"init": 3}, "init=3"),
        ({"share": "no"}, "share='no'"),
        ({"checkpoint": ""}, "checkpoint=''"),
        ({"checkpoint": 3}, "checkpoint=3"),
        ({"checkpoint": "a", "key": 3}, "key=3"),
        ({"key": len}, "key="),
    ],
)
def test_an_unusable_option_is_refused_by_name(given, named):
    """The message names the option, its value, or what to give instead."""
    with pytest.raises(InvalidInputError) as refused:
        MapOptions(**given).check()
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("seconds", "items", "packed", "size"),
    [
        (8.0, 4, 400, 1),  # slow items go one by one
        (4e-6, 4, 400, 1024),  # fast ones grow, but not at once
        (0.04, 4, 400, 30),  # towards the target
        (4e-6, 4, 4 * (4 << 20), 4),  # bounded by bytes
        (1e-4, 100_000, 100, 200_000),  # bounded by number
    ],
)
def test_the_next_size_follows_from_what_was_measured(seconds, items, packed, size):
    """Sizes aim at the target time, within growth and bytes."""
    assert measured(Pace(), items, seconds, packed).size == size


def test_one_slow_batch_makes_the_items_slow():
    """After fast items, slow ones are sent one by one at once."""
    fast = measured(Pace(), 4, 4e-6, 100)
    assert in_flight(fast) == 2
    slow = measured(fast, 128, 64.0, 100)
    assert (slow.size, in_flight(slow)) == (1, 1)


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


class _Fake(Scheme):
    capabilities = Capabilities()

    def __init__(self, name, kind, slots, **capabilities):
        self.name, self.kind, self._slots = name, kind, slots
        self.capabilities = Capabilities(**capabilities)

    def readiness(self):
        return Readiness(self._slots, f"{self._slots} slots")

    def open(self, plan, sink):
        raise AssertionError("a choice opens nothing")


ENGINES, NO_ENGINES = _Fake("ipyparallel", "remote", 2), _Fake("ipyparallel", "remote", 0)
THREADS, SERIAL = _Fake("threads", "threads", 4), _Fake("serial", "serial", 1)


@pytest.mark.parametrize(
    ("offered", "wanted", "supported", "name", "reason"),
    [
        ([ENGINES, THREADS, SERIAL], "auto", Supports(), "ipyparallel", "2 slots"),
        ([NO_ENGINES, THREADS, SERIAL], "auto", Supports(), "serial", "does not support"),
        ([NO_ENGINES, THREADS, SERIAL], "auto", Supports(threads=True), "threads", "skipped"),
        ([SchemeChoice(ENGINES, False), SERIAL], "auto", Supports(), "serial", "disabled"),
        ([ENGINES, SERIAL], "auto", Supports(ipyparallel=False), "serial", "does not support"),
        ([ENGINES, SERIAL], "serial", Supports(), "serial", "asked for"),
        ([SchemeChoice(ENGINES, False), SERIAL], "ipyparallel", Supports(), "ipyparallel", "asked"),
    ],
)
def test_the_first_scheme_that_can_is_chosen_and_says_why(offered, wanted, supported, name, reason):
    """In the toolbox's order; those passed over are named with the reason."""
    chosen = choose(offered, wanted, supported)
    assert chosen.scheme.name == name
    assert reason in chosen.reason


@pytest.mark.parametrize(
    ("offered", "wanted", "needs", "named"),
    [
        ([SERIAL], "warp", (), "'serial'"),
        ([NO_ENGINES, SERIAL], "ipyparallel", (), "Start engines"),
        ([ENGINES], "ipyparallel", ("timeout",), "timeout"),
        ([NO_ENGINES], "auto", (), "0 slots"),
    ],
)
def test_a_scheme_that_cannot_is_refused(offered, wanted, needs, named):
    """Unknown, without slots, or without a capability that was asked for."""
    with pytest.raises(SchemeUnavailableError) as refused:
        choose(offered, wanted, needs=needs)
    assert named in str(refused.value)


def test_a_map_inside_a_map_does_not_wait_for_engines():
    """They may all wait for it: it runs in its own process, and asking otherwise is refused."""
    chosen = choose([ENGINES, SERIAL], nested=True)
    assert chosen.scheme.name == "serial"
    assert "inside an item" in chosen.reason
    with pytest.raises(SchemeUnavailableError, match="inside an item"):
        choose([ENGINES, SERIAL], "ipyparallel", nested=True)


def test_what_a_function_supports_is_kept_with_it():
    """The decorator returns the same function."""

    def read(path):
        return path

    assert parallelizable(threads=True)(read) is read
    assert supports(read).threads
    assert not supports(len).threads


@pytest.mark.parametrize(
    ("iterables", "lengths"),
    [
        (([1, 2], [1]), "2, 1"),
        ((iter([1]), iter([1, 2, 3])), "1, 3"),
        (([1, 2], itertools.count()), "2, more than 2"),
    ],
)
def test_iterables_of_different_lengths_are_refused(iterables, lengths):
    """Also unsized and endless ones."""
    with pytest.raises(UnequalLengthsError, match=lengths):
        take_columns(iterables)


@pytest.mark.parametrize("iterables", [(), (3,)])
def test_what_cannot_be_iterated_is_refused(iterables):
    """No iterable, or none at all."""
    with pytest.raises(InvalidInputError, match="give a list"):
        take_columns(iterables)


def test_the_queue_loses_and_doubles_nothing():
    """Whatever is taken, given back, split and answered twice, each item ends once."""
    rng = random.Random(3)
    for _ in range(200):
        total = rng.randrange(1, 60)
        item_queue, out = ItemQueue(total), []
        while not item_queue.finished:
            if item_queue.waiting and rng.random() < 0.6:
                taken = item_queue.take(rng.randrange(1, 9))
                out += [taken] if len(taken) else []
            elif out:
                _end_a_batch(item_queue, out, rng)
        assert item_queue.values == list(range(total))
        assert item_queue.done == total


def _end_a_batch(item_queue, out, rng):
    batch = out.pop(rng.randrange(len(out)))
    cut = rng.randrange(len(batch) + 1)
    item_queue.put(batch[:cut], list(batch[:cut]))
    item_queue.give_back(batch[cut:], suspect=rng.random() < 0.3)
    if rng.random() < 0.3:
        item_queue.put(batch[:cut], ["second answer"] * cut)
        item_queue.give_back(batch[:cut])


def test_a_batch_stops_where_it_was_told_to_give_back():
    """Items given back were not run, and all others were."""
    for at in (0, 3, 8):
        current, given = Current("r", 1), []

        def item(x, at=at, current=current, given=given):
            if x == at:
                given.append(current.give_back(10))
            return x

        batch_result = run_items(item, [list(range(10))], range(10), current)
        assert batch_result.values == list(range(given[0]))
        assert given == [at + 1]


def test_a_batch_hands_back_what_is_beyond_its_budget():
    """The first slow item ends it."""
    import time

    current = Current("r", 1)
    batch_result = run_items(time.sleep, [[0.02] * 50], range(50), current, budget=0.05)
    assert batch_result.state == "partial"
    assert 2 <= len(batch_result.values) <= 4
    assert isinstance(batch_result, BatchResult)


@pytest.mark.parametrize(("allowed", "times"), [(0, "once"), (1, "2 times")])
def test_a_lost_item_says_how_often(allowed, times):
    """Its error counts the engines that died with it."""
    report = Report(run="r", scheme="s", reason="", label="f", total=1)
    collector = Collector(ItemQueue(1), [[5]], report, 0, allowed)
    for _ in range(allowed + 1):
        collector.lost("engine 1", [0], "killed")
    assert f"Item 0 was lost {times} because" in str(collector.failures[0].exception)
