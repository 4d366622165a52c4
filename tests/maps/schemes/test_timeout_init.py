"""What an item may take, and what a slot does first: ``timeout=`` and ``init=``, by scheme."""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest
from map_helpers import mapped
from scripted import Scripted

from parflow_jupyter.errors import ItemError, ItemTimeoutError, SchemeUnavailableError
from parflow_jupyter.maps import MapOptions, run_map
from parflow_jupyter.maps.scheduler import loop as runner_module
from parflow_jupyter.maps.schemes import load, names


@pytest.fixture(params=names())
def scheme(request, make_scheme):
    return make_scheme(request.param)


@pytest.fixture(params=[name for name in names() if load(name).capabilities.timeout])
def able(request, make_scheme):
    return make_scheme(request.param, 2)


def slow_if_two(x):
    time.sleep(30 if x == 2 else 0.001)
    return x


async def slow_if_two_async(x):
    await asyncio.sleep(30 if x == 2 else 0.001)
    return x


# --- timeout ---------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [slow_if_two, slow_if_two_async])
@pytest.mark.parametrize("batch", ["auto", 5])
def test_an_item_that_takes_too_long_is_stopped(able, function, batch):
    """Alone and soon, with the seconds in its message; the others are there."""
    start = time.monotonic()
    result = mapped(able, function, range(20), timeout=0.4, on_error="collect", batch=batch)
    assert time.monotonic() - start < 4
    (failure,) = result.errors
    assert failure.index == 2
    assert isinstance(failure.exception, ItemTimeoutError)
    assert "0.4 s" in str(failure.exception)
    assert [v for i, v in enumerate(result) if i != 2] == [i for i in range(20) if i != 2]
    assert result.report.engine_retries == 0


def test_a_timeout_is_raised_as_such(able):
    """It is a TimeoutError, and an ItemError."""
    with pytest.raises(TimeoutError) as caught:
        mapped(able, slow_if_two, [1, 2], timeout=0.3)
    assert isinstance(caught.value, ItemError)
    assert caught.value.index == 1


def test_an_item_that_was_stopped_is_run_again(able, tmp_path):
    """As often as its retries say."""
    script = Scripted(tmp_path)

    def item(x):
        script(x)
        if script.runs()[x] == 1:
            time.sleep(30)
        return x

    result = mapped(able, item, range(3), timeout=0.5, retries=1)
    assert result == [0, 1, 2]
    assert script.runs() == {0: 2, 1: 2, 2: 2}


def test_many_items_under_their_timeout_are_left_alone(able):
    """The time is each item's own, not that of its batch."""
    result = mapped(able, lambda x: time.sleep(0.002) or x, range(600), timeout=0.2)
    assert result == list(range(600))
    assert result.report.retries == 0


@pytest.mark.parametrize("kind", ["serial", "threads"])
def test_schemes_that_cannot_stop_an_item_refuse(kind):
    """By name; "auto" takes another."""
    with pytest.raises(SchemeUnavailableError, match="timeout"):
        mapped(load(kind)(), abs, [1], timeout=3)


def test_auto_takes_a_scheme_that_can():
    """And says why not the others."""
    schemes = [load(kind)() for kind in ("serial", "threads", "processes")]
    options = MapOptions(progress=False, timeout=5)
    result = run_map(abs, [[-1, -2]], options=options, schemes=schemes)
    assert result == [1, 2]
    assert result.report.scheme == "processes"
    assert "serial skipped: it can't do timeout" in result.report.reason


def unresponsive(x):
    end = time.monotonic() + 60
    while x == 2 and time.monotonic() < end:
        with suppress(KeyboardInterrupt):
            time.sleep(60)
    return x


def holds_the_interpreter(x):
    if x == 2:
        sum(range(10**12))
    return x


def test_a_process_whose_item_is_deaf_is_replaced():
    """The item fails, the others run, and the next map has all its processes."""
    scheme = load("processes")(2)
    result = mapped(scheme, unresponsive, range(8), timeout=0.3, on_error="collect")
    assert [f.index for f in result.errors] == [2]
    assert "0.3 s" in str(result.errors[0].exception)
    assert result.report.engine_retries == 0
    assert mapped(scheme, abs, range(4)) == [0, 1, 2, 3]


def test_a_process_that_does_not_answer_is_replaced(monkeypatch):
    """An item that keeps the interpreter to itself can't be asked; its time is over, too."""
    monkeypatch.setattr(runner_module, "SILENT", 2.0)
    scheme = load("processes")(2)
    result = mapped(scheme, holds_the_interpreter, range(6), timeout=0.3, on_error="collect")
    assert [f.index for f in result.errors] == [2]
    assert isinstance(result.errors[0].exception, ItemTimeoutError)
    assert [v for i, v in enumerate(result) if i != 2] == [0, 1, 3, 4, 5]


def test_an_engine_whose_item_is_deaf_is_replaced(mortal_engines):
    """By whoever was injected to do so; the map goes on."""
    replaced = []

    def replace(engine, pid):
        replaced.append(engine)
        mortal_engines.kill_now(engine)
        mortal_engines.start(1)

    scheme = mortal_engines.scheme(replace_engine=replace)
    mortal_engines.remember_pids()
    result = mapped(scheme, unresponsive, range(8), timeout=0.3, on_error="collect")
    assert [f.index for f in result.errors] == [2]
    assert len(replaced) == 1


def test_an_engine_that_cannot_be_replaced_gets_no_more_items(mortal_engines):
    """Its item fails, the others run elsewhere."""
    result = mapped(
        mortal_engines.scheme(), unresponsive, range(8), timeout=0.3, on_error="collect"
    )
    assert [f.index for f in result.errors] == [2]
    assert [v for i, v in enumerate(result) if i != 2] == [0, 1, 3, 4, 5, 6, 7]


# --- init ------------------------------------------------------------------------------------


def counting_init(folder):
    def init():
        global PREPARED
        PREPARED = "ready"
        (Path(folder) / f"{os.getpid()}-{time.monotonic_ns()}").touch()

    def item(x):
        time.sleep(0.01)
        return PREPARED, x

    return init, item


def test_each_slot_is_prepared_once(scheme, tmp_path):
    """Before its first item; what it sets is there for the items."""
    init, item = counting_init(tmp_path)
    result = mapped(scheme, item, range(30), init=init, batch=3)
    assert result == [("ready", x) for x in range(30)]
    assert len(list(tmp_path.iterdir())) == len({t.engine for t in result.report.items()})


def test_each_run_prepares_anew(scheme, tmp_path):
    """Also when the same functions went to the same slots before."""
    init, item = counting_init(tmp_path)
    mapped(scheme, item, range(4), init=init)
    before = len(list(tmp_path.iterdir()))
    mapped(scheme, item, range(4), init=init)
    assert before < len(list(tmp_path.iterdir())) <= 2 * before + 2


def test_a_preparation_that_fails_ends_the_map(scheme):
    """With its own exception, whatever becomes of items; nothing runs."""

    def init():
        raise FileNotFoundError("model.bin")

    with pytest.raises(FileNotFoundError, match=r"model\.bin") as caught:
        mapped(scheme, pytest.fail, range(4), init=init, on_error="skip")
    assert "init=" in caught.value.__notes__[0]
    assert mapped(scheme, abs, [-1]) == [1]
