"""Ends that nobody tells a map of: a controller without a supervisor, and stopped processes."""

import os
import signal
import time
from types import SimpleNamespace

import psutil
import pytest
from map_helpers import mapped
from process_helpers import wait_until

from parflow_jupyter.errors import SchemeUnavailableError
from parflow_jupyter.maps.scheduler import loop
from parflow_jupyter.maps.schemes import _controller_check, load
from parflow_jupyter.maps.schemes._loky import WORKERS
from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What takes most of a minute, in seconds."""
    monkeypatch.setattr(loop, "FROZEN", 1.0)
    monkeypatch.setattr(loop, "NO_SLOT", 1.0)
    monkeypatch.setattr(_controller_check, "ANSWER_WITHIN", 3.0)


def slow(x):
    time.sleep(0.05)
    return x


def controller_of(engines):
    found = psutil.Process(engines.cluster.controller.pid)
    return [found, *found.children(recursive=True)]


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_controller_that_is_gone_or_frozen_ends_the_map(mortal_engines, number):
    """What is finished is kept, and the rest says why."""
    result = mapped(
        mortal_engines.scheme(),
        lambda x: time.sleep(0.05) or x,
        range(4_000),
        batch=1,
        on_error="collect",
        block=False,
    )
    assert wait_until(lambda: result.progress[0] >= 4)
    for process in controller_of(mortal_engines):
        process.send_signal(number)
    assert result.wait(60)
    assert all(index == value for index, value in result.finished_items.items())
    assert len(result.finished_items) + len(result.errors) == 4_000
    assert "the controller did not answer for" in str(result.errors[-1].exception)


def test_a_controller_that_dies_before_an_engine_answered_ends_the_map(mortal_engines):
    """No engine has told yet that it takes part, and none ever will."""
    scheme = mortal_engines.scheme()
    mortal_engines.remember_pids()
    for pid in mortal_engines.known_pids.values():
        os.kill(pid, signal.SIGSTOP)
    result = mapped(scheme, abs, [-1, -2], on_error="collect", block=False)
    for process in controller_of(mortal_engines):
        process.kill()
    assert result.wait(60)
    assert [str(failure.exception).partition("(")[2][:29] for failure in result.errors] == [
        "the controller did not answer"
    ] * 2


def test_engines_in_long_native_code_are_waited_for(mortal_engines):
    """They give no sign of life either; the controller does."""

    def holds_the_interpreter(x):
        import ctypes

        ctypes.PyDLL(None).sleep(9)
        return x

    result = mapped(mortal_engines.scheme(), holds_the_interpreter, [1, 2], batch=1, block=False)
    assert result.wait(60)
    assert (result, result.errors) == ([1, 2], [])


def test_processes_that_somebody_stopped_are_replaced():
    """All of them, so that none is left to run what they had."""
    result = mapped(load("processes")(2), slow, range(60), batch=1, block=False)
    assert wait_until(lambda: result.progress[0] >= 4)
    for worker in WORKERS._workers:
        os.kill(worker.pid, signal.SIGSTOP)
    assert result.wait(60)
    assert result == list(range(60))


def test_a_cluster_that_ends_before_the_map_begins_is_named():
    """Between the choice of the scheme and its first look."""
    answers = iter([SimpleNamespace(ids=[0])])
    with pytest.raises(SchemeUnavailableError, match="ended before the map began"):
        mapped(IPyParallelScheme(lambda: next(answers, None)), abs, [-1])
