"""Processes that were left running: told as such, and taken over by who wants them."""

import time

from process_helpers import processes_of, wait_until

from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.connection import connect


def _adoptable(info):
    return [problem for problem in info.problems if "belong" in problem.what]


def test_detached_processes_are_adopted(clusters, isolated_home):
    """They are told as adoptable, then started here, and end with who adopted them."""
    clusters.start_engines(2)
    clusters.cleanup(terminate=False)
    left = clusters.info()
    assert (left.engines_started_here, left.engines_total) == (0, 2)
    (problem,) = _adoptable(left)
    assert problem.what.startswith("3 processes")
    assert "adopt" in problem.fix
    assert clusters.cleanup().processes == []
    taken = clusters.adopt()
    assert (taken.engines_started_here, taken.controller.started_here) == (2, True)
    assert taken.problems == []
    assert connect(clusters)[:].apply_sync(int, 1) == [1, 1]
    assert {row["outcome"] for row in clusters.cleanup().processes} == {"terminated"}


def test_adopting_where_nothing_runs_starts_nothing(clusters, isolated_home):
    """Nothing to adopt is no error."""
    assert clusters.adopt().state == "stopped"
    assert not processes_of(isolated_home)


def test_what_a_crashed_server_left_is_adopted_by_the_next_one(run_python, isolated_home):
    """kill -9 of a server: the next one sees what is left, takes it over and ends it."""
    crashed = run_python("""
        from parflow_jupyter.clusters import Clusters
        clusters = Clusters(kind="server")
        print(clusters.start_engines(1).engines[0].pid, flush=True)
        input()
    """)
    pid = int(crashed.stdout.readline())
    crashed.kill()
    crashed.wait(10)
    server = Clusters(kind="server")
    assert wait_until(lambda: _adoptable(server.info()), 5)
    (problem,) = _adoptable(server.info())
    assert "by itself in 60 min" in problem.what
    adopted = server.adopt()
    assert [(e.pid, e.started_here) for e in adopted.engines] == [(pid, True)]
    assert _adoptable(adopted) == []
    server.close()
    assert wait_until(lambda: pid not in processes_of(isolated_home), 5)


def test_adopted_processes_survive_the_end_of_their_first_owner(run_python, isolated_home):
    """From then on only the new owner counts."""
    first = run_python("""
        from parflow_jupyter.clusters import Clusters
        clusters = Clusters()
        clusters.start_engines(1)
        clusters.cleanup(terminate=False)
        print("detached", flush=True)
        input()
    """)
    assert first.stdout.readline().strip() == "detached"
    second = Clusters()
    assert second.adopt().engines_started_here == 1
    first.communicate("\n", timeout=20)
    time.sleep(0.5)
    assert second.info().engines_started_here == 1
    second.close()
