"""Whose processes run, who loses what by a cleanup, and where nothing can be left running."""

import json
import os
import subprocess
import sys

import pytest
from process_helpers import processes_of, wait_until

from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.container import ProcessScope, why_nothing_is_left
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import CleanupNeededError, DetachRefusedError

SLURM_STEP = "0::/system.slice/slurmstepd.scope/job_88/step_0/user/task_0\n"
SLURM_OLD = "4:memory:/slurm/uid_1000/job_88/step_batch\n"
SERVICE = "0::/system.slice/jupyter-alice.service\n"


@pytest.mark.parametrize(
    ("seen", "part"),
    [
        (ProcessScope(1, 0, "jupyter-lab"), "container ends with pid 1"),
        (ProcessScope(7, 1, "tini"), "container ends with pid 7"),
        (ProcessScope(7, 1, "systemd"), None),
        (ProcessScope(70, 7, "tini"), None),
        (ProcessScope(70, 7, "systemd", SLURM_STEP), "Slurm job 88 "),
        (ProcessScope(70, 7, "systemd", SLURM_OLD), "Slurm job 88 "),
        (
            ProcessScope(70, 7, "", "", {"SLURM_TASK_PID": "7", "SLURM_JOB_ID": "9"}),
            "Slurm job 9 ",
        ),
        # A shell of salloc is no part of its job.
        (ProcessScope(70, 7, "systemd", "0::/user.slice\n", {"SLURM_JOB_ID": "9"}), None),
        (
            ProcessScope(70, 1, "systemd", SERVICE, {"SYSTEMD_EXEC_PID": "70"}),
            "systemd service jupyter-alice.service",
        ),
        # A script in a service, such as cron's, is not what the service ends with.
        (ProcessScope(71, 70, "systemd", SERVICE, {"SYSTEMD_EXEC_PID": "70"}), None),
        (ProcessScope(1, 0, "sh", "", {"PARFLOW_LEAVE_RUNNING": "always"}), None),
    ],
)
def test_what_the_surroundings_end(seen, part):
    """Containers, systemd services and Slurm jobs, told by what is certain."""
    why = why_nothing_is_left(seen)
    assert (why is None) if part is None else (part in why)


def test_leaving_running_is_refused_with_the_reason(isolated_home, monkeypatch):
    """In a service: the information says so beforehand; terminating works as ever."""
    monkeypatch.delenv("PARFLOW_LEAVE_RUNNING")
    monkeypatch.setenv("SYSTEMD_EXEC_PID", str(os.getpid()))
    clusters = Clusters()
    clusters.create_profile("other")
    clusters.start_engines(1)
    assert "systemd service" in clusters.info().detach_refused
    with pytest.raises(DetachRefusedError, match=r"systemd service.*PARFLOW_LEAVE_RUNNING"):
        clusters.cleanup(terminate=False)
    with pytest.raises(DetachRefusedError):
        clusters.change_profile("other", cleanup="detach")
    assert (clusters.current(), clusters.info().engines_started_here) == (("default", ""), 1)
    assert clusters.change_profile("other", cleanup="terminate").engines_total == 0
    clusters.close()


def test_the_first_process_of_a_container(isolated_home, monkeypatch):
    """A real one: its own pid namespace, whose end takes all along."""
    namespace = ["unshare", "--pid", "--fork", "--mount-proc"]
    try:
        subprocess.run([*namespace, "true"], check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("pid namespaces need root, or a kernel that lets users make them")
    monkeypatch.delenv("PARFLOW_LEAVE_RUNNING")
    code = (
        "from parflow_jupyter.clusters import Clusters\n"
        "clusters = Clusters()\n"
        "clusters.start_engines(1)\n"
        "print(clusters.info().detach_refused, flush=True)\n"
        "import os; os._exit(0)"
    )
    done = subprocess.run(
        [*namespace, sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == (
        "the container ends with pid 1, the process that these belong to"
    ), done.stderr
    assert wait_until(lambda: not processes_of(isolated_home), 5)


SERVER = """
    import json, sys
    from parflow_jupyter.clusters import Clusters
    clusters = Clusters(kind="server")
    clusters.start_engines(1)
    for line in sys.stdin:
        if line == "end\\n":
            clusters.close()
            break
        info = clusters.info()
        print(json.dumps(info.facts()), flush=True)
"""


def test_two_servers_share_a_supervisor_and_see_each_other(
    run_python, isolated_home, supervisor_pid
):
    """Each sees whose the other's engine is; the end of one costs the other nothing."""
    first = run_python(SERVER)
    first.stdin.write("info\n")
    first.stdin.flush()
    alone = json.loads(first.stdout.readline())
    assert alone["engines"][0]["owner"] == f"Jupyter server, pid {first.pid}"
    shared = supervisor_pid()
    second = run_python(SERVER)

    def ask(server):
        server.stdin.write("info\n")
        server.stdin.flush()
        return json.loads(server.stdout.readline())

    seen = ask(second)
    assert supervisor_pid() == shared
    assert (seen["engines_total"], seen["engines_started_here"]) == (2, 1)
    owners = {engine["started_here"]: engine["owner"] for engine in seen["engines"]}
    assert owners == {
        True: f"Jupyter server, pid {second.pid}",
        False: alone["engines"][0]["owner"],
    }
    assert seen["controller"]["owner"] == alone["engines"][0]["owner"]
    # The controller would be handed over: nobody would lose it.
    assert (ask(first)["lost_by_cleanup"], seen["lost_by_cleanup"]) == (0, 0)
    first.stdin.write("end\n")
    first.stdin.flush()
    assert first.wait(30) == 0
    left = ask(second)
    assert (left["engines_total"], left["controller"]["started_here"]) == (1, True)
    second.stdin.write("end\n")
    second.stdin.flush()
    assert second.wait(30) == 0
    assert wait_until(lambda: not processes_of(isolated_home), 10)


def test_engines_that_would_lose_our_controller_are_counted(clusters, isolated_home):
    """An ``ipengine`` that somebody joined: counted before, told after, named by nobody."""
    clusters.create_profile("other")
    clusters.start_engines(1)
    profile = f"--profile-dir={locate_profile('default')}"
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    theirs = subprocess.Popen([sys.executable, "-m", "ipyparallel.engine", profile], **quiet)
    try:
        assert wait_until(lambda: clusters.info().engines_total == 2, 30)
        info = clusters.info()
        assert (info.lost_by_cleanup, info.controller.owner) == (1, f"process, pid {os.getpid()}")
        assert [engine.owner for engine in info.engines if not engine.started_here] == [None]
        with pytest.raises(CleanupNeededError, match="1 engine that others started") as caught:
            clusters.change_profile("other")
        assert caught.value.details["lost"] == 1
        report = clusters.cleanup()
        assert any("1 engine that others started" in item.what for item in report.problems)
    finally:
        theirs.kill()
        theirs.wait(10)
