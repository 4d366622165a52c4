"""Faults of records, disks and servers, and many things at once; faults.py carries them out."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fault_tools import RECORD, RealServer, fault, processes_of, since, supervisor, until

from parflow_jupyter._system.process import identity_of
from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.profiles import locate_profile

# --- records, disks, surroundings -----------------------------------------------------


@fault("a record whose pid is another program's", "cleaned up, the stranger lives")
def _(clusters: Clusters, home: Path) -> float:
    engine = clusters.start_engines(1).engines[0]
    os.kill(supervisor(), signal.SIGKILL)
    os.kill(engine.pid, signal.SIGKILL)
    stranger = subprocess.Popen(["sleep", "60"])
    record = locate_profile("default") / "security" / RECORD
    found = identity_of(stranger.pid).to_dict()
    data = json.loads(record.read_text())
    for process in data["processes"]:
        if process["identity"]["pid"] == engine.pid:
            process["identity"] = {**found, "start_time": found["start_time"] - 1}
    record.write_text(json.dumps(data))
    start = time.monotonic()
    clusters.shutdown()
    took = since(start)
    lives = stranger.poll() is None
    stranger.kill()
    stranger.wait()
    assert lives
    return took


def _broken_record(content: str, uid: int = 0) -> Callable[[Clusters, Path], float]:
    def cause(clusters: Clusters, home: Path) -> float:
        record = locate_profile("default") / "security" / RECORD
        record.write_text(content)
        record.chmod(0o600)
        if uid:
            os.chown(record, uid, uid)
        start = time.monotonic()
        info = clusters.start_engines(1)
        assert (info.engines_total, info.problems[0].where) == (1, "earlier record")
        return since(start)

    return cause


fault("a half-written record", "told, and started")(_broken_record('{"version": 1, "pro'))
fault("a corrupt record", "told, and started")(_broken_record("\0\0\0"))
fault("a record of a later version", "told, and started")(_broken_record('{"version": 99}'))
if os.getuid() == 0:
    fault("a record of another user", "told, and started")(_broken_record("{}", 12345))


@fault("http_proxy set to a dead port", "started, and a task answered")
def _(clusters: Clusters, home: Path) -> float:
    os.environ["http_proxy"] = os.environ["HTTP_PROXY"] = "http://127.0.0.1:9"
    start = time.monotonic()
    clusters.start_engines(1)
    assert connect(clusters)[0].apply_sync(int, 3) == 3
    del os.environ["http_proxy"], os.environ["HTTP_PROXY"]
    return since(start)


MOUNTED = """
import subprocess, sys, time
from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import ParflowError
kind, folder = sys.argv[1:]
def mount(*options):
    subprocess.run(["mount", *options, folder], check=True)
if kind == "full":
    mount("-t", "tmpfs", "-o", "size=2m,mode=700", "none")
    if folder.endswith("ipython"):
        locate_profile("default")
    try:
        with open(folder + "/fill", "wb", buffering=0) as file:
            while file.write(bytes(4096)): pass
    except OSError: pass
else:
    mount("--bind", folder)
    mount("-o", "remount,bind,ro")
clusters = Clusters()
start = time.monotonic()
try:
    clusters.start_engines(1)
except ParflowError as error:
    print(time.monotonic() - start)
"""


def _mounted(kind: str, folder: str) -> Callable[[Clusters, Path], float]:
    def cause(clusters: Clusters, home: Path) -> float:
        command = ["unshare", "-m", "--propagation", "private", sys.executable, "-c", MOUNTED]
        done = subprocess.run([*command, kind, home / folder], capture_output=True, check=True)
        return float(done.stdout)

    return cause


if os.getuid() == 0 and shutil.which("unshare"):
    fault("a full profile folder", "refused, with what to do")(_mounted("full", "ipython"))
    fault("a full runtime folder", "refused, with what to do")(_mounted("full", "run"))
    fault("a read-only home", "refused, with what to do")(_mounted("ro", "ipython"))


# --- many --------------------------------------------------------------------------------


@fault("20 starts and cleanups in a row", "all of it; nothing is left")
def _(clusters: Clusters, home: Path) -> float:
    clusters.start_engines(1)
    clusters.cleanup()
    before = set(processes_of(home)), len(os.listdir("/proc/self/fd")), threading.active_count()
    start = time.monotonic()
    for _ in range(20):
        clusters.start_engines(1)
        clusters.cleanup()
    took = since(start)
    until(lambda: set(processes_of(home)) == before[0])
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before[1:]
    return took


@fault("100 requests to a supervisor at once", "all answered")
def _(clusters: Clusters, home: Path) -> float:
    clusters.start_engines(1)
    start = time.monotonic()
    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(lambda _: clusters.info().engines_total, range(100))) == {1}
    return since(start)


# --- the Jupyter server ----------------------------------------------------------------------


@contextlib.contextmanager
def stalls(server: RealServer) -> Iterator[list[float]]:
    """Keep asking for the server's status; the longest wait is in the list at the end."""
    longest, goes_on = [0.0], [True]

    def look() -> None:
        while goes_on[0]:
            start = time.monotonic()
            server.ask("api/status")
            longest[0] = max(longest[0], since(start))

    thread = threading.Thread(target=look)
    thread.start()
    yield longest
    goes_on[0] = False
    thread.join()


@fault("a server stops a cluster with a frozen engine", "", 15)
def _(clusters: Clusters, home: Path) -> dict[str, float]:
    server, found = RealServer(home), {}
    try:
        for name, freeze in (("control run", False), ("frozen", True)):
            engines = server.start_engines(2)["engines"]
            if freeze:
                os.kill(engines[0]["pid"], signal.SIGSTOP)
            with stalls(server) as longest:
                start = time.monotonic()
                server.finished(server.ask("parflow/cluster/shutdown", "POST"))
                found[f"cluster gone, {name}"] = since(start)
            found[f"longest stall, {name}"] = longest[0]
    finally:
        server.kill()
    return found


@fault("100 REST requests at once", "all answered")
def _(clusters: Clusters, home: Path) -> float:
    server = RealServer(home)
    try:
        server.start_engines(1)
        start = time.monotonic()
        with ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(lambda _: server.ask("parflow/cluster"), range(100)))
        took = since(start)
        assert {answer["engines_total"] for answer in answers} == {1}
        server.ask("parflow/cluster/cleanup", "POST", {"mode": "terminate"})
    finally:
        server.kill()
    return took


@fault("kill -9 the Jupyter server", "adopted by the next one, from its first answer")
def _(clusters: Clusters, home: Path) -> float:
    first = RealServer(home)
    pid = first.start_engines(1)["engines"][0]["pid"]
    first.end(signal.SIGKILL)
    second = RealServer(home)
    try:
        start = time.monotonic()
        adopted = second.ask("parflow/cluster/adopt", "POST")
        assert [engine["pid"] for engine in adopted["engines"]] == [pid]
        assert adopted["engines_started_here"] == 1
        took = since(start)
        second.end()
    finally:
        second.kill()
    return took


@fault("SIGTERM the Jupyter server", "its cluster is gone", 15)
def _(clusters: Clusters, home: Path) -> float:
    server = RealServer(home)
    engine = server.start_engines(2)["engines"][0]["pid"]
    start = time.monotonic()
    server.end()
    until(lambda: engine not in processes_of(home))
    return since(start)
