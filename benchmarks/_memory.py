"""Memory of client and controller as maps grow, beyond what the results themselves take.

Each measurement is a process of its own: ``python _memory.py map 200000`` maps so many items on
the engines of the current profile, ``plain 200000`` makes the same list without a map; both print
how much memory they gained, in MB.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import psutil
from _rows import square

GOAL = 20.0
"""MB that client and controller together may grow beyond the results."""


def unique_mb(pid: int | None = None) -> float:
    """Return the memory that is a process's own, in MB."""
    gc.collect()
    return float(psutil.Process(pid).memory_full_info().uss) / 1e6


def plain(count: int) -> float:
    """Return what a list of results takes, in MB."""
    before = unique_mb()
    values = [square(x) for x in range(count)]
    gained = unique_mb() - before
    assert len(values) == count
    return gained


def mapped(count: int) -> float:
    """Return what a map gains in this process while its result is kept, in MB."""
    import parflow_jupyter as pf

    pf.parallel_map(square, range(5_000), scheme="ipyparallel", progress=False)
    before = unique_mb()
    result = pf.parallel_map(square, range(count), scheme="ipyparallel", progress=False)
    gained = unique_mb() - before
    assert len(result) == count
    return gained


def measure(kind: str, count: int) -> float:
    """Return what a process of this file prints."""
    command = [sys.executable, str(Path(__file__)), kind, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return float(done.stdout)


def growth(small: int, large: int) -> None:
    """Print the memory of maps of two sizes, and how much it grows beyond the results."""
    import parflow_jupyter as pf

    controller = pf.cluster_info().controller
    if controller is None:
        raise SystemExit("there is no controller whose memory could be measured")
    print(f"\nMemory beyond the results, from {small:,} to {large:,} items")
    beyond, held = [], []
    for count in (small, large):
        before = unique_mb(controller.pid)
        client = measure("map", count) - measure("plain", count)
        held.append(unique_mb(controller.pid))
        beyond.append(client)
        print(
            f"  {count:>9,} items: client {client:7.1f} MB, controller {held[-1] - before:+7.1f} MB"
        )
    grown = beyond[1] - beyond[0] + held[1] - held[0]
    verdict = "met" if grown <= GOAL else f"missed by {grown - GOAL:.1f} MB"
    print(f"  goal: grows at most {GOAL:.0f} MB: {verdict} ({grown:.1f} MB)")


if __name__ == "__main__":
    print({"plain": plain, "map": mapped}[sys.argv[1]](int(sys.argv[2])))
