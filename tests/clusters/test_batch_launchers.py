"""Engines by queues: PBS, SGE, LSF and HTCondor, each with a stand-in for its commands."""

import os
import re
import sys
from pathlib import Path

import pytest
from process_helpers import processes_of, wait_until

from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.connection_files import connection_path, read_connection
from parflow_jupyter.clusters.files.profiles import locate_profile

FAKE = (Path(__file__).parent / "fake_batch.py").read_text()
COMMANDS = {
    "pbs": ("qsub", "qdel"),
    "sge": ("qsub", "qdel"),
    "lsf": ("bsub", "bkill"),
    "htcondor": ("condor_submit", "condor_rm"),
}
CLASSES = {"pbs": "PBS", "sge": "SGE", "lsf": "LSF", "htcondor": "HTCondor"}
SCRIPTS = {
    "pbs": [r"#!/bin/sh\n#PBS -t 1-2", r"^#PBS -q fast$", r"^#PBS -V$", "-m ipyparallel.engine"],
    "sge": [r"^#\$ -t 1-1$", r"^#\$ -S /bin/sh$", r"^#\$ -V$", "-m ipyparallel.engine"],
    "lsf": [r"#BSUB -J ipengine\[1-1\]", r"#BSUB -q fast$", "-m ipyparallel.engine"],
    "htcondor": [r"^executable += ipengine$", r"^environment = \"PYTHONPATH='.*'\"$", "^queue 2$"],
}


@pytest.fixture
def queues(isolated_home):
    """Give the profile commands of the four systems; return the folder of each."""
    folders, lines = {}, []
    for system, names in COMMANDS.items():
        folder = folders[system] = isolated_home / "queues" / system
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text(f"#!{sys.executable} -SE\n{FAKE}")
            (folder / name).chmod(0o700)
        submit, delete = (str(folder / name) for name in names)
        lines += [
            f"c.{CLASSES[system]}EngineSetLauncher.submit_command = [{submit!r}]",
            f"c.{CLASSES[system]}EngineSetLauncher.delete_command = [{delete!r}]",
        ]
    lines += [f"c.{CLASSES[system]}EngineSetLauncher.queue = 'fast'" for system in ("pbs", "lsf")]
    (locate_profile("default") / "ipcluster_config.py").write_text("\n".join(lines))
    os.environ["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    return folders


def assert_no_key(home, folders):
    """Queues show everybody what a job is given: scripts, arguments and environment."""
    connection = read_connection(connection_path(locate_profile("default"), "", "client"))
    shown = [path.read_text() for folder in folders.values() for path in folder.glob("*.job")]
    for pid in processes_of(home):
        for name in ("cmdline", "environ"):
            shown.append(Path(f"/proc/{pid}/{name}").read_bytes().decode())
    assert connection["key"]
    assert not [text for text in shown if connection["key"] in text]


@pytest.mark.timeout(180)
def test_jobs_are_submitted_as_the_profile_says_and_removed(clusters, queues, isolated_home):
    """What each system is given; engines of all of them in one cluster; each job removed once."""
    counts = {"pbs": 2, "sge": 1, "lsf": 1, "htcondor": 2}
    for system, count in counts.items():
        info = clusters.start_engines(count, launcher=system, timeout=60)
        assert info.problems == []
        (job,) = queues[system].glob("*.job")
        script = job.read_text()
        assert [part for part in SCRIPTS[system] if not re.search(part, script, re.M)] == []
    assert sorted(engine.launcher for engine in info.engines) == sorted(
        system for system, count in counts.items() for _ in range(count)
    )
    assert connect(clusters)[:].apply_sync(int, 1) == [1] * 6
    assert_no_key(isolated_home, queues)

    alone = next(engine.id for engine in info.engines if engine.launcher == "sge")
    clusters.stop_engine(alone)
    # The last engine of a set: the queue would never say so, and its job is removed.
    assert wait_until(lambda: list(queues["sge"].glob("*.removed")), 20)
    assert clusters.info().engines_total == 5
    clusters.cleanup()
    for folder in queues.values():
        assert [path.stem for path in folder.glob("*.removed")] == [
            path.stem for path in folder.glob("*.job")
        ]
    assert not list((locate_profile("default") / "log").glob("*.batch"))


def test_a_queue_that_refuses_is_told(clusters, queues):
    """With the last words of the command, and nothing is left running."""
    (queues["lsf"] / "bsub").write_text("#!/bin/sh\necho 'No such queue: fast' >&2\nexit 255\n")
    with pytest.raises(Exception, match="No such queue: fast"):
        clusters.start_engines(1, launcher="lsf", timeout=30)
    assert clusters.info().state == "stopped"
