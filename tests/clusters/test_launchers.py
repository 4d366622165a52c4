"""Engines by ipyparallel's launchers, for real where their programs are installed."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest
from process_helpers import busy_with_sleep, processes_of, wait_until

from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.connection_files import connection_path, read_connection
from parflow_jupyter.clusters.files.profiles import configured_launcher, locate_profile
from parflow_jupyter.errors import ConflictError, EngineStartError, InvalidInputError

needs_mpi = pytest.mark.skipif(
    shutil.which("mpiexec") is None or importlib.util.find_spec("mpi4py") is None,
    reason="mpiexec or mpi4py is not installed",
)


@pytest.fixture
def mpi(isolated_home):
    """A profile with which MPI runs on a small machine, also as root."""
    os.environ["OMPI_ALLOW_RUN_AS_ROOT"] = os.environ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    profile = locate_profile("default")
    (profile / "ipcluster_config.py").write_text(
        "c.MPIEngineSetLauncher.mpi_args = ['--oversubscribe']\n"
        "c.MPIEngineSetLauncher.environment = {'FROM_PROFILE': 'yes'}\n"
    )
    return profile


def key_in_arguments(home):
    """Return the commands of a home that show the controller's key."""
    connection = read_connection(connection_path(locate_profile("default"), "", "client"))
    arguments = {
        pid: Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in processes_of(home)
    }
    return [text for text in arguments.values() if connection["key"] in text]


def rank():
    """Return what MPI says of this engine, and what the profile configured."""
    import os

    from mpi4py import MPI

    return MPI.COMM_WORLD.Get_rank(), MPI.COMM_WORLD.Get_size(), os.environ["FROM_PROFILE"]


@needs_mpi
@pytest.mark.timeout(120)
def test_mpi_engines_work_beside_local_ones(clusters, mpi, isolated_home):
    """They are one MPI world, known by pid and host, counted as started here, and all end."""
    events = []
    info = clusters.start_engines(2, launcher="mpi", listener=events.append)
    assert (info.engines_started_here, info.engines_total, info.problems) == (2, 2, [])
    assert {engine.launcher for engine in info.engines} == {"mpi"}
    assert {engine.host for engine in info.engines} == {socket.gethostname()}
    assert {engine.pid for engine in info.engines} < set(processes_of(isolated_home))
    assert [event.done for event in events][-1] == 2
    assert sorted(connect(clusters)[:].apply_sync(rank)) == [(0, 2, "yes"), (1, 2, "yes")]
    first = info.engines[0].id
    busy = busy_with_sleep(connect(clusters), first, isolated_home / "told")
    assert wait_until(lambda: clusters.info().engines[0].state == "busy", 15)
    clusters.interrupt_engine(first)
    with pytest.raises(Exception, match="KeyboardInterrupt"):
        busy.get(timeout=15)
    for end in (clusters.stop_engine, clusters.replace_engine):
        with pytest.raises(ConflictError, match=r"one of 2 in one world.*clean up and start"):
            end(info.engines[0].id)
    assert key_in_arguments(isolated_home) == []
    more = clusters.start_engines(1, launcher="local")
    assert sorted(engine.launcher for engine in more.engines) == ["local", "mpi", "mpi"]
    report = clusters.cleanup()
    assert {row["outcome"] for row in report.processes} == {"terminated"}
    pids = {engine.pid for engine in info.engines}
    assert wait_until(lambda: not pids & set(processes_of(isolated_home)), 10)
    assert clusters.info().state == "stopped"


@needs_mpi
@pytest.mark.timeout(120)
def test_mpi_engines_survive_the_supervisor_and_die_together(clusters, mpi, supervisor_pid):
    """kill -9 of the supervisor: adopted. kill -9 of one engine: MPI ends all, which is told."""
    info = clusters.start_engines(2, launcher="mpi")
    os.kill(supervisor_pid(), signal.SIGKILL)
    assert wait_until(lambda: clusters.info().engines_started_here == 2, 10)
    os.kill(info.engines[0].pid, signal.SIGKILL)
    assert wait_until(lambda: clusters.info().engines_total == 0, 15)
    assert wait_until(
        lambda: "launcher mpi" in [problem.where for problem in clusters.info().problems], 15
    )
    assert clusters.start_engines(1, launcher="local").engines_total == 1


@needs_mpi
@pytest.mark.timeout(120)
def test_engines_do_not_outlive_a_killed_launcher(clusters, mpi, isolated_home):
    """kill -9 of the process that drives MPI: its engines are asked to end, and do."""
    info = clusters.start_engines(2, launcher="mpi")
    engines = {engine.pid for engine in info.engines}
    host = socket.gethostname()
    record = json.loads((mpi / "security" / f"parflow-default@{host}.json").read_text())
    driver = next(item for item in record["processes"] if item["kind"] == "engine-set")
    os.kill(driver["identity"]["pid"], signal.SIGKILL)
    assert wait_until(lambda: clusters.info().engines_total == 0, 5)
    assert wait_until(lambda: not engines & set(processes_of(isolated_home)), 15)


@needs_mpi
@pytest.mark.usefixtures("mpi")
def test_the_lease_of_engines_that_work_goes_on(run_python, isolated_home, monkeypatch):
    """Engines of a launcher tell by their queue alone that a crashed server's work goes on."""
    monkeypatch.setenv("PARFLOW_LEASE_SECONDS", "1")
    finished = isolated_home / "finished"
    server = run_python(
        """
        import sys, time
        from parflow_jupyter.clusters import Clusters
        from parflow_jupyter.clusters.client.connection import connect

        def work(path):
            time.sleep(5)
            open(path, "w").close()

        clusters = Clusters(kind="server")
        clusters.start_engines(1, launcher="mpi")
        connect(clusters)[0].apply_async(work, sys.argv[1])
        time.sleep(0.5)
        print("working", flush=True)
        sys.stdin.readline()
        """,
        str(finished),
    )
    assert server.stdout.readline().strip() == "working"
    server.kill()
    server.wait(10)
    assert wait_until(lambda: not processes_of(isolated_home), 30)
    assert finished.exists()


@needs_mpi
@pytest.mark.timeout(120)
def test_what_mpi_says_when_it_fails_is_told(clusters, mpi):
    """The error holds the last lines of the launcher's log."""
    (mpi / "ipcluster_config.py").write_text("c.MPIEngineSetLauncher.mpi_args = ['--no-such']\n")
    with pytest.raises(EngineStartError, match="no-such"):
        clusters.start_engines(2, launcher="mpi", timeout=30)
    assert clusters.info().state == "stopped"
    assert [log.process for log in clusters.logs().logs] == ["controller", "launcher", "supervisor"]
    assert "no-such" in str(clusters.logs())


def test_a_controller_on_this_host_only_refuses_engines_elsewhere(clusters):
    """The message says what to do, and what runs goes on."""
    clusters.start_engines(1)
    with pytest.raises(ConflictError, match="start with this launcher first"):
        clusters.start_engines(1, launcher="ssh")
    assert connect(clusters)[:].apply_sync(int, 1) == [1]


SSH = """
c.SSHEngineSetLauncher.engines = {'nowhere': 2}
c.SSHLauncher.ssh_cmd = ['sh', '-c', 'sleep 60']
"""


def test_a_controller_for_engines_elsewhere_listens_and_is_encrypted(clusters, isolated_home):
    """Named first, a launcher of other hosts makes the controller reachable, with CURVE."""
    profile = locate_profile("default")
    (profile / "ipcluster_config.py").write_text(SSH)
    begun = clusters.begin_start_engines(1, launcher="ssh")
    path = connection_path(profile, "", "client")
    assert wait_until(lambda: read_connection(path), 10)
    connection = read_connection(path)
    assert "127." not in connection["interface"]
    assert len(connection["curve_serverkey"]) == 40
    assert wait_until(lambda: "sleep 60" in str(processes_of(isolated_home)), 10)
    # The host never answers. Cancelled, nobody waits for it.
    before = time.monotonic()
    assert clusters.cancel_operation(begun.id).state == "cancelled"
    assert time.monotonic() - before < 8
    assert "sleep 60" not in str(processes_of(isolated_home))
    # Engines of this host join, encrypted, too.
    assert clusters.start_engines(1, launcher="local").engines_total == 1
    assert connect(clusters)[:].apply_sync(int, 2) == [2]


def test_more_engines_than_the_profile_has_places_for_are_refused(clusters):
    """At once, with what to configure, and without asking any host."""
    profile = locate_profile("default")
    for text, told in ((SSH, "places for 2 engines, and 3"), ("", "places for 0 engines")):
        (profile / "ipcluster_config.py").write_text(text)
        with pytest.raises(EngineStartError, match=told):
            clusters.start_engines(3, launcher="ssh")
    assert clusters.info().state == "stopped"


def test_unknown_launchers_are_refused_with_the_known_ones(clusters):
    """Both by name, and as the profile configures."""
    with pytest.raises(InvalidInputError, match=r"local.*mpi.*slurm.*ssh"):
        clusters.start_engines(1, launcher="teleport")
    profile = locate_profile("default")
    file = profile / "ipcluster_config.py"
    for text, expected in (
        ("'slurm'", "slurm"),
        ("'ipyparallel.cluster.launcher.SSHEngineSetLauncher'", "ssh"),
        ("'LocalEngineSetLauncher'", None),
    ):
        file.write_text(f"c.Cluster.engine_launcher_class = {text}\n")
        assert configured_launcher(profile) == expected
