"""Slurm on this host alone, for one test: munged, slurmctld and one slurmd, in a folder."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ports import next_port
from process_helpers import wait_until

_PATH = "/usr/sbin:/sbin:" + os.environ.get("PATH", "")
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "sinfo")
MISSING = [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]

_CONFIGURATION = """
ClusterName=parflow
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
KillWait=2
MinJobAge=10
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 Port={node_port} CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=short Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def _write_configuration(folder: Path) -> Path:
    for name in ("munge", "state", "spool"):
        (folder / name).mkdir(mode=0o700, parents=True)
    key = folder / "munge" / "key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    ports = [next_port(), next_port()]
    text = _CONFIGURATION.format(
        folder=folder,
        host=socket.gethostname(),
        user=getpass.getuser(),
        controller_port=ports[0],
        node_port=ports[1],
    )
    path = folder / "slurm.conf"
    path.write_text(text)
    return path


@contextlib.contextmanager
def slurm_host(folder: Path) -> Iterator[tuple[Path, str]]:
    """Run the daemons; yield the configuration file, and what they said if no node came up."""
    configuration = _write_configuration(folder)
    environment = {**os.environ, "PATH": _PATH, "SLURM_CONF": str(configuration)}
    munge = ["munged", "--force", "--foreground", f"--key-file={folder}/munge/key"]
    munge += [f"--socket={folder}/munge.socket", f"--pid-file={folder}/munge/pid"]
    munge += [f"--log-file={folder}/munge/log", f"--seed-file={folder}/munge/seed"]
    commands = [munge, ["slurmctld", "-D", "-c"], ["slurmd", "-D", "-c"]]
    daemons: list[subprocess.Popen[bytes]] = []

    def is_ready() -> bool:
        asked = subprocess.run(
            ["sinfo", "-hN", "-o", "%T"], env=environment, capture_output=True, timeout=20
        )
        return asked.stdout.strip() == b"idle"

    with open(folder / "daemons.log", "wb") as log:
        try:
            for command in commands:
                started = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
                daemons.append(started)
                if command is munge:
                    wait_until((folder / "munge.socket").exists, 10)
            ready = wait_until(is_ready, 30, 0.1)
            yield configuration, "" if ready else (folder / "daemons.log").read_text()[-500:]
        finally:
            for daemon in reversed(daemons):
                daemon.terminate()
                try:
                    daemon.wait(10)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait(10)
