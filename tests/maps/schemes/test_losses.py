"""What a dead slot takes with it, and what was saved before: exactly, on real processes."""

import os
import signal
import time

import pytest
from map_helpers import mapped
from process_helpers import wait_until
from scripted import Scripted

from parflow_jupyter.errors import EngineLostError
from parflow_jupyter.maps import MapOptions
from parflow_jupyter.maps.lazy import run_imap
from parflow_jupyter.maps.schemes import load, names
from parflow_jupyter.maps.transport import shared_memory


@pytest.fixture(params=names())
def scheme(request, make_scheme):
    return make_scheme(request.param)


@pytest.fixture(params=[name for name in names() if not load(name).capabilities.in_caller])
def elsewhere(request, make_scheme):
    return make_scheme(request.param)


def without_shared_memory(*_, **__):
    raise OSError("none here")


# --- which item it was -----------------------------------------------------------------------


def test_only_the_item_that_was_running_counts_as_lost(tmp_path):
    """Those before and behind it in its batch keep all their tries."""
    script = Scripted(tmp_path, kills={3: 99, 4: 1})
    options = {"engine_retries": 1, "on_error": "collect", "batch": 8}
    result = mapped(load("processes")(2), script, range(16), **options)
    assert [f.index for f in result.errors] == [3]
    assert isinstance(result.errors[0].exception, EngineLostError)
    assert result.errors[0].attempts == 2
    assert [v for i, v in enumerate(result) if i != 3] == [i for i in range(16) if i != 3]
    runs = script.runs()
    assert (runs[3], runs[4]) == (2, 2)


def test_without_a_mark_nothing_counts_until_the_item_is_alone(tmp_path, monkeypatch):
    """Where processes share no memory, it takes a death more to find the killer."""
    monkeypatch.setattr(shared_memory.SharedMemory, "__init__", without_shared_memory)
    script = Scripted(tmp_path, kills={3: 99})
    options = {"engine_retries": 1, "on_error": "collect", "batch": 8}
    result = mapped(load("processes")(2), script, range(8), **options)
    assert [f.index for f in result.errors] == [3]
    assert script.runs()[3] == 3


class KillsWhenLoaded:
    """An item that ends the process before any item begins."""

    def __reduce__(self):
        return os._exit, (9,)


def test_an_item_that_kills_while_it_is_loaded_is_found():
    """No item of its batch had begun; it is alone in the end, and the others are done."""
    items = [1, 2, KillsWhenLoaded(), 4]
    options = {"engine_retries": 1, "on_error": "collect", "batch": 4}
    result = mapped(load("processes")(2), lambda x: x, items, **options)
    assert [f.index for f in result.errors] == [2]
    assert [result[i] for i in (0, 1, 3)] == [1, 2, 4]


# --- what was finished -----------------------------------------------------------------------


def long_at_the_end(x):
    if x == 9:
        for _ in range(3000):
            time.sleep(0.01)
    print("item", x)
    if x == 4:
        raise ValueError(x)
    return x


def test_what_is_finished_behind_a_long_item_is_delivered(scheme):
    """Values, failures, output and times are there while the batch goes on."""
    result = mapped(scheme, long_at_the_end, range(10), batch=10, on_error="collect", block=False)
    assert wait_until(lambda: result.progress[0] == 9)
    assert sorted(result.finished_items) == [0, 1, 2, 3, 5, 6, 7, 8]
    assert [f.index for f in result.errors] == [4]
    result.cancel()
    assert result.wait(15)
    if scheme.capabilities.captures:
        printed = {index: text for index, _, text in result.report.output}
        assert printed == {x: f"item {x}\n" for x in range(9)}
    times = {item.index: item.seconds for item in result.report.items()}
    assert sorted(times) == list(range(9))
    assert max(times.values()) < 25


def long_first_half(x):
    time.sleep(0.2 if x < 6 else 0.0)
    return x


def test_what_was_delivered_early_is_not_taken_twice(scheme):
    """A batch that ends by itself brings only the rest."""
    result = mapped(scheme, long_first_half, range(12), batch=12)
    assert result == list(range(12))
    assert len(result.report.batches) > 1
    assert sorted(item.index for item in result.report.items()) == list(range(12))
    seconds = {item.index: item.seconds for item in result.report.items()}
    assert all(0.15 < seconds[x] < 25 for x in range(6))


def test_imap_gives_what_is_finished_behind_a_long_item(elsewhere):
    """Before the long one is over, where items do not run in the thread that asks."""
    scheme = elsewhere
    options = MapOptions(progress=False, batch=10, on_error="skip", scheme=scheme.name)
    start = time.monotonic()
    results = run_imap(long_at_the_end, [range(10)], options=options, schemes=[scheme])
    assert sorted(next(results) for _ in range(8)) == [0, 1, 2, 3, 5, 6, 7, 8]
    # The long one takes half a minute.
    assert time.monotonic() - start < 25
    results.close()


def test_a_killed_process_does_not_take_what_was_finished(tmp_path):
    """Only the item that was running is run again."""
    scheme = load("processes")(1)
    script = Scripted(tmp_path)

    def item(x):
        script(x)
        if x == 5 and script.runs()[5] == 1:
            time.sleep(60)
        return os.getpid()

    result = mapped(scheme, item, range(6), batch=6, block=False)
    assert wait_until(lambda: result.progress[0] == 5)
    os.kill(result.finished_items[0], signal.SIGKILL)
    assert result.wait(20)
    assert script.runs() == {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 2}
    assert result.report.engine_retries == 1
