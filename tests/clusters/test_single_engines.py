"""One engine of many: stopped, interrupted, replaced, and started again by policy."""

import os
import signal
import time

import pytest
from process_helpers import processes_of, wait_until

from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.errors import EngineNotFoundError, InvalidInputError


def test_one_engine_is_stopped(clusters, isolated_home):
    """Busy or idle: its process is gone, the others work, and it does not count as a failure."""
    info = clusters.start_engines(3)
    client = connect(clusters)
    pending = client[1].apply_async(time.sleep, 60)
    assert wait_until(lambda: clusters.info().engines[1].state == "busy", 5)
    for engine in (1, 2):
        clusters.stop_engine(engine)
        assert info.engines[engine].pid not in processes_of(isolated_home)
    left = clusters.info()
    assert ([engine.id for engine in left.engines], left.problems) == ([0], [])
    assert wait_until(lambda: client.ids == [0], 2)
    assert client[0].apply_sync(int, 3) == 3
    with pytest.raises(Exception, match=r"died|KeyboardInterrupt"):
        pending.get(timeout=5)
    with pytest.raises(EngineNotFoundError):
        clusters.stop_engine(1)


def test_a_task_is_interrupted_and_the_engine_stays(clusters):
    """The task ends with KeyboardInterrupt; an idle engine does not notice."""
    info = clusters.start_engines(1)
    clusters.interrupt_engine(0)
    pending = connect(clusters)[0].apply_async(time.sleep, 60)
    assert wait_until(lambda: clusters.info().engines[0].state == "busy", 5)
    clusters.interrupt_engine(0)
    with pytest.raises(Exception, match="KeyboardInterrupt"):
        pending.get(timeout=5)
    assert clusters.info().engines[0].pid == info.engines[0].pid


def _ids(clusters):
    return [engine.id for engine in clusters.info().engines if engine.state == "idle"]


def test_dead_engines_stay_dead_without_a_policy(clusters):
    """The default is never."""
    info = clusters.start_engines(1)
    os.kill(info.engines[0].pid, signal.SIGKILL)
    time.sleep(1.5)
    assert clusters.info().engines_total == 0


def test_a_dead_engine_is_restarted_up_to_the_limit(clusters, supervisor_pid):
    """On failure: another one of the same owner, folder and interpreter; then it is enough."""
    info = clusters.start_engines(1, restart="on-failure:2")
    # What was asked for is part of the record.
    os.kill(supervisor_pid(), signal.SIGKILL)
    assert clusters.info().engines_total == 1
    folder = connect(clusters)[0].apply_sync(os.getcwd)
    for restart in (1, 2):
        os.kill(info.engines[0].pid, signal.SIGKILL)
        assert wait_until(lambda n=restart: _ids(clusters) == [n], 10)
        told = clusters.info()
        assert any(f"restart {restart} of 2" in problem.fix for problem in told.problems)
        assert told.engines_started_here == 1
        assert connect(clusters)[restart].apply_sync(os.getcwd) == folder
        info = clusters.info()
        info = type(info).from_dict(
            {**info.to_dict(), "engines": [e.to_dict() for e in info.engines if e.id == restart]}
        )
    os.kill(info.engines[0].pid, signal.SIGKILL)
    time.sleep(3)
    assert clusters.info().engines_total == 0


def test_each_start_has_its_own_policy(clusters, monkeypatch):
    """The environment counts as it is at each start; what was stopped stays stopped."""
    clusters.start_engines(1)
    monkeypatch.setenv("PARFLOW_RESTART", "on-failure")
    info = clusters.start_engines(3)
    clusters.stop_engine(1)
    for engine in (info.engines[0], info.engines[2]):
        os.kill(engine.pid, signal.SIGKILL)
    assert wait_until(lambda: _ids(clusters) == [3, 4], 10)
    time.sleep(1)
    assert _ids(clusters) == [3, 4]


@pytest.mark.parametrize("policy", ["always", "on-failure:", "on-failure:-1", "on-failure:x", 3])
def test_policies_that_are_refused(clusters, isolated_home, policy, monkeypatch):
    """A bad one starts nothing, whether given or in the environment."""
    with pytest.raises(InvalidInputError, match="on-failure:N"):
        clusters.start_engines(1, restart=policy)
    monkeypatch.setenv("PARFLOW_RESTART", str(policy))
    with pytest.raises(InvalidInputError, match="PARFLOW_RESTART"):
        clusters.start_engines(1)
    assert not processes_of(isolated_home)
