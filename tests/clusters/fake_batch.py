"""A stand-in for the commands of PBS, SGE, LSF and HTCondor, called by their names.

It keeps what was submitted, starts the jobs on this host with what the real system would pass
on of the environment, and ends them when they are removed. It lives in the folder of its copies.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(sys.argv[0]).parent
PLAIN = {name: os.environ[name] for name in ("PATH", "HOME", "IPYTHONDIR") if name in os.environ}
ANSWERS = {
    "qsub": "{id}[].fake-pbs",
    "sge/qsub": 'Your job-array {id}.1-{n}:1 ("ipengine") has been submitted',
    "bsub": "Job <{id}> is submitted to default queue <normal>.",
    "condor_submit": "Submitting job(s)\n{n} job(s) submitted to cluster {id}.",
}
COUNTS = {
    "qsub": r"^#PBS -t 1-(\d+)$",
    "sge/qsub": r"^#\$ -t 1-(\d+)$",
    "bsub": r"^\s*#BSUB -J \w+\[1-(\d+)\]$",
    "condor_submit": r"^queue (\d+)$",
}
PASSES_ALL_ON = {"qsub": "#PBS -V", "sge/qsub": "#$ -V", "bsub": "#BSUB -env all"}


def condor_job(text):
    """Return (arguments, environment) of a job description."""
    given = dict(re.findall(r"^(\w+) *= *(.*)$", text, re.MULTILINE))
    environment = given.get("environment", '""').strip()[1:-1].replace('""', '"')
    pairs = re.findall(r"(\w+)='((?:[^']|'')*)'", environment)
    told = {name: value.replace("''", "'") for name, value in pairs}
    return [given["executable"], *shlex.split(given["arguments"].strip()[1:-1])], told


def submit(kind, text):
    number = 100 + len(list(HERE.glob("*.job")))
    (HERE / f"{number}.job").write_text(text)
    count = int(re.search(COUNTS[kind], text, re.MULTILINE).group(1))
    if kind == "condor_submit":
        command, told = condor_job(text)
        environment = {**PLAIN, **told}
    else:
        command = ["sh", "-c", text]
        environment = dict(os.environ) if PASSES_ALL_ON[kind] in text else PLAIN
    with open(HERE / f"{number}.out", "wb") as log:
        jobs = [
            subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, cwd=HERE, start_new_session=True
            )
            for _ in range(count)
        ]
    (HERE / f"{number}.pids").write_text(" ".join(str(job.pid) for job in jobs))
    print(ANSWERS[kind].format(id=number, n=count))
    sys.stdout.flush()
    os._exit(0)


def remove(number):
    for pid in (HERE / f"{number}.pids").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(pid), signal.SIGKILL)
    (HERE / f"{number}.removed").touch()


name, *arguments = Path(sys.argv[0]).name, *sys.argv[1:]
if HERE.name == "sge" and name == "qsub":
    name = "sge/qsub"
if name in ANSWERS:
    submit(name, Path(arguments[0]).read_text() if arguments else sys.stdin.read())
else:
    remove(arguments[0])
