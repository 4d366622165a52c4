"""What survives what: a supervisor killed at any moment, and engines that their controller lost."""

import asyncio
import io
import os
import re
import signal
import sys
import time

import pytest
from process_helpers import processes_of, wait_until

import parflow_jupyter as pf
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.client.doctor import run_doctor
from parflow_jupyter.clusters.client.rpc import Target, read_record
from parflow_jupyter.clusters.launchers._fork_client import ForkServerClient
from parflow_jupyter.wiring import process


def _spec(folder, name):
    """A process that would write a log as soon as it may begin."""
    return {
        **{"role": "engine", "cwd": str(folder), "path": [], "environment": {}, "settings": {}},
        **{"log": str(folder / name), "uuid": name, "counters": "", "entropy": 1, "threads": 1},
        **{"profile_dir": str(folder), "cluster_id": "", "connection": {}, "python": ""},
    }


def test_a_process_that_was_not_recorded_never_begins(tmp_path):
    """It waits to be let go, and ends when it is not, or when nobody is left to let it go."""

    async def fork_several():
        exits = []
        server = ForkServerClient(
            sys.executable, tmp_path / "server.log", lambda pid, _: exits.append(pid)
        )
        pids = [(await server.fork(_spec(tmp_path, name), 30))[0] for name in ("a", "b", "c")]
        assert len({os.getpgid(pid) for pid in pids}) == 1
        server.let_go(pids[0])
        server.let_go(pids[1], goes=False)
        while set(exits) != set(pids[:2]):
            await asyncio.sleep(0.01)
        assert not (tmp_path / "c").exists()
        # An earlier version would not know that it has to let its processes go.
        server._holds = False
        pids.append((await server.fork(_spec(tmp_path, "d"), 30))[0])
        while set(exits) != {*pids[:2], pids[3]}:
            await asyncio.sleep(0.01)
        server.retire()
        while set(exits) != set(pids):
            await asyncio.sleep(0.01)
        await server._reading

    asyncio.run(asyncio.wait_for(fork_several(), 60))
    assert [name for name in "abcd" if (tmp_path / name).exists()] == ["a", "d"]


@pytest.mark.parametrize("after", [0.05, 0.5, 0.7, 0.9])
def test_a_supervisor_killed_during_a_start_loses_no_process(
    clusters, isolated_home, supervisor_pid, after
):
    """Whatever lives then is known, belongs to who asked, and ends with a cleanup."""
    clusters.begin_start_engines(2)
    begun = time.monotonic()
    target = Target(isolated_home / "ipython" / "profile_default", "")
    assert wait_until(lambda: read_record(target), 5)
    time.sleep(max(0, begun + after - time.monotonic()))
    os.kill(supervisor_pid(), signal.SIGKILL)
    info = clusters.info()
    assert info.engines_total == info.engines_started_here
    assert info.controller is None or info.controller.started_here
    assert clusters.start_engines(1).engines_total >= 1
    assert len(clusters.cleanup().processes) >= 2
    assert clusters.info().state == "stopped"
    # The supervisor and its fork server stay for a while.
    assert wait_until(lambda: len(processes_of(isolated_home)) <= 2, 8)


def test_a_killed_fork_server_costs_no_engine(clusters, isolated_home):
    """Its engines go on, the doctor lists the next one, and all end as ever."""
    before = clusters.start_engines(1)
    report = io.StringIO()
    assert run_doctor(report) == 0
    (helper,) = re.findall(r"fork server: pid (\d+)", report.getvalue())
    os.kill(int(helper), signal.SIGKILL)
    assert connect(clusters)[0].apply_sync(int, 5) == 5
    after = clusters.start_engines(1)
    assert (after.engines_total, after.engines[0].pid) == (2, before.engines[0].pid)
    os.kill(before.engines[0].pid, signal.SIGKILL)
    assert wait_until(lambda: clusters.info().engines_total == 1, 5)
    assert {row["outcome"] for row in clusters.cleanup().processes} == {"terminated"}


def _unregister(client, engine):
    """Do what the controller does when an engine's heart stopped."""
    client._send(client._query_stream, "unregistration_request", content={"id": engine})


def test_an_engine_that_is_no_longer_registered_is_replaced(clusters, isolated_home):
    """It lives but gets no work: it is told, ended, and another one started in its place."""
    before = clusters.start_engines(2)
    client = connect(clusters)
    _unregister(client, 0)

    def working():
        engines = clusters.info().engines
        return [engine.id for engine in engines if engine.state == "idle"]

    # Not the client's own ids: one that has just connected may miss a notice.
    assert wait_until(lambda: working() == [1, 2], 20)
    after = clusters.info()
    living = [engine for engine in after.engines if engine.state != "dead"]
    assert [engine.id for engine in living] == [1, 2]
    assert (after.engines_started_here, after.engines_total) == (2, 2)
    assert before.engines[0].pid not in processes_of(isolated_home)
    (told,) = [problem for problem in after.problems if problem.where == "engine 0"]
    assert "no longer registered" in told.what
    assert "restart 1 of 3" in told.fix
    assert client[2].apply_sync(int, 4) == 4


def _sleep_and_write(path):
    import time

    time.sleep(4)
    with open(path, "w") as file:
        file.write("done")


def test_an_engine_that_a_client_asked_to_end_is_not_replaced(clusters, isolated_home):
    """Busy, it ends after its task; until then it is left alone, registered or not."""
    clusters.start_engines(1)
    client = connect(clusters)
    client[0].apply_async(_sleep_and_write, str(isolated_home / "written"))
    assert wait_until(lambda: clusters.info().engines[0].state == "busy", 5)
    client.shutdown(targets=[0], block=False)
    _unregister(client, 0)
    assert wait_until(lambda: clusters.info().engines_total == 0, 10)
    assert (isolated_home / "written").read_text() == "done"
    time.sleep(1)
    assert clusters.info().engines_total == 0


def test_only_items_of_maps_are_counted(isolated_home, monkeypatch):
    """The first map asks each engine whether it can take part; that is no task."""
    monkeypatch.setattr(process, "current", process.Process())
    try:
        pf.start_engines(2)
        for total in (10, 20):
            assert pf.parallel_map(abs, range(10), scheme="ipyparallel") == list(range(10))
            counted = [engine.completed for engine in pf.cluster_info().engines]
            assert sum(counted) == total
    finally:
        process.current.close()
