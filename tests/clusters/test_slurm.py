"""Engines by Slurm, for real: its daemons run on this host for the test."""

import os
import subprocess
from pathlib import Path

import pytest
from process_helpers import processes_of, wait_until
from slurm_host import MISSING, slurm_host

from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.connection_files import connection_path, read_connection
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import EngineStartError

pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def slurm(isolated_home):
    """Run Slurm, and let the profile use it; return a function that lists its jobs."""
    profile = locate_profile("default")
    lines = ["c.SlurmEngineSetLauncher.timelimit = '10'", "c.Cluster.engine_launcher_class='slurm'"]
    (profile / "ipcluster_config.py").write_text("\n".join(lines))
    with slurm_host(isolated_home / "slurm") as (configuration, complaint):
        if complaint:
            pytest.skip(f"Slurm does not come up on this host: {complaint}")
        os.environ["SLURM_CONF"] = str(configuration)

        def jobs():
            asked = ["squeue", "-h", "-o", "%j %T %l"]
            said = subprocess.run(asked, capture_output=True, timeout=20, check=True, text=True)
            return said.stdout.split("\n")[:-1]

        yield jobs


def rank():
    return os.environ["SLURM_PROCID"]


def test_slurm_engines(clusters, slurm, isolated_home):
    """A job as the profile says, whose engines work; one that must wait is told and cancelled."""
    info = clusters.start_engines(2, timeout=120)
    assert (info.engines_started_here, info.engines_total, info.problems) == (2, 2, [])
    assert {engine.launcher for engine in info.engines} == {"slurm"}
    assert slurm() == ["ipengine- RUNNING 10:00"]
    client = connect(clusters)
    assert sorted(client[:].apply_sync(rank)) == ["0", "1"]
    assert client[:].apply_sync(os.getpid) == [engine.pid for engine in info.engines]
    connection = read_connection(connection_path(locate_profile("default"), "", "client"))
    assert connection["curve_serverkey"]
    shown = [
        Path(f"/proc/{pid}/{name}").read_bytes().decode()
        for pid in processes_of(isolated_home)
        for name in ("cmdline", "environ")
    ]
    assert not [text for text in shown if connection["key"] in text]

    with pytest.raises(EngineStartError, match="a queue may be full"):
        clusters.start_engines(3, timeout=2)
    assert wait_until(lambda: slurm() == ["ipengine- RUNNING 10:00"], 10, 0.2)

    clusters.stop_engine(0)
    assert client[1].apply_sync(int, 4) == 4
    assert [engine.id for engine in clusters.info().engines] == [1]
    clusters.cleanup()
    assert wait_until(lambda: slurm() == [], 20, 0.2)
    pids = {engine.pid for engine in info.engines}
    assert wait_until(lambda: not pids & set(processes_of(isolated_home)), 20)
