"""Compares starting, holding and stopping engines with ipyparallel's own Cluster, in turn.

Run: python benchmarks/clusters.py [--rounds 3] [--idle 60]

All contenders take turns in each round, so that a busy machine hits all of them. Times are
in seconds until every engine has answered a task; memory is the proportional set size (PSS) of
all processes that were started, so that shared pages count once. The figures are medians; in
brackets is our figure divided by the contender's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MARKER = "PARFLOW_BENCHMARK"
OURS = "parflow"
Figures = dict[str, list[float]]


# --- what runs, and what it costs --------------------------------------------


def started() -> list[int]:
    """Return the pids of all processes that inherited this benchmark's marker."""
    marker = f"{MARKER}={os.environ[MARKER]}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def pss_mb() -> float:
    """Return the memory of everything that was started, in MB, shared pages counted once."""
    total = 0
    for pid in started():
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def cpu_seconds() -> float:
    """Return the CPU time that everything started has used so far."""
    ticks = 0
    for pid in started():
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def seconds(work: Callable[..., Any], *arguments: Any) -> float:
    """Return how long a call takes."""
    begun = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begun


# --- the contenders ------------------------------------------------------------


class Ours:
    """pf.start_engines, by the handle below it."""

    def __init__(self) -> None:
        from parflow_jupyter.clusters import Clusters

        self.clusters = Clusters()
        self.total = 0

    def start(self, n: int) -> None:
        """Start n engines, or n more, and let each answer."""
        from parflow_jupyter.clusters.connection import connect

        self.total += n
        self.clusters.start_engines(n)
        client = connect(self.clusters)
        client.wait_for_engines(self.total, timeout=60, interactive=False)
        assert client[:].apply_sync(int, 1) == [1] * self.total

    add = start

    def stop(self) -> None:
        """End the engines and the controller; the supervisor stays for a while."""
        from parflow_jupyter.clusters.connection import close_all

        close_all()
        self.clusters.cleanup()
        self.total = 0

    def close(self) -> None:
        """End everything."""
        self.clusters.close()


class Theirs:
    """ipyparallel.Cluster.

    Args:
        arguments: Of the controller, for variants.
    """

    def __init__(self, *arguments: str) -> None:
        self.arguments = list(arguments)

    def start(self, n: int) -> None:
        """Start a controller and n engines, and let each answer."""
        import ipyparallel

        self.total = n
        self.cluster = ipyparallel.Cluster(
            n=n, controller_args=self.arguments, log_level=50, shutdown_atexit=True
        )
        self.client = self.cluster.start_and_connect_sync(n=n)
        assert self.client[:].apply_sync(int, 1) == [1] * n

    def add(self, n: int) -> None:
        """Start n more."""
        self.total += n
        self.cluster.start_engines_sync(n)
        self.client.wait_for_engines(self.total, timeout=60, interactive=False)
        assert self.client[:].apply_sync(int, 1) == [1] * self.total

    def stop(self) -> None:
        """End the cluster."""
        self.client.close()
        self.cluster.stop_cluster_sync()

    def close(self) -> None:
        """Nothing is left to end."""


CONTENDERS: dict[str, Callable[[], Any]] = {
    OURS: Ours,
    "ipyparallel": Theirs,
    "ipyparallel, 500 ms": lambda: Theirs("--HeartMonitor.period=500"),
}


# --- the measurements ------------------------------------------------------------


def measure(make: Callable[[], Any], idle: float, is_ours: bool) -> dict[str, float]:
    """Return the figures of one round of one contender."""
    found = {}
    with home():
        contender = make()
        for n in (2, 8):
            found[f"nothing -> {n} engines, s"] = seconds(contender.start, n)
            before = pss_mb()
            found[f"memory of all at {n} engines, MB"] = before
            if n == 8 and idle:
                spent = cpu_seconds()
                time.sleep(idle)
                found["CPU of 8 idle engines, % of a core"] = (cpu_seconds() - spent) / idle * 100
            if n == 2:
                found["+2 engines, s"] = seconds(contender.add, 2)
                found["memory per added engine, MB"] = (pss_mb() - before) / 2
                found["+8 engines, s"] = seconds(contender.add, 8)
            found[f"stop {12 if n == 2 else 8} engines, s"] = seconds(contender.stop)
            if is_ours:
                found[f"supervisor up -> {n} engines, s"] = seconds(contender.start, n)
                contender.stop()
            contender.close()
            wait_for_end()
            contender = make()
        contender.close()
        wait_for_end()
    return found


def wait_for_end(timeout: float = 30) -> None:
    """Wait until nothing that was started runs, so that the next start is from nothing."""
    deadline = time.monotonic() + timeout
    while started():
        if time.monotonic() > deadline:
            raise SystemExit(f"these processes did not end: {started()}")
        time.sleep(0.05)


@contextmanager
def home() -> Iterator[None]:
    """A home with a default profile of its own, short enough for sockets."""
    folder = tempfile.mkdtemp(prefix="pfb-", dir="/tmp")
    for name in ("run", "ipython"):
        os.mkdir(f"{folder}/{name}", 0o700)
    os.environ.update(IPYTHONDIR=f"{folder}/ipython", PARFLOW_RUNTIME_DIR=f"{folder}/run")
    os.environ[MARKER] = folder
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def table(rounds: list[dict[str, dict[str, float]]]) -> Iterator[str]:
    """Yield the lines of the table of medians."""
    names = list(CONTENDERS)
    medians: dict[str, dict[str, float]] = {}
    for name in names:
        keys = dict.fromkeys(key for one in rounds for key in one[name])
        medians[name] = {key: statistics.median(one[name][key] for one in rounds) for key in keys}
    yield f"{'':38}" + "".join(f"{name:>28}" for name in names)
    for key, ours in medians[OURS].items():
        cells = [f"{ours:.2f}"]
        # With a supervisor up there is nothing to compare with but their start from nothing.
        same = key.replace("supervisor up", "nothing")
        for name in names[1:]:
            theirs = medians[name].get(same)
            cells.append("–" if theirs is None else f"{theirs:.2f} ({ours / theirs:.2f})")
        yield f"{key:38}" + "".join(f"{cell:>28}" for cell in cells)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle", type=float, default=0, help="seconds to watch idle engines")
    arguments = parser.parse_args()
    rounds = []
    for number in range(arguments.rounds):
        measured = {}
        for name, make in CONTENDERS.items():
            print(f"round {number + 1}: {name}", flush=True)
            measured[name] = measure(make, arguments.idle, name == OURS)
        rounds.append(measured)
    print("\n".join(table(rounds)))


if __name__ == "__main__":
    main()
