"""Results one by one (imap) and awaited (amap), with every scheme."""

import asyncio
import gc
import itertools
import threading
import time

import pytest
from process_helpers import wait_until

from parflow_jupyter.errors import InvalidInputError, ItemError, UnequalLengthsError
from parflow_jupyter.maps import MapOptions, last_result
from parflow_jupyter.maps.lazy import run_amap, run_imap
from parflow_jupyter.maps.scheduler.input_stream import MOST_AHEAD, InputStream
from parflow_jupyter.maps.schemes import load, names


@pytest.fixture(params=names())
def scheme(request, make_scheme):
    return make_scheme(request.param)


def lazily(scheme, function, *iterables, ordered=False, **options):
    options = MapOptions(progress=False, scheme=scheme.name, **options)
    return run_imap(function, iterables, options=options, schemes=[scheme], ordered=ordered)


async def awaited(scheme, function, *iterables, **options):
    options = MapOptions(progress=False, scheme=scheme.name, **options)
    return await run_amap(function, iterables, options=options, schemes=lambda: [scheme])


def counted(limit=None):
    """Items, and a list of those that were read."""
    read = []

    def items():
        for x in itertools.count() if limit is None else range(limit):
            read.append(x)
            yield x

    return items(), read


# --- imap ------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [0, 1, 7, 3_000])
def test_all_results_come_once(scheme, total):
    """In order if asked, else as they come."""
    expected = list(range(1, total + 1))
    assert list(lazily(scheme, lambda x: x + 1, range(total), ordered=True)) == expected
    assert sorted(lazily(scheme, lambda x: x + 1, iter(range(total)))) == expected


def test_an_endless_input_is_read_only_a_little_ahead(scheme):
    """Slow items: a few per slot, however long the results are not taken."""
    items, read = counted()
    results = lazily(scheme, lambda x: time.sleep(0.06) or x, items, ordered=True)
    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    time.sleep(0.5)
    assert len(read) <= 4 + 4 * 2 + 2
    results.close()


def test_many_tiny_items_stay_bounded(scheme):
    """Read, running and not yet taken together."""
    items, read = counted(100_000)
    most = taken = 0
    for _ in lazily(scheme, abs, items):
        taken += 1
        most = max(most, len(read) - taken)
    assert taken == 100_000
    assert most <= MOST_AHEAD + 1


def test_closing_early_stops_the_run(scheme):
    """What runs is interrupted, nothing more is read, and the next map starts at once."""
    items, read = counted()
    results = lazily(scheme, lambda x: [time.sleep(0.01) for _ in range(10)] and x, items)
    next(results)
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < 30
    assert last_result().state == "cancelled"
    known = len(read)
    time.sleep(0.3)
    assert len(read) == known
    assert list(lazily(scheme, abs, [-1])) == [1]


def test_a_generator_that_is_forgotten_stops_too(scheme):
    """Its threads end."""
    results = lazily(scheme, abs, itertools.count())
    next(results)
    del results
    gc.collect()
    assert wait_until(
        lambda: not any(thread.name == "map input" for thread in threading.enumerate()), 30
    )


def test_nothing_runs_before_the_first_result_is_asked_for(scheme):
    """Options are checked at once, though."""
    items, read = counted()
    results = lazily(scheme, abs, items)
    time.sleep(0.1)
    assert read == []
    results.close()
    with pytest.raises(InvalidInputError, match="retries=-1"):
        lazily(scheme, abs, [1], retries=-1)
    with pytest.raises(InvalidInputError, match="ordered=1"):
        lazily(scheme, abs, [1], ordered=1)
    with pytest.raises(InvalidInputError, match="can't be iterated"):
        lazily(scheme, abs, 3)


@pytest.mark.parametrize(
    ("on_error", "expected"), [("skip", [1.0, 0.5]), ("collect", [1.0, "ItemError", 0.5])]
)
def test_failures_are_skipped_or_collected(scheme, on_error, expected):
    """In their place."""
    found = list(lazily(scheme, lambda x: 1 / x, [1, 0, 2], ordered=True, on_error=on_error))
    assert [type(v).__name__ if isinstance(v, ItemError) else v for v in found] == expected


def test_a_failure_is_raised(scheme):
    """With the item's own exception and its note."""
    results = lazily(scheme, lambda x: 1 / x, [1, 2, 0], ordered=True, batch=1)
    with pytest.raises(ZeroDivisionError) as caught:
        list(results)
    assert "Item at index 2" in caught.value.__notes__[0]


def test_what_reading_the_input_raises_comes_after_the_results(scheme):
    """None of those read before is lost."""

    def items():
        yield from range(5)
        raise OSError("half-way")

    found = []
    with pytest.raises(OSError, match="half-way"):  # noqa: PT012 - what came before counts
        for value in lazily(scheme, abs, items(), ordered=True):
            found.append(value)
    assert found == [0, 1, 2, 3, 4]


def test_inputs_of_unequal_length_are_an_error_at_the_end():
    """It says how long they were."""
    with pytest.raises(UnequalLengthsError):
        list(lazily(load("serial")(), pow, iter([1, 2, 3]), iter([1, 2])))


def test_a_slow_consumer_and_a_slow_producer_lose_nothing(scheme):
    """Whoever waits for whom."""

    def slowly():
        for x in range(12):
            time.sleep(0.02)
            yield x

    assert sorted(lazily(scheme, abs, slowly())) == list(range(12))
    found = []
    for value in lazily(scheme, abs, range(12), ordered=True):
        time.sleep(0.02)
        found.append(value)
    assert found == list(range(12))


def test_used_items_and_results_are_forgotten():
    """The source keeps nothing that was taken."""
    source = InputStream([range(100)])
    source.start()
    for index in range(100):
        while source.item_queue.total <= index:
            source.take_in(1, 1)
        source.item_queue.put([index], [index])
        assert source.item_queue.ready.popleft() == (index, index)
        source.taken(index)
    assert len(source.columns[0]) == 0
    source.close()


# --- amap ------------------------------------------------------------------------------------


def test_a_map_is_awaited_while_the_loop_goes_on(scheme):
    """Other tasks run meanwhile."""

    async def both():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        result = await awaited(scheme, lambda x: time.sleep(0.05) or x, range(8))
        ticking.cancel()
        return result, ticks

    result, ticks = asyncio.run(both())
    assert result == list(range(8))
    assert ticks >= 5


def test_an_awaited_failure_is_raised(scheme):
    """As the item's own."""
    with pytest.raises(ZeroDivisionError):
        asyncio.run(awaited(scheme, lambda x: 1 / x, [1, 0]))


def test_cancelling_the_task_stops_the_run(scheme):
    """In time, and the next map starts at once."""

    def item(x):
        for _ in range(3000):
            time.sleep(0.01)

    async def cancelled():
        task = asyncio.create_task(awaited(scheme, item, range(4)))
        await asyncio.sleep(0.6)
        task.cancel()
        start = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The items would go on for half a minute.
        assert time.monotonic() - start < 20

    asyncio.run(cancelled())
    assert last_result().state == "cancelled"
    assert asyncio.run(awaited(scheme, abs, [-1])) == [1]
