"""What breaks, on real processes: killed, frozen and silent ones are seen, told and cleaned up."""

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ports import next_port
from process_helpers import processes_of, wait_until

from parflow_jupyter._system.private_json import write_private_json
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.connection_files import connection_path
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import ControllerSilentError, ShutdownRefusedError


@pytest.mark.parametrize("busy", [False, True])
def test_killed_engine_is_seen_within_a_second(clusters, busy):
    """kill -9 of an idle or busy engine: told with its meaning; the rest works."""
    info = clusters.start_engines(2)
    client = connect(clusters)
    victim = info.engines[0]
    pending = client[0].apply_async(time.sleep, 60) if busy else None
    if busy:
        assert wait_until(lambda: clusters.info().engines[0].state == "busy", 5)
    start = time.monotonic()
    os.kill(victim.pid, signal.SIGKILL)
    assert wait_until(lambda: client.ids == [1], 1)
    assert wait_until(lambda: clusters.info().engines_total == 1, 1)
    assert time.monotonic() - start < 1
    told = next(engine for engine in clusters.info().engines if engine.pid == victim.pid)
    assert told.state == "dead"
    assert told.exit == {
        "code": None,
        "signal": 9,
        "meaning": "killed (signal 9); out of memory?",
    }
    assert any("signal 9" in problem.what for problem in clusters.info().problems)
    if pending is not None:
        with pytest.raises(Exception, match="died"):
            pending.get(timeout=5)
    assert client[1].apply_sync(int, 5) == 5
    assert clusters.start_engines(1).engines_total == 2


def test_information_never_waits_for_engines(clusters):
    """Busy and frozen engines are told as such, and the answer comes at once."""
    info = clusters.start_engines(2)
    connect(clusters)[0].apply(time.sleep, 60)
    os.kill(info.engines[1].pid, signal.SIGSTOP)
    assert wait_until(lambda: clusters.info().engines[0].state == "busy", 5)
    start = time.monotonic()
    told = clusters.info()
    assert time.monotonic() - start < 1
    assert [engine.state for engine in told.engines] == ["busy", "unresponsive"]
    start = time.monotonic()
    report = clusters.cleanup()
    assert time.monotonic() - start < 8
    outcomes = {row["id"]: row["outcome"] for row in report.processes if row["kind"] == "engine"}
    assert outcomes == {0: "terminated", 1: "killed"}


def test_frozen_for_three_seconds_is_kept(clusters):
    """An engine that was stopped for 3 s and goes on is still registered and works."""
    info = clusters.start_engines(1)
    os.kill(info.engines[0].pid, signal.SIGSTOP)
    time.sleep(3)
    os.kill(info.engines[0].pid, signal.SIGCONT)
    assert connect(clusters)[0].apply_sync(int, 4) == 4
    assert clusters.info().engines[0].state == "idle"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_controller_is_seen_and_replaced(clusters, isolated_home, number):
    """Without its controller a cluster failed: no orphan stays, and a new start works."""
    info = clusters.start_engines(2)
    assert info.controller is not None
    os.kill(info.controller.pid, number)
    start = time.monotonic()
    assert wait_until(lambda: clusters.info().state == "failed", 5)
    told = clusters.info()
    assert any(problem.where == "controller" for problem in told.problems)
    assert wait_until(lambda: clusters.info().engines_total == 0, 5)
    assert time.monotonic() - start < 5
    again = clusters.start_engines(1)
    assert (again.state, again.engines_total) == ("running", 1)
    assert connect(clusters)[:].apply_sync(int, 6) == [6]


def test_killed_supervisor_is_replaced(clusters, supervisor_pid):
    """kill -9 of the supervisor loses nothing: the next one adopts what lives, and ends it."""
    before = clusters.start_engines(2)
    client = connect(clusters)
    killed = supervisor_pid()
    os.kill(killed, signal.SIGKILL)
    assert client[:].apply_sync(int, 7) == [7, 7]
    after = clusters.info()
    assert supervisor_pid() != killed
    assert [(e.id, e.pid, e.state) for e in after.engines] == [
        (e.id, e.pid, "idle") for e in before.engines
    ]
    assert (after.engines_started_here, after.controller) == (2, before.controller)
    os.kill(after.engines[0].pid, signal.SIGKILL)
    assert wait_until(lambda: clusters.info().engines_total == 1, 2)
    assert clusters.start_engines(1).engines_total == 2
    report = clusters.cleanup()
    assert {row["outcome"] for row in report.processes} == {"terminated"}
    assert clusters.info().state == "stopped"


@pytest.mark.parametrize("content", ["{", '{"version": 99}', '{"version": 1, "processes": [3]}'])
def test_broken_record_is_told_and_survived(clusters, isolated_home, content):
    """A record that can't be trusted counts as absent; starting works and rewrites it."""
    host = socket.gethostname()
    record = locate_profile("default") / "security" / f"parflow-default@{host}.json"
    record.write_text(content)
    record.chmod(0o600)
    info = clusters.start_engines(1)
    assert info.engines_total == 1
    if content != '{"version": 1, "processes": [3]}':
        assert [problem.where for problem in info.problems] == ["earlier record"]
    assert str(os.getpid()) in record.read_text()


def _write_controller_files(port, location=None):
    profile = locate_profile("default")
    content = {
        "interface": "tcp://127.0.0.1",
        "location": location or socket.gethostname(),
        "key": "k",
        "registration": port,
        "control": port,
        **dict.fromkeys(("notification", "mux", "task", "iopub", "broadcast"), port),
        "task_scheme": "leastload",
        "signature_scheme": "hmac-sha256",
        "pack": "json",
        "unpack": "json",
    }
    for who in ("client", "engine"):
        write_private_json(connection_path(profile, "", who), content)


def test_stale_connection_files_are_replaced(clusters):
    """Files of a controller that is gone neither count as running nor hinder a start."""
    port = next_port()
    _write_controller_files(port)
    assert clusters.info().state == "stopped"
    assert clusters.start_engines(1).state == "running"
    clusters.cleanup()
    _write_controller_files(port)
    clusters.shutdown()
    assert not connection_path(locate_profile("default"), "", "client").exists()


def test_the_controller_of_another_host_is_named_and_left_alone(clusters):
    """On a shared home, another host's controller is neither overwritten nor taken for dead."""
    _write_controller_files(1, location="another-host")
    path = connection_path(locate_profile("default"), "", "client")
    before = path.read_text()
    with pytest.raises(ControllerSilentError, match="another-host"):
        clusters.start_engines(1)
    clusters.shutdown()
    assert path.read_text() == before


def test_frozen_controller(clusters):
    """A controller that is stopped is told within two seconds, and cleaned up within eight."""
    info = clusters.start_engines(1)
    os.kill(info.controller.pid, signal.SIGSTOP)
    start = time.monotonic()
    told = clusters.info()
    assert time.monotonic() - start < 2
    assert not told.connected
    assert any("does not answer" in problem.what for problem in told.problems)
    os.kill(info.controller.pid, signal.SIGCONT)
    assert clusters.info().connected
    os.kill(info.controller.pid, signal.SIGSTOP)
    start = time.monotonic()
    outcomes = {row["kind"]: row["outcome"] for row in clusters.cleanup().processes}
    assert time.monotonic() - start < 8
    assert outcomes == {"engine": "terminated", "controller": "killed"}


def test_silent_controller_is_told(clusters):
    """A controller that accepts but never answers is an error that says what to do."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        _write_controller_files(silent.getsockname()[1])
        start = time.monotonic()
        with pytest.raises(ControllerSilentError, match="did not answer"):
            clusters.start_engines(1)
        assert time.monotonic() - start < 10
        told = clusters.info()
        assert not told.connected
        assert any("does not answer" in problem.what for problem in told.problems)
        with pytest.raises(ShutdownRefusedError):
            clusters.shutdown()
        with pytest.raises(ControllerSilentError):
            connect(clusters, timeout=0.5)


def test_an_engine_that_dies_at_start_is_told(clusters, isolated_home):
    """When configuration ends every engine at its start, the error holds the log's last lines."""
    profile = locate_profile("default")
    (profile / "ipengine_config.py").write_text(
        "import os, sys\nprint('the disk is on fire', flush=True)\nos._exit(7)\n"
    )
    with pytest.raises(Exception, match="exit code 7") as caught:
        clusters.start_engines(2)
    assert "the disk is on fire" in str(caught.value)
    assert clusters.info().engines_total == 0


def test_children_of_an_engine_end_with_it(clusters, isolated_home):
    """What a task left running ends with its engine, also when that is killed."""
    info = clusters.start_engines(2)

    def leave_a_child():
        import subprocess

        return subprocess.Popen(["sleep", "300"]).pid

    children = connect(clusters)[:].apply_sync(leave_a_child)
    assert set(children) < set(processes_of(isolated_home))
    os.kill(info.engines[0].pid, signal.SIGKILL)
    assert wait_until(lambda: len(set(children) & set(processes_of(isolated_home))) == 1, 2)
    clusters.cleanup()
    assert wait_until(lambda: not set(children) & set(processes_of(isolated_home)), 2)


def test_many_requests_at_once(clusters):
    """A hundred askers at the same moment are all answered."""
    clusters.start_engines(1)
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: clusters.info().engines_total, range(100)))
    assert answers == [1] * 100


def test_no_one_waits_for_inherited_pipes(run_python, isolated_home):
    """Who captures the output of a script gets it when the script ends, not the engines."""
    start = time.monotonic()
    script = run_python("""
        from parflow_jupyter.clusters import Clusters
        clusters = Clusters()
        clusters.start_engines(1)
        clusters.cleanup(terminate=False)
    """)
    script.communicate(timeout=30)
    assert time.monotonic() - start < 30
    assert processes_of(isolated_home)
    from parflow_jupyter.clusters import Clusters

    handle = Clusters()
    handle.shutdown()
    handle.close()


def test_a_controller_of_many_processes_leaves_none(clusters, isolated_home):
    """Where the profile asks for scheduler processes, they end with a killed controller."""
    (locate_profile("default") / "ipcontroller_config.py").write_text(
        "c.IPController.use_threads = False\n"
    )
    info = clusters.start_engines(1)
    assert connect(clusters)[0].apply_sync(int, 2) == 2
    many = len(processes_of(isolated_home))
    assert many > 6
    os.kill(info.controller.pid, signal.SIGKILL)
    # The supervisor and its fork server stay for a while.
    assert wait_until(lambda: len(processes_of(isolated_home)) <= 2, 5)
