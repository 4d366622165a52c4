"""Controllers and engines that were not started by us: shown, used, and only ended on request."""

import socket
import subprocess
import sys

import pytest
from ports import controller_ports
from process_helpers import wait_until

from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.profiles import locate_profile


@pytest.fixture
def ipcontroller(isolated_home):
    """A bare ``ipcontroller`` and one ``ipengine`` of the default profile."""
    profile = f"--profile-dir={locate_profile('default')}"
    quiet = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    commands = [
        [
            "ipyparallel.controller",
            controller_ports(),
            "--HeartMonitor.period=500",
            "--IPController.use_threads=True",
        ],
        ["ipyparallel.engine"],
    ]
    started = [
        subprocess.Popen([sys.executable, "-m", *command, profile], **quiet) for command in commands
    ]
    yield started
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def test_a_bare_ipcontroller_is_shown_joined_and_shut_down(clusters, ipcontroller):
    """It is never overwritten; our engines join it; cleanup leaves it; shutdown ends it."""
    assert wait_until(lambda: clusters.info().engines_total == 1, 30)
    info = clusters.info()
    assert (info.state, info.connected, info.engines_started_here) == ("running", True, 0)
    assert info.controller is not None
    assert (info.controller.started_here, info.controller.pid) == (False, None)
    # An engine tells who it is once, when it has registered.
    assert wait_until(lambda: clusters.info().engines[0].pid == ipcontroller[1].pid, 5)
    foreign = clusters.info().engines[0]
    assert (foreign.host, foreign.state) == (socket.gethostname(), "idle")
    assert (foreign.started_here, foreign.launcher) == (False, None)
    assert foreign.rss_bytes > 1e6
    joined = clusters.start_engines(1)
    assert (joined.engines_total, joined.engines_started_here) == (2, 1)
    assert connect(clusters)[:].apply_sync(int, 1) == [1, 1]
    report = clusters.cleanup()
    assert [row["kind"] for row in report.processes] == ["engine"]
    assert wait_until(lambda: clusters.info().engines_total == 1, 5)
    assert ipcontroller[0].poll() is None
    clusters.shutdown()
    assert ipcontroller[0].wait(10) == 0
    assert ipcontroller[1].wait(10) is not None
    assert clusters.info().state == "stopped"
