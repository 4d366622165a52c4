"""Breaks real clusters in every way we know, and prints how soon it is seen or put right.

Run: python benchmarks/faults.py [--rounds 5] [--only TEXT]

Each fault is caused on real processes, several rounds; each round also checks that nothing is
wrong or left over. Times are in seconds. The server's rows need a free port and take longest;
those on a full disk and a read-only home need root, for mounts in a namespace of their own.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
from dataclasses import dataclass, field

import faults_around  # noqa: F401

# Each fault adds itself to the list.
import faults_inside  # noqa: F401
from fault_tools import FAULTS, Fault, Home

from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.connection import close_all
from parflow_jupyter.errors import ParflowError

# --- the table --------------------------------------------------------------------------------


@dataclass
class Row:
    times: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def carry_out(found: Fault) -> dict[str, float]:
    """Cause a fault once, in a home of its own, in which nothing may be left."""
    home = Home()
    path = home.enter()
    clusters = Clusters()
    try:
        seen = found.cause(clusters, path)
        return seen if isinstance(seen, dict) else {found.measured: seen}
    finally:
        close_all()
        with contextlib.suppress(ParflowError):
            clusters.shutdown()
        clusters.close()
        home.leave()


def measure(found: Fault, rounds: int) -> dict[str, Row]:
    """Cause a fault several times; what went wrong is kept, not raised."""
    rows: dict[str, Row] = {}
    for _ in range(rounds):
        try:
            for what, seconds in carry_out(found).items():
                rows.setdefault(what, Row()).times.append(seconds)
        except Exception as error:
            what = next(iter(rows), found.measured)
            rows.setdefault(what, Row()).failures.append(f"{type(error).__name__}: {error}")
    return rows


def line(found: Fault, what: str, row: Row) -> str:
    """Return a row of the table."""
    worst = max(row.times, default=float("nan"))
    median = statistics.median(row.times) if row.times else float("nan")
    goal = "" if found.goal is None else f"< {found.goal:g}"
    met = "" if found.goal is None else " ok" if worst < found.goal else " MISSED"
    failed = f"  FAILED {len(row.failures)}×: {row.failures[0][:200]}" if row.failures else ""
    return f"{found.name:<46} {what:<48} {median:>7.2f} {worst:>7.2f} {goal:>5}{met}{failed}"


def main() -> None:
    """Measure, and print one row after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="only faults whose name holds this text")
    asked = parser.parse_args()
    os.environ["TMPDIR"] = tempfile.gettempdir()
    print(f"{'fault':<46} {'measured':<48} {'median':>7} {'worst':>7} {'goal':>5}")
    for found in FAULTS:
        if asked.only in found.name:
            for what, row in measure(found, asked.rounds).items():
                print(line(found, what, row), flush=True)


if __name__ == "__main__":
    main()
