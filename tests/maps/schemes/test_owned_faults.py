"""Faults on engines that were started here, so that they are replaced: by the façade, for real."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from home import Home
from process_helpers import processes_of, wait_until
from scripted import Scripted

import parflow_jupyter as pf
from parflow_jupyter.errors import SchemeUnavailableError
from parflow_jupyter.maps.scheduler import loop as runner_module
from parflow_jupyter.wiring import process

# One after the other on the same cluster: each test leaves two engines that answer.


@pytest.fixture(scope="module")
def owned():
    """Two engines of our own, in a home of their own."""
    home, before = Home(), process.current
    home.enter()
    process.current = process.Process()
    try:
        pf.start_engines(2)
        yield home.path
        pf.cleanup(terminate=True)
    finally:
        process.current.close()
        process.current = before
        home.leave()


@pytest.fixture(autouse=True)
def two_engines(owned):
    """Wait until what the test before did to the engines is mended."""
    info = pf.cluster_info()
    if info.controller is None:
        pf.start_engines(2)
    elif info.engines_total < 2 and not wait_until(_are_two, 3):
        pf.start_engines(2 - pf.cluster_info().engines_total)
    # A replacement may have come beside the one that was asked for.
    for engine in [engine for engine in pf.cluster_info().engines if engine.state in ALIVE][2:]:
        process.current.clusters().stop_engine(engine.id)
    assert wait_until(_are_two, 20)
    assert wait_until(_answer, 20)
    return {engine.id: engine.pid for engine in pf.cluster_info().engines if engine.state in ALIVE}


ALIVE = {"idle", "busy"}


def _answer():
    try:
        return pf.parallel_map(abs, [-1, -2, -3], **QUIET) == [1, 2, 3]
    except SchemeUnavailableError:
        return False  # both died, and those in their place are still starting


def _are_two():
    return pf.cluster_info().engines_total == 2


@pytest.fixture
def script_folder(tmp_path):
    folder = tmp_path / "script"
    folder.mkdir()
    return folder


BAD_WORDS = ("Traceback", "ERROR", "CRITICAL", "Exception")
QUIET = {"progress": False, "scheme": "ipyparallel"}


def background(function, items, **options):
    return pf.parallel_map(function, items, block=False, **QUIET, **options)


def test_many_items_leave_no_error_in_any_log(owned):
    """1 500 and 100 000: none is lost, and neither controller nor engines complain."""
    for total, batch in ((1_500, 1), (100_000, "auto")):
        result = pf.parallel_map(lambda x: x + 1, range(total), batch=batch, **QUIET)
        assert result == list(range(1, total + 1))
    logs = list(owned.rglob("log/*"))
    assert len(logs) >= 3
    for log in logs:
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        # ipykernel 7 greets each engine's listener, which ipyparallel 9.2 calls an error.
        lines = [line for line in lines if "iopub_welcome" not in line]
        bad = [line for line in lines if any(word in line for word in BAD_WORDS)]
        assert bad == [], log


def test_what_a_killed_engine_ran_waits_again_within_a_second(tmp_path, two_engines):
    """From the kill to the item's place among those that wait; the best of three."""
    took = []
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        script = Scripted(tmp_path / str(number), seconds=0.05)
        pids = [e.pid for e in pf.cluster_info().engines if e.state in ALIVE]
        result = background(script, range(60), batch=1)
        assert wait_until(lambda result=result: result.progress[0] >= 6, 20)
        os.kill(pids[0], signal.SIGKILL)
        killed = time.monotonic()
        assert wait_until(lambda result=result: result.report.engine_retries, 10, 0.005)
        took.append(time.monotonic() - killed)
        assert result.wait(30)
        assert result == list(range(60))
        again = [item for item, count in script.runs().items() if count > 1]
        assert len(again) <= 1
        if took[-1] < 1:
            return
    assert min(took) < 1


def test_all_engines_killed_mid_map_are_replaced(script_folder, two_engines):
    """Only what they were running is run again."""
    script = Scripted(script_folder, seconds=0.05)
    result = background(script, range(40), batch=1)
    assert wait_until(lambda: result.progress[0] >= 6, 20)
    for pid in two_engines.values():
        os.kill(pid, signal.SIGKILL)
    assert result.wait(40)
    assert result == list(range(40))
    assert sum(script.runs().values()) <= 42


def test_a_killed_controller_mid_map_is_replaced_with_its_engines(script_folder):
    """Only what was running is run again; the next map goes on with the new ones."""
    script = Scripted(script_folder, seconds=0.05)
    result = background(script, range(60), batch=1)
    assert wait_until(lambda: result.progress[0] >= 6, 20)
    os.kill(pf.cluster_info().controller.pid, signal.SIGKILL)
    assert result.wait(60)
    assert result == list(range(60))
    assert sum(script.runs().values()) <= 62
    assert pf.cluster_info().controller.started_here
    assert pf.parallel_map(abs, [-1, -2], **QUIET) == [1, 2]


def test_an_engine_that_is_stopped_mid_map_fails_no_item(two_engines):
    """Whoever stops an engine did not mean its item, which is run elsewhere."""
    result = background(lambda x: time.sleep(0.3) or x, range(16), batch=1)
    assert wait_until(lambda: result.progress[0] >= 2, 20)
    process.current.clusters().stop_engine(min(two_engines))
    assert result.wait(40)
    assert result == list(range(16))
    assert result.errors == []


def test_a_cluster_that_is_shut_down_mid_map_stays_down(script_folder, monkeypatch):
    """Whoever wanted that wanted no new engines: the rest fails, with what to do."""
    monkeypatch.setattr(runner_module, "NO_SLOT", 1.0)
    monkeypatch.setattr(runner_module, "NO_SLOT_REPLACING", 2.0)
    script = Scripted(script_folder, seconds=0.05)
    result = background(script, range(200), batch=1, on_error="collect")
    assert wait_until(lambda: result.progress[0] >= 6, 20)
    pf.cleanup(terminate=True)
    assert result.wait(30)
    assert len(result.finished_items) + len(result.errors) == 200
    assert "Start engines" in str(result.errors[-1].exception)
    assert pf.cluster_info().controller is None


def test_nothing_we_start_is_in_this_processes_group(owned):
    """So that a terminal's Ctrl-C, which goes to the group, stops this process alone."""
    started = processes_of(owned)
    assert len(started) >= 4
    assert os.getpgrp() not in {os.getpgid(pid) for pid in started}


def test_an_item_that_runs_out_of_memory_fails_alone(two_engines):
    """Under a limit: its MemoryError comes, the engine and the other items are well."""

    def item(x):
        if x == 3:
            before = resource.getrlimit(resource.RLIMIT_AS)
            with open("/proc/self/statm") as file:
                now = int(file.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (now + (64 << 20), before[1]))
            try:
                hoard = []
                while True:
                    hoard.append(bytearray(8 << 20))
            finally:
                hoard.clear()
                resource.setrlimit(resource.RLIMIT_AS, before)
        return os.getpid()

    before = set(two_engines.values())
    result = pf.parallel_map(item, range(20), on_error="collect", **QUIET)
    assert [type(failure.exception) for failure in result.errors] == [MemoryError]
    assert [failure.index for failure in result.errors] == [3]
    assert {pid for index, pid in enumerate(result) if index != 3} <= before
    now = {engine.pid for engine in pf.cluster_info().engines if engine.state in ALIVE}
    assert now == before


def test_an_item_that_the_system_kills_for_its_memory_is_reported():
    """After its retries, with what it may be; the others are done, and two engines are there."""

    def item(x):
        if x == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    result = pf.parallel_map(item, range(12), engine_retries=1, on_error="collect", **QUIET)
    assert 2 in [failure.index for failure in result.errors]
    assert "may need more memory" in str(result[2])
    assert len(result.finished_items) >= 10


def test_an_item_that_holds_the_interpreter_past_its_timeout(monkeypatch, two_engines):
    """C code hears no interrupt and lets nobody ask: its engine is ended and replaced."""
    monkeypatch.setattr(runner_module, "SILENT", 1.0)

    def item(x):
        if x == 2:
            sum(range(10**12))
        return x

    result = pf.parallel_map(item, range(6), timeout=0.3, on_error="collect", **QUIET)
    assert [failure.index for failure in result.errors] == [2]
    assert isinstance(result.errors[0].exception, TimeoutError)
    assert result.finished_items == {x: x for x in range(6) if x != 2}
    assert wait_until(lambda: pf.cluster_info().engines_total == 2, 20)
    assert {engine.pid for engine in pf.cluster_info().engines} != set(two_engines.values())


OTHER_NOTEBOOK = """
import sys, time
import parflow_jupyter as pf

def item(x):
    time.sleep(0.1)
    return x

result = pf.parallel_map(item, range(30), scheme="ipyparallel", progress=False, block=False)
while result.progress[0] < 2:
    time.sleep(0.01)
print("began", flush=True)
sys.stdin.readline()
result.wait()
report = result.report
print(list(result) == list(range(30)), report.retries, report.engine_retries, flush=True)
"""


@pytest.mark.timeout(110, method="thread")
def test_two_notebooks_on_the_same_engines():
    """One of them is interrupted: the items of the other run on, each once."""
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_NOTEBOOK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout.readline() == "began\n"
        start = time.monotonic()
        with alarm(0.7), pytest.raises(KeyboardInterrupt) as stopped:
            pf.parallel_map(lambda x: time.sleep(60), range(8), **QUIET)
        assert time.monotonic() - start < 5
        assert stopped.value.map_result.state == "cancelled"
        said, _ = other.communicate("\n", timeout=40)
        assert said == "True 0 0\n"
    finally:
        other.kill()
        other.wait()
    assert pf.parallel_map(abs, [-1, -2], **QUIET) == [1, 2]


@contextmanager
def alarm(seconds):
    """An interrupt of this process's main thread, to the millisecond, as a stop button sends it."""
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


MOMENTS = [step / 100 for step in range(100)]


# The alarm is pytest-timeout's own signal, so that waits in a thread. And an interrupt may land
# between a resource and the variable that would hold it, in any code.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.timeout(110, method="thread")
@pytest.mark.parametrize("scheme", ["ipyparallel", "processes", "serial"])
def test_interrupts_at_a_hundred_random_moments(scheme):
    """Never a wrong value, never a hang: a whole or a partial result, and a next map."""
    count = {"ipyparallel": 60, "processes": 40, "serial": 10}[scheme]
    moments = [0.001 + 0.1 * moment for moment in random.Random(20).choices(MOMENTS, k=count)]
    begun = 0
    for moment in moments:
        result = None
        start = time.monotonic()
        try:
            with alarm(moment):
                result = pf.parallel_map(
                    lambda x: x + 1, range(100_000), scheme=scheme, progress=False
                )
                # An interrupt after the end lands in this wait.
                time.sleep(1)
        except KeyboardInterrupt as stop:
            # Without a result, the map had not begun.
            result = getattr(stop, "map_result", result)
        assert time.monotonic() - start < 30
        begun += result is not None
        finished = result.finished_items if result is not None else {}
        assert all(value == index + 1 for index, value in finished.items())
        assert pf.parallel_map(abs, [-5], scheme=scheme, progress=False) == [5]
    assert begun > count / 10
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
