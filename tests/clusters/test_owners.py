"""Owners: what ends with whom, on real processes."""

import json
import os
import signal
import subprocess

from process_helpers import processes_of, wait_until

from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.connection import connect

FORK = """
    import os, sys
    from parflow_jupyter.clusters import Clusters
    from parflow_jupyter.clusters.client.connection import connect
    clusters = Clusters()
    clusters.start_engines(1)
    assert connect(clusters)[:].apply_sync(int, 8) == [8]
    for works in (False, True):
        child = os.fork()
        if child == 0:
            if works:
                assert connect(Clusters())[:].apply_sync(int, 9) == [9]
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert connect(clusters)[:].apply_sync(int, 7) == [7]
    print("as before", flush=True)
"""

START = """
    import sys
    from parflow_jupyter.clusters import Clusters
    clusters = Clusters(kind=sys.argv[1])
    info = clusters.start_engines(1)
    print(info.engines_started_here, flush=True)
    sys.stdin.readline()
"""


def test_the_end_of_a_script_ends_what_it_started(run_python, isolated_home):
    """A script that just ends leaves nothing behind."""
    script = run_python(START, "process")
    assert script.stdout.readline().strip() == "1"
    script.stdin.write("\n")
    script.stdin.flush()
    assert script.wait(30) == 0
    assert wait_until(lambda: not processes_of(isolated_home), 10)


def test_a_forked_child_connects_anew_and_ends(run_python, isolated_home):
    """It neither uses nor closes its parent's client, whose threads it does not have."""
    script = run_python(FORK)
    assert script.stdout.readline().strip() == "as before"
    assert script.wait(30) == 0
    assert wait_until(lambda: not processes_of(isolated_home), 10)


def test_the_crash_of_a_script_ends_what_it_started(run_python, isolated_home):
    """A killed script leaves nothing behind, either."""
    script = run_python(START, "process")
    assert script.stdout.readline().strip() == "1"
    script.kill()
    script.wait(10)
    assert wait_until(lambda: not processes_of(isolated_home), 10)


def test_the_crash_of_a_server_leaves_its_engines_for_a_while(
    run_python, isolated_home, monkeypatch
):
    """Engines of a crashed server run on, offered for adoption, until their lease ends."""
    monkeypatch.setenv("PARFLOW_LEASE_SECONDS", "3")
    server = run_python(START, "server")
    assert server.stdout.readline().strip() == "1"
    server.kill()
    server.wait(10)
    watcher = Clusters()
    info = watcher.info()
    assert (info.engines_total, info.engines_started_here) == (1, 0)
    assert connect(watcher)[:].apply_sync(int, 8) == [8]
    subprocess.run(["sleep", "0.5"], check=True)
    assert watcher.info().engines_total == 1
    watcher.close()
    assert wait_until(lambda: not processes_of(isolated_home), 15)


def test_a_kernel_belongs_to_its_server(run_python, isolated_home):
    """A kernel shares its server's profile and processes, and its own end ends nothing."""
    server = run_python("""
        import subprocess, sys
        from parflow_jupyter.clusters import Clusters
        clusters = Clusters(kind="server")
        clusters.create_profile("shared")
        clusters.change_profile("shared")
        kernel = '''if True:
            import json
            from parflow_jupyter.clusters import Clusters
            clusters = Clusters()
            info = clusters.start_engines(1)
            print(json.dumps([clusters.current(), info.engines_started_here]))
        '''
        said = subprocess.run([sys.executable, "-c", kernel], capture_output=True, text=True)
        print(said.stdout.strip() or said.stderr, flush=True)
        info = clusters.info()
        print(info.engines_started_here, info.controller.started_here, flush=True)
        sys.stdin.readline()
        clusters.close()
    """)
    assert json.loads(server.stdout.readline()) == [["shared", ""], 1]
    assert server.stdout.readline().strip() == "1 True"
    server.stdin.write("\n")
    server.stdin.flush()
    assert server.wait(30) == 0
    assert wait_until(lambda: not processes_of(isolated_home), 10)


def test_a_controller_is_handed_over(clusters, run_python):
    """When the owner of the controller ends while others have engines there, it stays."""
    other = run_python(START, "process")
    assert other.stdout.readline().strip() == "1"
    info = clusters.start_engines(1)
    assert (info.engines_total, info.engines_started_here) == (2, 1)
    assert not info.controller.started_here
    other.stdin.write("\n")
    other.stdin.flush()
    assert other.wait(30) == 0
    assert wait_until(lambda: clusters.info().engines_total == 1, 5)
    after = clusters.info()
    assert after.controller.started_here
    assert after.controller.pid == info.controller.pid
    assert connect(clusters)[:].apply_sync(int, 9) == [9]


def test_cleanup_touches_only_what_was_started_here(clusters, run_python):
    """The engines of another owner, and the controller they need, are left alone."""
    clusters.start_engines(1)
    other = run_python(START, "process")
    assert other.stdout.readline().strip() == "1"
    report = clusters.cleanup()
    outcomes = {row["kind"]: row["outcome"] for row in report.processes}
    assert outcomes == {"engine": "terminated", "controller": "left running"}
    info = clusters.info()
    assert (info.engines_total, info.engines_started_here) == (1, 0)
    other.send_signal(signal.SIGKILL)
    other.wait(10)


def test_a_forked_child_ends_nothing(clusters):
    """A child of ``os.fork`` that exits does not take its parent's engines along."""
    clusters.start_engines(1)
    script = os.fork()
    if script == 0:
        clusters._close_at_exit()
        os._exit(0)
    os.waitpid(script, 0)
    assert clusters.info().engines_total == 1
