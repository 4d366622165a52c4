"""One contract for all schemes: every file of maps/schemes/ runs the same tests."""

import functools
import itertools
import os
import random
import sys
import threading
import time

import numpy
import pytest
from map_helpers import mapped
from scripted import Scripted

from parflow_jupyter.errors import CannotShipError, ItemError, MapError, SchemeUnavailableError
from parflow_jupyter.maps import MapOptions, last_result, run_map
from parflow_jupyter.maps.schemes import load, names
from parflow_jupyter.maps.transport import size_warnings


@pytest.fixture(params=names())
def scheme(request, make_scheme):
    """Each scheme there is, on real engines where it needs them."""
    return make_scheme(request.param)


FACTOR = 3


class Point:
    """A class of the test, as a notebook would have it."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return isinstance(other, Point) and self.x == other.x

    __hash__ = None

    def scaled(self, by):
        return Point(self.x * by)


def times_factor(x):
    return FACTOR * x


async def awaited(x):
    import asyncio

    await asyncio.sleep(0.001)
    return x + 1


def with_default(x, *, by=2):
    return x * by


@pytest.mark.parametrize("total", [0, 1, 2, 5, 1_500])
def test_a_map_equals_the_list_of_its_values(scheme, total):
    """In input order, with a length, slices, and equal to a list."""
    result = mapped(scheme, lambda x: x * x, range(total))
    assert result == [x * x for x in range(total)]
    assert len(result) == total
    assert result[:2] == [x * x for x in range(total)][:2]
    assert result.errors == []


@pytest.mark.parametrize(
    ("function", "items", "expected"),
    [
        (times_factor, [1, 2], [3, 6]),
        (awaited, [1, 2], [2, 3]),
        (functools.partial(with_default, by=5), [1, 2], [5, 10]),
        (Point(2).scaled, [1, 2], [Point(2), Point(4)]),
        (Point, [7], [Point(7)]),
        (str.upper, ["a"], ["A"]),
        (len, [[1, 2]], [2]),
    ],
    ids=["global", "async", "partial", "method", "class", "descriptor", "builtin"],
)
def test_whatever_can_be_called_can_be_mapped(scheme, function, items, expected):
    """Functions, methods, partials, classes, builtins; coroutines are awaited."""
    assert mapped(scheme, function, items) == expected


def test_a_function_of_main_brings_its_globals_and_classes(scheme):
    """As in a notebook: what lives in __main__ travels, and the same class comes back."""
    source = (
        "import math\n"
        "SHIFT = 10\n"
        "class Box:\n"
        "    def __init__(self, x): self.x = x\n"
        "def helper(x): return Box(math.floor(x) + SHIFT)\n"
        "def outer(x): return helper(x)\n"
    )
    main = sys.modules["__main__"].__dict__
    exec(source, main)
    try:
        result = mapped(scheme, main["outer"], [1.5, 2.5])
        assert [type(box) is main["Box"] for box in result] == [True, True]
        assert [box.x for box in result] == [11, 12]
    finally:
        for name in ("SHIFT", "Box", "helper", "outer", "math"):
            main.pop(name, None)


def test_an_exception_class_of_main_can_be_caught(scheme):
    """It is the very class, with the arguments and attributes of the instance."""
    source = (
        "class MineError(Exception):\n"
        "    def __init__(self, text, code=0): super().__init__(text); self.code = code\n"
        "def fail(x): raise MineError(f'item {x}', code=x)\n"
    )
    main = sys.modules["__main__"].__dict__
    exec(source, main)
    try:
        with pytest.raises(main["MineError"], match="item 7") as caught:
            mapped(scheme, main["fail"], [7])
        assert caught.value.code == 7
        result = mapped(scheme, main["fail"], [1, 2], on_error="collect")
        assert [type(f.exception) for f in result.errors] == [main["MineError"]] * 2
    finally:
        for name in ("MineError", "fail"):
            main.pop(name, None)


def test_several_iterables_are_taken_in_step(scheme):
    """Lists, ranges and generators of the same length."""
    result = mapped(scheme, lambda a, b, c: (a, b, c), [1, 2], range(2), iter("xy"))
    assert result == [(1, 0, "x"), (2, 1, "y")]


def test_a_generator_that_raises_runs_nothing(scheme):
    """Its own exception comes, before anything runs."""

    def items():
        yield 1
        raise OSError("half-way")

    with pytest.raises(OSError, match="half-way"):
        mapped(scheme, pytest.fail, items())


@pytest.mark.parametrize(
    ("on_error", "expected"), [("skip", [1.0, 0.5]), ("collect", [1.0, "ItemError", 0.5])]
)
def test_failures_are_left_out_or_stand_in_place(scheme, on_error, expected):
    """And are listed with their item, exception and traceback."""
    result = mapped(scheme, lambda x: 1 / x, [1, 0, 2], on_error=on_error)
    shown = [type(v).__name__ if isinstance(v, Exception) else v for v in result]
    assert shown == expected
    (failure,) = result.errors
    assert (failure.index, failure.item) == (1, 0)
    assert isinstance(failure.exception, ZeroDivisionError)
    assert "1 / x" in failure.traceback


def test_a_raised_exception_is_the_items_own_with_a_note(scheme):
    """The note names the item; the partial result is reachable."""
    with pytest.raises(ZeroDivisionError) as caught:
        mapped(scheme, lambda x: 1 / x, [1, 2, 0])
    assert "Item at index 2 of 3, 0, failed" in "\n".join(caught.value.__notes__)
    assert caught.value.map_result is last_result()
    assert caught.value.map_result.errors[0].index == 2


class TwoArgumentsError(Exception):
    """Its instances can be pickled but not unpickled."""

    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


class LocalError(Exception):
    """Holds what can't be pickled."""

    def __init__(self):
        super().__init__("with a lock")
        self.lock = threading.Lock()


def raise_this(kind):
    if kind == "two":
        raise TwoArgumentsError(1, 2)
    if kind == "lock":
        raise LocalError
    raise {"stop": StopIteration, "exit": SystemExit, "interrupt": KeyboardInterrupt}[kind]("why")


@pytest.mark.parametrize("kind", ["stop", "exit", "interrupt"])
def test_exceptions_that_mean_something_else_are_wrapped(scheme, kind):
    """An item can't end the map, the engine or the generator that reads it."""
    with pytest.raises(ItemError) as caught:
        mapped(scheme, raise_this, [kind])
    assert "why" in str(caught.value)
    assert mapped(scheme, abs, [-1]) == [1]


def test_failing_items_are_run_again(scheme, tmp_path):
    """As often as asked, also more often than there are slots; others run once."""
    script = Scripted(tmp_path, fails={2: 3, 4: 1})
    result = mapped(scheme, script, range(6), retries=4)
    assert result == list(range(6))
    assert script.runs() == {0: 1, 1: 1, 2: 4, 3: 1, 4: 2, 5: 1}
    assert result.report.retries == 4


def test_retries_end(scheme, tmp_path):
    """An item that fails more often is reported, and the others are there."""
    script = Scripted(tmp_path, fails={1: 99})
    result = mapped(scheme, script, range(3), retries=5, on_error="collect")
    assert script.runs()[1] == 6
    assert [f.index for f in result.errors] == [1]
    assert result[0] == 0
    assert result[2] == 2


def _random_numbers(_):
    return random.random(), float(numpy.random.rand())


def test_seeded_items_have_their_own_numbers(scheme):
    """The same by any scheme and batch, different for each item; the caller's are untouched."""
    if not scheme.capabilities.seeds:
        with pytest.raises(SchemeUnavailableError, match="seeds"):
            mapped(scheme, _random_numbers, range(2), seed=11)
        return
    random.seed(5)
    before = random.getstate()
    ones = mapped(scheme, _random_numbers, range(20), seed=11, batch=1)
    many = mapped(scheme, _random_numbers, range(20), seed=11, batch=7)
    serial = mapped(load("serial")(), _random_numbers, range(20), seed=11)
    assert ones == many == list(serial)
    assert len(set(ones)) == 20
    assert mapped(scheme, _random_numbers, range(20), seed=12) != ones
    # dask's own scheduler, which may live in this process, draws numbers for itself.
    assert scheme.name == "dask" or random.getstate() == before
    assert ones.report.entropy == 11


def test_a_run_without_seed_can_be_replayed(scheme):
    """With the entropy that was drawn for it, where items leave this process."""
    first = mapped(scheme, _random_numbers, range(30))
    entropy = first.report.entropy
    if not scheme.ships:
        assert entropy is None
        return
    assert mapped(scheme, _random_numbers, range(30), seed=entropy) == first
    assert mapped(scheme, _random_numbers, range(30)) != first
    assert mapped(scheme, abs, [1]).report.entropy is None


def test_an_item_is_run_again_after_a_pause(scheme, tmp_path):
    """Which grows with each attempt, and holds up no other item."""
    script = Scripted(tmp_path, fails={0: 3})
    start = time.monotonic()
    result = mapped(scheme, script, range(40), retries=3)
    assert result == list(range(40))
    assert time.monotonic() - start >= 0.05 + 0.1 + 0.2
    ends = {t.index: t.started + t.seconds for t in result.report.items()}
    assert max(ends, key=ends.get) == 0


def test_the_report_tells_scheme_and_times(scheme):
    """Every item has its engine and its seconds."""
    result = mapped(scheme, time.sleep, [0.01] * 6)
    times = sorted(result.report.items(), key=lambda item: item.index)
    assert [item.index for item in times] == list(range(6))
    assert all(0.009 < item.seconds < 1 for item in times)
    assert result.report.scheme == scheme.name
    assert scheme.name in result.report.reason
    assert result.report.item_seconds >= 0.06


def test_a_map_in_the_background(scheme):
    """It can be waited for, and read."""
    result = mapped(scheme, lambda x: x + 1, range(50), block=False)
    assert result.wait(20)
    assert result.done()
    assert result == list(range(1, 51))


def test_a_map_in_the_background_can_be_cancelled(scheme):
    """Running items are interrupted, what was done is kept, the next map runs at once."""

    def item(x):
        if x > 1:
            for _ in range(3000):
                time.sleep(0.01)
        return x

    result = mapped(scheme, item, range(40), block=False)
    deadline = time.monotonic() + 10
    while result.progress[0] < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    start = time.monotonic()
    result.cancel()
    assert result.wait(5)
    assert time.monotonic() - start < 3
    assert result.state == "cancelled"
    assert result.finished_items == {0: 0, 1: 1}
    assert "not run" in str(result[30])
    start = time.monotonic()
    assert mapped(scheme, abs, [-1, -2]) == [1, 2]
    assert time.monotonic() - start < 2


def test_many_tiny_items(scheme):
    """None lost, none doubled, few batches."""
    result = mapped(scheme, lambda x: x + 1, range(100_000))
    assert result == list(range(1, 100_001))
    assert len(result.report.batches) < 200


def test_products_and_other_lazy_iterables(scheme):
    """Unsized iterables are consumed."""
    pairs = itertools.product([1, 2], [3, 4])
    assert mapped(scheme, lambda pair: pair[0] * pair[1], pairs) == [3, 4, 6, 8]


def test_the_result_of_a_map_can_be_used_in_the_next(scheme):
    """As an iterable, and by the function."""
    first = mapped(scheme, abs, [-1, -2])
    assert mapped(scheme, lambda x: x + first[1], first) == [3, 4]


def _inner(n):
    return sum(run_map(abs, [range(-n, 0)], options=MapOptions(progress=False)))


def test_a_map_inside_a_map(scheme):
    """Runs in the process of its item."""
    assert mapped(scheme, _inner, [3, 4]) == [6, 10]


# --- only where items leave this process ---------------------------------------------------


@pytest.fixture(params=["ipyparallel", "processes", "dask"])
def remote(request, make_scheme):
    return make_scheme(request.param, 2)


@pytest.mark.parametrize(("kind", "text"), [("two", "1 and 2"), ("lock", "with a lock")])
def test_an_exception_that_cannot_travel_becomes_an_item_error(remote, kind, text):
    """With its kind, its text and its traceback."""
    with pytest.raises(ItemError) as caught:
        mapped(remote, raise_this, [kind])
    assert text in str(caught.value)
    assert "raise_this" in caught.value.traceback


def test_what_cannot_be_shipped_is_named(remote):
    """Down to the attribute, before anything runs."""
    held = {"deep": [threading.Lock()]}

    def function(x):
        return held, x

    with pytest.raises(CannotShipError, match=r"closure variable 'held'.*\['deep'\]\[0\]"):
        mapped(remote, function, [1])


def test_an_item_that_cannot_be_pickled_fails_alone(remote):
    """The others run."""
    items = [1, threading.Lock(), 3]
    result = mapped(remote, lambda x: x, items, on_error="collect")
    assert [result[0], result[2]] == [1, 3]
    (failure,) = result.errors
    assert failure.index == 1
    assert "_thread.lock" in str(failure.exception)


def test_a_result_that_cannot_be_pickled_fails_alone(remote):
    """Its message says what it holds; the others are there."""

    def function(x):
        import threading

        return {"a": threading.Lock()} if x == 1 else x

    result = mapped(remote, function, [0, 1, 2], on_error="collect")
    assert [result[0], result[2]] == [0, 2]
    assert "['a']" in str(result.errors[0].exception)


def test_what_items_print_is_kept_with_them(remote):
    """And bounded, however much it is."""

    def chatty(x):
        print("item", x)
        if x == 2:
            for _ in range(300):
                print("y" * 1000)
        return x

    report = mapped(remote, chatty, range(4)).report
    texts = {index: text for index, _, text in report.output}
    assert texts[1] == "item 1\n"
    assert len(texts[2]) < 11_000


class Counted:
    """Tells how often it was pickled here; a stand-in for a large array."""

    pickled = 0

    def __reduce__(self):
        Counted.pickled += 1
        return bytes, (1000,)


def test_what_the_function_refers_to_is_pickled_once(remote):
    """Not once per item or batch."""
    big = Counted()
    Counted.pickled = 0
    assert mapped(remote, lambda x: len(big) + x, range(20), batch=1) == list(range(1000, 1020))
    assert Counted.pickled == 1


@pytest.mark.parametrize("kind", ["same", "different", "function"])
def test_heavy_items_and_functions_are_told(remote, kind, monkeypatch):
    """With the size, and what to do."""
    monkeypatch.setattr(size_warnings, "FUNCTION_BYTES", 8 << 20)
    array = numpy.zeros(1 << 18)
    if kind == "same":
        with pytest.warns(UserWarning, match=r"same object of 2\.0 MB.*partial"):
            mapped(remote, len, [array] * 3, share=False)
    elif kind == "different":
        with pytest.warns(UserWarning, match=r"2\.0 MB and more.*file names"):
            mapped(remote, len, [array, array + 1])
    else:
        big = numpy.zeros(1 << 20)
        with pytest.warns(UserWarning, match="8 MB.*init="):
            mapped(remote, lambda x: len(big) + x, [1], share=False)


def test_items_run_in_other_processes(remote):
    """On both engines."""

    def where(_):
        time.sleep(0.05)
        return os.getpid()

    pids = set(mapped(remote, where, range(20)))
    assert os.getpid() not in pids
    assert len(pids) == 2


def test_idle_engines_take_over_what_others_did_not_start(remote):
    """One long item in a batch does not hold the items behind it."""

    def item(x):
        time.sleep(1.5 if x == 3 else 0.0)
        return x

    start = time.monotonic()
    assert mapped(remote, item, range(400)) == list(range(400))
    assert time.monotonic() - start < 2.5


def test_no_engine_at_all_is_said():
    """Asked for by name, the scheme that can't run says what to do."""
    unconnected = load("ipyparallel")(lambda: None)
    with pytest.raises(MapError, match="Start engines"):
        mapped(unconnected, abs, [1])
