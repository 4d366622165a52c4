"""What the sidebar is told of a real cluster besides its engines' states."""

import os
import sys

from parflow_jupyter.clusters.client.engine_owners import ClusterOwners, EngineOwner


def test_owners_logs_and_what_can_be_adopted(clusters):
    """Before the start, while it runs, left running, and adopted again."""
    choices = clusters.start_choices()
    assert 1 <= choices.default <= choices.limit
    assert (choices.launcher, choices.launchers[0].name) == ("local", "local")
    assert clusters.logged_engines() == []

    assert clusters.owners().owners == []
    clusters.start_engines(1)
    here = EngineOwner(0, f"process, pid {os.getpid()}")
    assert clusters.owners() == ClusterOwners([here], 0, 0, None)
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
