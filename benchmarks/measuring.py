"""What the benchmarks measure with: a home of one's own, and what the processes in it cost."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MARKER = "PARFLOW_BENCHMARK"


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


def cpu_seconds(pids: list[int] | None = None) -> float:
    """Return the CPU time used so far, by everything that was started unless told otherwise."""
    ticks = 0
    for pid in started() if pids is None else pids:
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


def wait_for_end(timeout: float = 30) -> None:
    """Wait until nothing that was started runs, so that the next start is from nothing."""
    deadline = time.monotonic() + timeout
    while started():
        if time.monotonic() > deadline:
            raise SystemExit(f"these processes did not end: {started()}")
        time.sleep(0.05)


@contextmanager
def home() -> Iterator[Path]:
    """A home with a default profile of its own, short enough for sockets."""
    folder = tempfile.mkdtemp(prefix="pfb-", dir="/tmp")
    names = {"IPYTHONDIR": "ipython", "PARFLOW_RUNTIME_DIR": "run"}
    names |= {f"JUPYTER_{kind}_DIR": f"jupyter-{kind.lower()}" for kind in ("CONFIG", "RUNTIME")}
    for variable, name in names.items():
        os.mkdir(f"{folder}/{name}", 0o700)
        os.environ[variable] = f"{folder}/{name}"
    os.environ[MARKER] = folder
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
