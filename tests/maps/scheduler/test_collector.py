"""What batch results mean: tables of answers, and the results, retries and failures they make."""

import pickle
from array import array

import pytest
from fake_time import FakeTime

from parflow_jupyter.errors import EngineLostError, ItemError, ItemTimeoutError
from parflow_jupyter.maps.abc import HERE
from parflow_jupyter.maps.messages import TIMED_OUT, BatchResult, Failure
from parflow_jupyter.maps.report import Report
from parflow_jupyter.maps.scheduler.collector import Collector, pause
from parflow_jupyter.maps.scheduler.item_queue import MISSING, ItemQueue


def collector_of(total, retries=0, engine_retries=0, columns=None, **options):
    """A collector, all of whose items are out."""
    report = Report(run="r", scheme="s", reason="", label="f", total=total)
    item_queue = ItemQueue(total)
    item_queue.take(total)
    columns = columns or [[f"item {index}" for index in range(total)]]
    options.setdefault("clock", FakeTime())
    return Collector(item_queue, columns, report, retries, engine_retries, **options)


def answer(count, *failed, output=()):
    """A batch result of ``count`` items, of which those at some positions failed."""
    values = [None if k in failed else f"value {k}" for k in range(count)]
    failures = [Failure(k, "KeyError", f"text {k}", f"trace {k}") for k in failed]
    stops = array("d", range(1, count + 1))
    return BatchResult(0, "done", values, failures, 5.0, stops, list(output))


def taken_again(collector):
    groups = []
    while collector.item_queue.waiting:
        groups.append(list(collector.item_queue.take(1000)))
    return groups


# --- batch results ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indices", "count", "failed", "settled", "retried"),
    [
        ([0, 1, 2], 3, (), {0: "value 0", 1: "value 1", 2: "value 2"}, []),
        (range(1, 4), 3, (), {1: "value 0", 2: "value 1", 3: "value 2"}, []),
        (range(4), 2, (), {0: "value 0", 1: "value 1"}, []),  # the rest did not run
        ([3, 1], 2, (1,), {3: "value 0"}, [1]),
        ([3, 1], 2, (0, 1), {}, [3, 1]),
        ([3, 1], 0, (), {}, []),
    ],
)
def test_values_are_kept_and_failures_retried(indices, count, failed, settled, retried):
    collector = collector_of(4, retries=1)
    collector.take_in("engine 0", indices, answer(count, *failed))
    assert {i: v for i, v in enumerate(collector.item_queue.values) if v is not MISSING} == settled
    assert collector.report.retries == len(retried)
    assert collector.failures == {}
    collector.retry_due(collector.clock() + 1)
    assert sorted(i for group in taken_again(collector) for i in group) == sorted(retried)
    assert len(collector.report.batches) == (1 if count else 0)


def test_the_report_tells_what_ran_where_and_what_it_printed():
    collector = collector_of(9)
    printed = [(0, "stdout", "a"), (1, "stderr", "b")]
    collector.take_in("engine 3", [7, 2, 5], answer(2, 1, output=printed))
    (record,) = collector.report.batches
    assert (record.engine, list(record.indices), record.started) == ("engine 3", [7, 2], 5.0)
    assert (list(record.stops), record.failed) == ([1.0, 2.0], frozenset({1}))
    assert collector.report.output == [(7, "stdout", "a"), (2, "stderr", "b")]


def test_a_failure_that_is_known_counts_once():
    collector = collector_of(3)
    collector.take_in("engine 0", [0, 1, 2], answer(3, 0, 2), known=2)
    assert list(collector.failures) == [0]
    assert not collector.item_queue.is_settled(2)


def test_results_are_kept_as_they_come():
    """Those that have values, with their items."""
    kept = []
    collector = collector_of(6)
    collector.keep_by(lambda indices, values: kept.append((list(indices), list(values))))
    collector.take_in("engine 0", [5, 4, 3], answer(3, 1))
    collector.take_in("engine 0", range(2), answer(2))
    assert kept == [([5, 3], ["value 0", "value 2"]), ([0, 1], ["value 0", "value 1"])]


# --- failures --------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_an_item_is_retried_so_often_and_fails_then(retries):
    collector = collector_of(2, retries=retries)
    for attempt in range(retries + 1):
        assert collector.failures == {}
        assert (collector.report.retries, collector.failed_attempts(1)) == (attempt, attempt)
        collector.failed("engine 0", 1, Failure(0, "KeyError", "no", "trace"))
    assert collector.report.retries == retries
    failure = collector.failures[1]
    assert failure is collector.first_failure
    assert (failure.index, failure.item, failure.attempts) == (1, "item 1", retries + 1)
    assert (failure.engine, failure.traceback) == ("engine 0", "trace")
    assert collector.item_queue.values == [MISSING, failure.exception]
    collector.failed("engine 0", 1, Failure(0, "KeyError", "late", "trace"))
    assert collector.failed_attempts(1) == retries + 1


@pytest.mark.parametrize(
    ("passed", "taken", "next_in"),
    [
        (0.0, [], 0.05),
        (0.04, [], 0.01),
        (0.05, [[0, 1]], 0.05),
        (0.07, [[0, 1]], 0.03),
        (0.1, [[0, 1, 2]], 1.0),
        (9.0, [[0, 1, 2]], 1.0),
    ],
)
def test_retries_wait_until_their_pauses_are_over(passed, taken, next_in):
    """Item 2 had failed before, and its pause is twice as long."""
    collector = collector_of(3, retries=5)
    collector._attempts[2] = 1
    for index in (0, 1, 2):
        collector.failed("engine 0", index, Failure(0, "KeyError", "", ""))
    assert collector.retry_due(collector.clock() + passed) == pytest.approx(next_in)
    assert taken_again(collector) == taken


def test_without_a_retry_that_waits_nothing_is_due():
    assert collector_of(1).retry_due(1e9) == 1.0


def test_a_long_pause_is_looked_at_each_second():
    collector = collector_of(1, retries=9)
    collector._attempts[0] = 8
    collector.failed("engine 0", 0, Failure(0, "KeyError", "", ""))
    assert collector.retry_due(collector.clock()) == 1.0


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 0.05), (2, 0.1), (7, 3.2), (8, 5), (9**9, 5)]
)
def test_pauses_double_up_to_a_longest(attempts, seconds):
    assert pause(attempts) == pytest.approx(seconds)


class _BadError(Exception):
    def __reduce__(self):
        return _raise, ()


def _raise():
    raise OSError("its module is not here")


VALUE_ERROR = ValueError("mine")


@pytest.mark.parametrize(
    ("failure", "type_", "text", "kind"),
    [
        (Failure(0, "X", "t", "", exception=VALUE_ERROR), ValueError, "mine", None),
        (Failure(0, "X", "t", "", pickle.dumps(VALUE_ERROR)), ValueError, "mine", None),
        (Failure(0, "X", "t", ""), ItemError, "X: t", "X"),
        (Failure(0, "X", "t", "", b"no pickle"), ItemError, "X: t", "X"),
        (Failure(0, "X", "t", "", pickle.dumps(_BadError())), ItemError, "X: t", "X"),
        (Failure(0, "X", "t", "", pickle.dumps("no exception")), ItemError, "X: t", "X"),
        (
            Failure(0, TIMED_OUT, "it took long", ""),
            ItemTimeoutError,
            "Item 1 was stopped: it took long.",
            TIMED_OUT,
        ),
    ],
)
def test_a_failure_is_the_exception_itself_where_it_came_through(failure, type_, text, kind):
    """In the place of the value stands an error of an item, with the exception as its cause."""
    collector = collector_of(2)
    collector.failed("engine 7", 1, failure)
    found, in_place = collector.failures[1].exception, collector.item_queue.values[1]
    assert type(found) is type_
    assert str(found).startswith(text)
    assert isinstance(in_place, ItemError)
    assert (in_place.index, in_place.engine) == (1, "engine 7")
    if kind is None:
        assert (in_place.kind, in_place.__cause__) == (type_.__name__, found)
        assert str(in_place).startswith(f"{type_.__name__}: {text}")
    else:
        assert in_place is found
        assert found.kind == kind


def test_of_two_ends_of_an_item_the_first_counts():
    collector = collector_of(2)
    collector.fail(0, ValueError("first"), "", "engine 0")
    collector.fail(1, ValueError("another"), "", None)
    collector.fail(0, ValueError("second"), "", "engine 1")
    assert str(collector.failures[0].exception) == "first"
    assert collector.first_failure.index == 0
    assert collector.item_queue.done == 2


@pytest.mark.parametrize(("slot", "engine"), [(HERE, None), (None, None), ("engine 2", "engine 2")])
def test_where_an_item_failed_is_told_unless_it_was_here(slot, engine):
    collector = collector_of(1, replay="replay")
    collector.fail(0, ValueError("x"), "trace", slot)
    assert collector.failures[0].engine == engine
    assert collector.failures[0].replay == "replay"
    assert collector.failures[0].attempts == 1


def test_the_first_failure_of_init_ends_the_run():
    collector = collector_of(1)
    collector.init_failed("engine 0", Failure(0, "OSError", "first", ""))
    collector.init_failed("engine 1", Failure(0, "OSError", "second", ""))
    assert str(collector.fatal) == "OSError: first"
    assert "on engine 0" in collector.fatal.__notes__[0]


def test_what_is_left_fails_each_with_its_own_words():
    collector = collector_of(3)
    collector.take_in("engine 0", [1], answer(1))
    collector.fail_rest(lambda index: ValueError(f"no {index}"))
    assert {i: str(f.exception) for i, f in collector.failures.items()} == {0: "no 0", 2: "no 2"}
    assert collector.item_queue.finished


# --- losses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "settled", "groups"),
    [
        ([], [], []),
        ([4], [], [[4]]),
        ([4], [4], []),
        ([4, 5], [4], [[5]]),  # alone now: it counts
        (range(5), [], [[0], [1], [2], [3], [4]]),
        (range(32), [], [[index] for index in range(32)]),
        (range(33), [], [[index, index + 1] for index in range(0, 32, 2)] + [[32]]),
    ],
)
def test_what_was_lost_is_tried_again_in_smaller_groups(lost, settled, groups):
    collector = collector_of(64, engine_retries=1)
    collector.item_queue.put(settled, settled)
    collector.lost("engine 0", lost, "killed")
    again = sum(len(group) for group in groups)
    assert collector.report.engine_retries == again
    assert taken_again(collector) == groups
    # Only for one that was alone it is known that it was it.
    alone = groups[0][0] if len(groups) == 1 else None
    assert [i for i in range(64) if collector.failed_attempts(i)] == [alone] * (alone is not None)


@pytest.mark.parametrize(("allowed", "times"), [(0, "once"), (1, "2 times"), (4, "5 times")])
def test_a_lost_item_says_how_often(allowed, times):
    """Its error counts the engines that died with it."""
    collector = collector_of(1, engine_retries=allowed)
    for _ in range(allowed + 1):
        assert collector.failures == {}
        collector.lost("engine 1", [0], "killed")
    found = collector.failures[0]
    assert isinstance(found.exception, EngineLostError)
    assert f"Item 0 was lost {times} because its engine died (killed)" in str(found.exception)
    assert f"engine_retries than {allowed}." in str(found.exception)
    assert (found.attempts, collector.report.engine_retries) == (allowed + 1, allowed)


# --- what is asked of it ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "item"), [([["a", "b"]], "b"), ([["a", "b"], [1, 2]], ("b", 2))]
)
def test_an_item_is_its_value_or_its_values(columns, item):
    assert collector_of(2, columns=columns).item(1) == item


def test_items_that_are_run_again_are_as_new_but_for_their_attempts():
    collector = collector_of(5, engine_retries=1)
    collector.take_in(
        "engine 0", [0, 1], answer(2, 1, output=[(0, "stdout", "ab"), (1, "stdout", "c")])
    )
    collector.lost("engine 0", [1, 2], "killed")
    collector.lost("engine 0", [2], "killed")
    collector.lost("engine 1", [2], "killed")
    collector.fatal = ValueError("init")
    collector.report.not_kept = {1: "it failed", 3: "too large"}
    collector.failed("engine 0", 1, Failure(0, "KeyError", "", ""))
    assert collector.without_value() == [1, 2, 3, 4]

    collector.reopen([1, 2])
    assert collector.failures == {}
    assert (collector.first_failure, collector.fatal) == (None, None)
    assert collector.report.not_kept == {3: "too large"}
    assert (collector.report.output, collector.report.kept_output) == ([(0, "stdout", "ab")], 2)
    assert [collector.failed_attempts(index) for index in range(4)] == [0, 1, 2, 0]
    assert taken_again(collector) == [[1, 2]]
    collector.take_in("engine 0", [1, 2], answer(2, 1))
    assert collector.without_value() == [2, 3, 4]
    assert collector.failures[2].attempts == 3


def test_no_retry_of_a_run_before_comes_in_the_next():
    collector = collector_of(2, retries=3)
    collector.failed("engine 0", 0, Failure(0, "KeyError", "", ""))
    collector.reopen([1])
    assert collector.retry_due(collector.clock() + 9) == 1.0
    assert taken_again(collector) == [[1]]
