"""What a process of ours left behind is ended, and nobody else's process ever."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

from process_helpers import wait_until

from parflow_jupyter._system.process import identity_of
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.supervisor.control.ended import end_group

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
LEAVES_ONE = f"import subprocess; print(subprocess.Popen({SLEEP!r}).pid, flush=True)"


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_stranger_with_the_number_of_a_dead_process_is_let_alone():
    """It leads a group of its own, under the number that was ours."""
    with subprocess.Popen(SLEEP, start_new_session=True) as stranger:
        ours = identity_of(stranger.pid)
        end_group(replace(ours, start_time=ours.start_time - 1))
        time.sleep(0.2)
        assert stranger.poll() is None
        end_group(ours)
        assert stranger.wait(10) == -signal.SIGKILL


def test_what_a_dead_process_left_is_ended():
    """Its number is nobody's, but its group is still there."""
    command = [sys.executable, "-c", LEAVES_ONE]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as leader:
        ours = identity_of(leader.pid)
        left = int(leader.stdout.readline())
        assert leader.wait(10) == 0
        assert _lives(left)
        end_group(ours)
        assert wait_until(lambda: not _lives(left), 10)


def test_what_an_engine_started_ends_with_it(clusters):
    """Before the number of the engine can be given to anybody else."""
    clusters.start_engines(1)
    view = connect(clusters)[0]

    def start():
        import subprocess
        import sys

        sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
        return subprocess.Popen(sleep).pid

    left, engine = view.apply_sync(start), view.apply_sync(os.getpid)
    assert _lives(left)
    os.kill(engine, signal.SIGKILL)
    assert wait_until(lambda: not _lives(left), 10)
