"""The pure parts: options, the choice of a scheme, columns, and how a batch ends."""

import itertools

import pytest

from parflow_jupyter.errors import (
    InvalidInputError,
    SchemeUnavailableError,
    UnequalLengthsError,
)
from parflow_jupyter.maps import MapOptions, SchemeChoice, parallelizable
from parflow_jupyter.maps.abc import Capabilities, Readiness, Scheme
from parflow_jupyter.maps.messages import BatchResult
from parflow_jupyter.maps.run import take_columns
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
