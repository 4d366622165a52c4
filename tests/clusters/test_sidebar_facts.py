"""What the sidebar is told of a real cluster besides its engines' states."""

import os
import sys

import pytest

from parflow_jupyter.clusters.surroundings import cannot_detach, why_not_detach
from parflow_jupyter.clusters.whose import ClusterOwners, EngineOwner

USER = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/terminal.service"


def test_owners_logs_and_what_can_be_adopted(clusters):
    """Before the start, while it runs, left running, and adopted again."""
    choices = clusters.start_choices()
    assert 1 <= choices.default <= choices.limit
    assert (choices.launcher, choices.launchers[0].name) == ("local", "local")
    assert clusters.logged_engines() == []

    assert clusters.owners().owners == []
    clusters.start_engines(1)
    here = EngineOwner(0, f"process with PID {os.getpid()}")
    assert clusters.owners() == ClusterOwners([here], 0, cannot_detach())
    assert clusters.logged_engines() == [0]

    clusters.cleanup(terminate=False)
    left = clusters.owners()
    assert (left.adoptable, left.owners) == (2, [])
    assert clusters.adopt().engines_started_here == 1
    assert clusters.owners().owners == [here]

    clusters.stop_engine(0)
    assert clusters.logged_engines() == [0]


def test_a_launcher_that_lacks_its_command_says_so(clusters, monkeypatch):
    """It can still be chosen: a profile may name another command."""
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    notes = {launcher.name: launcher.note for launcher in clusters.start_choices().launchers}
    assert notes["local"] == ""
    assert "sbatch is not on the PATH" in notes["slurm"]


@pytest.mark.parametrize(
    ("environment", "cgroup", "pid", "parent", "first", "named"),
    [
        ({}, "0::/", 1, 0, "jupyter-lab", "container"),
        ({}, "0::/", 7, 1, "dumb-init", "container"),
        ({"SLURM_JOB_ID": "42"}, USER, 99, 80, "systemd", "42"),
        ({}, "0::/system.slice/jupyter-ann.service", 99, 1, "systemd", "jupyter-ann.service"),
        ({}, "1:cpu:/\n0::/system.slice/hub.service/x", 99, 80, "systemd", "hub.service"),
    ],
)
def test_where_nothing_can_be_left_running(environment, cgroup, pid, parent, first, named):
    """The reason names what ends everything."""
    assert named in str(why_not_detach(environment, cgroup, pid, parent, first))


@pytest.mark.parametrize(
    ("cgroup", "parent", "first"),
    [
        ("0::/user.slice/session-2.scope", 80, "systemd"),
        (USER, 80, "systemd"),
        ("0::/", 1, "systemd"),
        ("0::/", 80, "tini"),
        ("", 80, ""),
    ],
)
def test_where_it_can(cgroup, parent, first):
    """A terminal, a desktop, a shell in a container that outlives it."""
    assert why_not_detach({}, cgroup, 99, parent, first) is None
