"""Compares kept results with joblib's on this machine, in turn: per item, and hashing alone.

Run: python benchmarks/results.py [--rounds 5] [--items 2000]

A miss computes an item and keeps it, a hit finds it. The function does next to
nothing, so that what is measured is what keeping costs. The times are medians
of several rounds in which both take turns, each with a store of its own that
was empty before. The last column is our time divided by joblib's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

SIZES = {"a number": 0, "10 kB": 10_000, "1 MB": 1_000_000}


def make(item: int, size: int) -> Any:
    """Return a result of about so many bytes."""
    return item * item if not size else bytes([item % 256]) * size


def ours(folder: str, items: range, size: int) -> Callable[[], list[Any]]:
    """Return what maps the items with a checkpoint in a folder."""
    import parflow_jupyter as pf

    os.environ["PARFLOW_DATA_DIR"] = folder
    return lambda: list(
        pf.parallel_map(
            make, items, [size] * len(items), checkpoint="b", scheme="serial", progress=False
        )
    )


def joblibs(folder: str, items: range, size: int) -> Callable[[], list[Any]]:
    """Return what calls a function of joblib.Memory for each item."""
    import joblib

    kept = joblib.SharedMemory(folder, verbose=0).cache(make)
    return lambda: [kept(item, size) for item in items]


def per_item(count: int, size: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return the median seconds per item of a miss and a hit, by contender."""
    times: dict[str, dict[str, list[float]]] = {"miss": {}, "hit": {}}
    items = range(count)
    expected = [make(item, size) for item in items]
    for _ in range(rounds):
        for name, contender in (("parflow_jupyter", ours), ("joblib.Memory", joblibs)):
            folder = tempfile.mkdtemp(prefix="results-")
            try:
                run = contender(folder, items, size)
                for kind in ("miss", "hit"):
                    start = time.perf_counter()
                    found = run()
                    taken = time.perf_counter() - start
                    times[kind].setdefault(name, []).append(taken / count)
                    if found != expected:
                        raise SystemExit(f"{name} returned something else")
            finally:
                shutil.rmtree(folder)
    return {
        kind: {name: statistics.median(measured) for name, measured in by_name.items()}
        for kind, by_name in times.items()
    }


def hashing(rounds: int) -> dict[str, dict[str, float]]:
    """Return the median seconds that hashing large values takes, by contender."""
    import joblib
    import numpy
    import pandas

    from parflow_jupyter.fingerprint.files import FileDigests
    from parflow_jupyter.fingerprint.keys import ItemHasher

    rows = 500_000
    random = numpy.random.default_rng(0)
    frame = pandas.DataFrame({f"x{n}": random.random(rows) for n in range(8)})
    frame["day"] = pandas.date_range("2000", periods=rows, freq="min")
    frame["name"] = [f"row {n}" for n in range(rows)]
    values = {
        "array of 100 MB": random.random(100_000_000 // 8),
        "array of 100 MB, columns first": numpy.asfortranarray(random.random((5_000, 2_500))),
        f"DataFrame, {rows:,} rows, 8 numbers, a date, a text": frame,
    }
    found: dict[str, dict[str, float]] = {}
    for title, value in values.items():
        times: dict[str, list[float]] = {"parflow_jupyter": [], "joblib.hash": []}
        for _ in range(rounds):
            for name, digest in (
                ("parflow_jupyter", ItemHasher(FileDigests()).digest),
                ("joblib.hash", joblib.hash),
            ):
                start = time.perf_counter()
                digest(value)
                times[name].append(time.perf_counter() - start)
        found[title] = {name: statistics.median(measured) for name, measured in times.items()}
    return found


def show(title: str, medians: dict[str, float], rounds: int, unit: float, name: str) -> None:
    """Print the medians of two contenders and their ratio."""
    print(f"\n{title}: medians of {rounds} rounds")
    first, second = medians.values()
    for contender, median in medians.items():
        ratio = f"   ratio {first / second:6.2f}" if contender == "parflow_jupyter" else ""
        print(f"  {contender:<18} {median / unit:10.1f} {name}{ratio}")


def main() -> None:
    """Measure all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--items", type=int, default=2000)
    arguments = parser.parse_args()
    per_item(10, 0, 1)  # loads what both need
    for shown, size in SIZES.items():
        count = arguments.items if size < 1_000_000 else max(1, arguments.items // 10)
        for kind, medians in per_item(count, size, arguments.rounds).items():
            show(f"{kind}, {count} items of {shown}", medians, arguments.rounds, 1e-6, "µs/item")
    for title, medians in hashing(arguments.rounds).items():
        show(f"hashing: {title}", medians, arguments.rounds, 1e-3, "ms")


if __name__ == "__main__":
    main()
