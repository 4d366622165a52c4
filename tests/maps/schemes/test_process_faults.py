"""The processes of the scheme of this name, when they or their parent are hit by signals."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from map_helpers import mapped
from process_helpers import wait_until
from scripted import Scripted

from parflow_jupyter.errors import EngineLostError
from parflow_jupyter.maps.schemes import load
from parflow_jupyter.maps.schemes._loky import WORKERS


def two():
    """The scheme, with two processes."""
    return load("processes")(2)


def pids():
    """Return the pids of the two processes; one that is ready earlier may run a whole map."""
    found = set()

    def are_two():
        found.update(mapped(two(), lambda _: time.sleep(0.05) or os.getpid(), range(8), batch=1))
        return len(found) == 2

    assert wait_until(are_two, 60)
    return sorted(found)


def test_a_killed_process_loses_and_doubles_nothing(tmp_path):
    """kill -9 mid-map: it is replaced, and only what it was running is run again."""
    script = Scripted(tmp_path, seconds=0.05)
    first, _ = pids()
    result = mapped(two(), script, range(40), block=False)
    assert wait_until(lambda: result.progress[0] >= 6)
    os.kill(first, signal.SIGKILL)
    assert result.wait(20)
    assert result == list(range(40))
    again = [item for item, count in script.runs().items() if count > 1]
    assert len(again) <= 1
    assert first not in pids()


def test_an_item_that_ends_its_process_is_reported(tmp_path):
    """After its retries, with the others done."""
    script = Scripted(tmp_path, kills={3: 99})
    result = mapped(two(), script, range(8), engine_retries=1, on_error="collect")
    assert [f.index for f in result.errors] == [3]
    assert isinstance(result.errors[0].exception, EngineLostError)
    assert script.runs()[3] == 2


def test_processes_stay_for_the_next_map():
    """They are started once."""
    assert pids() == pids()
    assert len(pids()) == 2


def test_no_more_processes_than_items():
    """One item starts one."""
    WORKERS.close()
    assert mapped(two(), abs, [-1]) == [1]
    assert len(WORKERS._workers) == 1


def test_processes_are_out_of_reach_of_an_interrupt():
    """They are in groups of their own, where a signal to the parent's group does not arrive."""
    assert os.getpgrp() not in {os.getpgid(pid) for pid in pids()}
    for pid in pids():
        os.kill(pid, signal.SIGINT)
    assert mapped(two(), abs, [-1, -2]) == [1, 2]


@pytest.mark.parametrize("ending", ["kill", "exit"])
def test_processes_end_with_their_parent(ending):
    """Whether it is killed in the middle of an item, or comes to its end."""
    code = (
        "import os, sys, time\n"
        "from parflow_jupyter.maps import MapOptions, run_map\n"
        "from parflow_jupyter.maps.schemes import load\n"
        "def item(x):\n"
        "    os.write(1, f'{os.getpid()}\\n'.encode())  # in one piece, as two write\n"
        "    time.sleep(60)\n"
        "options = MapOptions(progress=False, block=False)\n"
        "run_map(item, [range(2)], options=options, schemes=[load('processes')(2)])\n"
        "sys.stdin.readline()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    found = [psutil.Process(int(parent.stdout.readline())) for _ in range(2)]
    if ending == "kill":
        parent.kill()
        parent.stdin.close()
    else:
        parent.stdin.close()
    assert parent.wait(10) == (-9 if ending == "kill" else 0)
    parent.stdout.close()
    _, left = psutil.wait_procs(found, timeout=5)
    assert not left
