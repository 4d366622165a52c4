"""Items that ignore interrupts, after their map was stopped: the next map starts at once."""

import os
import signal
import threading
import time
from contextlib import suppress

import pytest
from map_helpers import mapped
from process_helpers import wait_until

from parflow_jupyter.errors import EngineLostError
from parflow_jupyter.maps.schemes import load
from parflow_jupyter.maps.schemes._unresponsive import UNRESPONSIVE
from parflow_jupyter.maps.worker.interrupts import Current
from parflow_jupyter.maps.worker.item_loop import run_items


def deaf_until(path):
    """An item that goes on until a file is there, whatever it is sent; it tells that it runs."""
    path, begun = str(path), f"{path.parent}/begun-"

    def item(x):
        open(f"{begun}{os.getpid()}", "a").close()
        end = time.monotonic() + 60
        while not os.path.exists(path) and time.monotonic() < end:
            with suppress(KeyboardInterrupt):
                time.sleep(0.05)
        return x

    return item


def two_begun(folder):
    """Wait until two processes run such an item."""
    assert wait_until(lambda: len(list(folder.glob("begun-*"))) == 2, 60)


def stopped(scheme, folder, word="never"):
    """A map that was stopped in the middle of its items, which end when a file is there."""
    result = mapped(scheme, deaf_until(folder / word), range(6), block=False, batch=1)
    two_begun(folder)
    start = time.monotonic()
    result.cancel()
    assert result.wait(40)
    # The item itself would go on for a minute.
    assert time.monotonic() - start < 40
    assert result.state == "cancelled"
    return result


def test_processes_with_a_deaf_item_are_replaced(tmp_path):
    """The next map has all its slots, in new processes, at once."""
    scheme = load("processes")(2)
    before = set(mapped(scheme, lambda _: time.sleep(0.05) or os.getpid(), range(6), batch=1))
    stopped(scheme, tmp_path)
    after = set()

    def are_two():
        # One that is ready earlier may run all the items.
        after.update(mapped(scheme, lambda _: time.sleep(0.05) or os.getpid(), range(6), batch=1))
        return len(after) == 2

    assert wait_until(are_two)
    assert not before & after


def test_another_maps_item_in_the_same_process_is_spared(tmp_path):
    """Also when the stopped map waits behind it."""
    scheme = load("processes")(2)
    other = mapped(scheme, deaf_until(tmp_path / "go"), range(2), batch=1, block=False)
    two_begun(tmp_path)
    mine = mapped(scheme, abs, range(4), batch=1, block=False)
    assert wait_until(lambda: len(mine.report.slots) == 2)
    mine.cancel()
    assert mine.wait(15)
    (tmp_path / "go").touch()
    assert other.wait(20)
    assert other == [0, 1]
    assert other.report.engine_retries == 0


def test_engines_with_a_deaf_item_are_replaced(mortal_engines, tmp_path):
    """By whoever can; the next map waits for the new ones only."""
    replaced = []

    def replace(engine, pid):
        replaced.append(engine)
        mortal_engines.kill_now(engine)
        mortal_engines.start(1)

    mortal_engines.remember_pids()
    scheme = mortal_engines.scheme(replace_engine=replace)
    old = set(mortal_engines.known_pids.values())
    stopped(scheme, tmp_path)
    pids = mapped(scheme, lambda _: os.getpid(), range(4), batch=1)
    assert not set(pids) & old
    assert wait_until(lambda: len(replaced) == 2)


def test_a_map_waits_for_engines_that_are_being_replaced(mortal_engines, tmp_path):
    """Also where the old ones are gone and no new one is there yet."""
    go_on = threading.Event()

    def replace(engine, pid):
        mortal_engines.kill_now(engine)
        go_on.wait(90)
        mortal_engines.start(1)

    mortal_engines.remember_pids()
    scheme = mortal_engines.scheme(replace_engine=replace)
    stopped(scheme, tmp_path)
    assert wait_until(lambda: not mortal_engines.client.ids, 60)
    assert str(scheme.readiness()) == "2 engines being replaced"
    result = mapped(scheme, abs, [-1, -2], block=False)
    go_on.set()
    assert result.wait(60)
    assert result == [1, 2]


def test_engines_that_cannot_be_replaced_are_left_out_until_it_is_over(
    mortal_engines, tmp_path, monkeypatch
):
    """The map that finds no other says why; once the item is over, they take part again."""
    scheme = mortal_engines.scheme()
    stopped(scheme, tmp_path, "go")
    start = time.monotonic()
    with pytest.raises(EngineLostError, match="ignores interrupts"):
        mapped(scheme, abs, [-1, -2])
    assert time.monotonic() - start < 25
    mortal_engines.start(1)
    result = mapped(scheme, abs, [-1, -2])
    assert result == [1, 2]
    assert len([why for why in result.report.left_out if "ignores interrupts" in why]) == 2
    (tmp_path / "go").touch()
    unresponsive = UNRESPONSIVE[mortal_engines.client]
    assert wait_until(lambda: mapped(scheme, abs, [-1]) == [1] and not unresponsive)
    assert mapped(scheme, abs, range(40)).report.left_out == []


def test_another_maps_item_on_the_same_engine_is_spared(engines, tmp_path):
    """No engine is replaced because of a map that only waited there."""
    replaced = []
    scheme = engines.scheme(replace_engine=lambda *engine: replaced.append(engine))
    other = mapped(engines.scheme(), deaf_until(tmp_path / "go"), range(2), batch=1, block=False)
    two_begun(tmp_path)
    mine = mapped(scheme, abs, range(4), batch=1, block=False)
    assert wait_until(lambda: len(mine.report.slots) == 2)
    mine.cancel()
    assert mine.wait(15)
    (tmp_path / "go").touch()
    assert other.wait(20)
    assert other == [0, 1]
    assert other.report.engine_retries == 0
    assert replaced == []


def test_an_interrupt_that_an_item_keeps_to_itself_stops_the_run_too():
    """Also one between two items: no other begins, and the caller is interrupted."""
    from parflow_jupyter.maps.schemes.serial import SerialScheme

    begun = []

    def item(x):
        begun.append(x)
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return x

    with pytest.raises(KeyboardInterrupt) as stopped:
        mapped(SerialScheme(), item, range(20))
    assert begun == [0]
    assert stopped.value.map_result.finished_items == {0: 0}


def test_an_interrupt_just_before_the_first_item_is_not_lost():
    """Its handler is there already, and no item that it could interrupt."""
    current, begun = Current("r", 1, stop_on_signal=True), []
    current._on_signal(signal.SIGINT, None)
    batch_result = run_items(begun.append, [[1, 2]], [0, 1], current, capture=False)
    assert (begun, batch_result.state, current.stop_wanted) == ([], "interrupted", True)
