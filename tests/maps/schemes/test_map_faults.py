"""Maps under faults, on real engines that are killed, frozen and interrupted."""

import os
import signal
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager, suppress

import pytest
from map_helpers import mapped
from process_helpers import wait_until
from scripted import Scripted

from parflow_jupyter.errors import EngineLostError
from parflow_jupyter.maps import last_result
from parflow_jupyter.maps.scheduler import loop as runner_module
from parflow_jupyter.maps.schemes import _engine_probe


@contextmanager
def interrupted_after(seconds, times=1):
    """SIGINT to this process, as a notebook's stop button sends it."""
    over = threading.Event()

    def send():
        for _ in range(times):
            if not over.wait(seconds):
                os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_killed_engine_loses_and_doubles_nothing(mortal_engines, tmp_path):
    """kill -9 one of two engines mid-map: every item is in the result once, soon."""
    script = Scripted(tmp_path, seconds=0.05)
    pids = mortal_engines.pids()
    result = mapped(mortal_engines.scheme(), script, range(60), block=False)
    assert wait_until(lambda: result.progress[0] >= 6)
    os.kill(pids[0], signal.SIGKILL)
    assert result.wait(20)
    assert result == list(range(60))
    runs = script.runs()
    assert set(runs) == set(range(60))
    again = [item for item, count in runs.items() if count > 1]
    assert len(again) <= 1, "only the item that was running is run again"


def test_an_item_that_kills_its_engine_is_reported(mortal_engines, tmp_path):
    """After its retries, with the other items done; a new engine joins mid-map."""
    script = Scripted(tmp_path, kills={7: 99})
    replaced = []

    def replace(engine, pid):
        replaced.append(engine)
        mortal_engines.start(1)

    result = mapped(
        mortal_engines.scheme(replace_engine=replace),
        script,
        range(20),
        engine_retries=1,
        on_error="collect",
    )
    assert [f.index for f in result.errors] == [7]
    assert isinstance(result.errors[0].exception, EngineLostError)
    assert [v for i, v in enumerate(result) if i != 7] == [i for i in range(20) if i != 7]
    assert len(replaced) == 2


def test_the_end_of_another_process_of_that_number_is_no_loss(engines):
    """Told late, it may be of an engine of the controller before, which counted from 0, too."""
    told = []

    def on_engine_exit(callback):
        told.append(callback)
        return told.clear

    def item(x):
        time.sleep(0.2)
        return x

    scheme = engines.scheme(on_engine_exit=on_engine_exit)
    result = mapped(scheme, item, range(8), block=False, engine_retries=0)
    assert wait_until(lambda: told and result.progress[0])
    for engine in engines.client.ids:
        told[0](engine, 1)
    assert result.wait(20)
    assert result == list(range(8))
    assert result.report.engine_retries == 0


def test_an_engine_whose_question_was_lost_is_asked_again(engines, monkeypatch):
    """The controller drops what is sent to an engine that it does not know yet."""
    monkeypatch.setattr(_engine_probe, "ASK_AFTER", 0.2)
    client = engines.client
    monkeypatch.setitem(_engine_probe.KNOWN, client, {})
    send, dropped = client.send_apply_request, []

    def lossy(socket, function, *arguments, **options):
        if function is _engine_probe.PROBE[0] and len(dropped) < len(client.ids):
            dropped.append(function)
            return Future()
        return send(socket, function, *arguments, **options)

    monkeypatch.setattr(client, "send_apply_request", lossy)
    result = mapped(engines.scheme(), lambda x: time.sleep(0.02) or x, range(50))
    assert result == list(range(50))
    assert len(dropped) == 2
    assert len(result.report.slots) >= 1
    assert sorted(set(result.report.slots)) == sorted(result.report.slots)


def test_all_engines_gone_is_an_error_and_no_hang(mortal_engines, monkeypatch):
    """Where nothing replaces them, the rest fails after a deadline; what was done is kept."""
    monkeypatch.setattr(runner_module, "NO_SLOT", 1.0)

    def item(x):
        time.sleep(0.0 if x < 2 else 60)
        return x

    pids = mortal_engines.pids()
    options = {"block": False, "on_error": "collect", "batch": 1}
    result = mapped(mortal_engines.scheme(), item, range(6), **options)
    assert wait_until(lambda: result.progress[0] >= 2)
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    assert result.wait(20)
    assert result[:2] == [0, 1]
    assert [f.index for f in result.errors] == [2, 3, 4, 5]
    assert "Start engines" in str(result.errors[-1].exception)


def test_items_of_a_frozen_engine_run_elsewhere(mortal_engines, monkeypatch):
    """The map ends while the engine is stopped, and what it answers later changes nothing."""
    monkeypatch.setattr(runner_module, "FROZEN", 1.0)
    monkeypatch.setattr(runner_module, "_ASK_ALIVE", 0.3)
    pids = mortal_engines.pids()
    scheme = mortal_engines.scheme()
    result = mapped(scheme, lambda x: time.sleep(0.1) or x, range(40), block=False)
    assert wait_until(lambda: result.progress[0] >= 4)
    os.kill(pids[0], signal.SIGSTOP)
    try:
        assert result.wait(20)
        assert result == list(range(40))
    finally:
        os.kill(pids[0], signal.SIGCONT)
    assert mapped(scheme, abs, [-1, -2, -3]) == [1, 2, 3]


def test_a_frozen_cluster_can_be_cancelled(mortal_engines):
    """With every engine stopped, cancel still ends the map."""
    pids = mortal_engines.pids()
    result = mapped(mortal_engines.scheme(), time.sleep, [0.2] * 50, block=False)
    assert wait_until(lambda: result.progress[0] >= 2)
    for pid in pids.values():
        os.kill(pid, signal.SIGSTOP)
    try:
        result.cancel()
        assert result.wait(40)
        assert result.state == "cancelled"
    finally:
        for pid in pids.values():
            os.kill(pid, signal.SIGCONT)


def test_an_interrupt_stops_the_map(engines):
    """It returns in time with the partial result; engines idle; the next map runs at once."""
    mapped(engines.scheme(), abs, range(4))  # engines that are new load the worker first
    start = time.monotonic()
    with interrupted_after(1.0), pytest.raises(KeyboardInterrupt) as stopped:
        mapped(engines.scheme(), lambda x: time.sleep(0.02 if x < 4 else 60) or x, range(20))
    # The items would go on for a minute.
    assert time.monotonic() - start < 40
    partial = stopped.value.map_result
    assert partial is last_result()
    assert partial.state == "cancelled"
    assert set(partial.finished_items) >= {0, 1, 2, 3}
    assert "4 of 20 items were done" in stopped.value.__notes__[0]
    start = time.monotonic()
    assert mapped(engines.scheme(), abs, [-1, -2]) == [1, 2]
    assert time.monotonic() - start < 20


def test_an_interrupt_stops_items_that_run_here():
    """The serial scheme's running item gets the interrupt, and what was done is kept."""
    from parflow_jupyter.maps.schemes.serial import SerialScheme

    start = time.monotonic()
    with interrupted_after(0.5), pytest.raises(KeyboardInterrupt) as stopped:
        mapped(SerialScheme(), lambda x: time.sleep(0.0 if x < 4 else 60) or x, range(20))
    assert time.monotonic() - start < 40
    assert stopped.value.map_result.finished_items == {0: 0, 1: 1, 2: 2, 3: 3}


def test_a_second_interrupt_returns_at_once(mortal_engines, monkeypatch):
    """Also when an item does not let itself be stopped, however long that is waited for."""
    monkeypatch.setattr(runner_module, "DRAIN", 100.0)

    def stubborn(x):
        while True:
            with suppress(KeyboardInterrupt):
                time.sleep(60)

    start = time.monotonic()
    with interrupted_after(0.6, times=2), pytest.raises(KeyboardInterrupt):
        mapped(mortal_engines.scheme(), stubborn, range(4))
    assert time.monotonic() - start < 40


def test_anothers_items_on_the_same_engines_are_spared(engines):
    """Cancelling one map does not touch a second one."""
    mine = mapped(engines.scheme(), time.sleep, [0.3] * 40, block=False)
    other = mapped(engines.scheme(), lambda x: time.sleep(0.15) or x, range(12), block=False)
    assert wait_until(lambda: other.progress[0] >= 2)
    mine.cancel()
    assert mine.wait(40)
    assert other.wait(20)
    assert other == list(range(12))
    assert other.report.retries == 0


INTERRUPTED_ONCE = """
from parflow_jupyter.maps.worker.worker import RunBatch
run = RunBatch.__call__

def interrupted(self, blob):
    RunBatch.__call__ = run
    raise KeyboardInterrupt

RunBatch.__call__ = interrupted
"""


def test_an_interrupt_between_batches_fails_no_item(mortal_engines):
    """It was meant for an item, or is how the engine is ended; the batch is run again."""
    mortal_engines.client[:].execute(INTERRUPTED_ONCE, block=True)
    result = mapped(mortal_engines.scheme(), abs, [-1, -2, -3, -4], batch=1, retries=0)
    assert (result, result.report.retries) == ([1, 2, 3, 4], 0)


def test_an_engine_that_joins_mid_map_gets_items(mortal_engines, tmp_path):
    """It runs some of them: each item waits until three engines have begun one."""
    begun = str(tmp_path)

    def item(x):
        open(f"{begun}/{os.getpid()}", "a").close()
        end = time.monotonic() + 60
        while len(os.listdir(begun)) < 3 and time.monotonic() < end:
            time.sleep(0.02)
        return os.getpid()

    result = mapped(mortal_engines.scheme(), item, range(20), block=False)
    mortal_engines.start(1)
    assert result.wait(70)
    assert len(set(result)) == 3


def test_engines_of_another_python_are_left_out_with_the_reason():
    """So are those that lack the package, or have another version of it."""
    from parflow_jupyter.maps.schemes._engine_probe import why_unfit
    from parflow_jupyter.maps.worker.worker import PROTOCOL

    python = list(__import__("sys").version_info[:3])
    table = [
        ({"python": [3, 4, 1], "protocol": PROTOCOL}, "Python 3.4"),
        ({"python": python, "error": "ModuleNotFoundError: x"}, "lacks parflow_jupyter"),
        ({"python": python, "protocol": PROTOCOL + 1}, "another version"),
    ]
    for about, reason in table:
        assert reason in why_unfit(about)
    assert why_unfit({"python": python, "protocol": PROTOCOL}) is None
