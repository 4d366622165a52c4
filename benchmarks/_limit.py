"""The limit of uneven items: two bare processes, each with its half of the best static split.

Nothing is sent or balanced there while the items run: no map can be faster on two slots.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from typing import Any

from _peers import SLOTS, Contender
from _rows import OURS, Row

GOALS = {"sleeping": 0.97, "computing": 0.95}


def best_split(items: list[Any]) -> list[list[Any]]:
    """Return the items in as many lists as there are slots, of the same sum as nearly as can be.

    Example:
        >>> best_split([5, 4, 3, 2])
        [[5, 2], [4, 3]]
    """
    parts: list[list[Any]] = [[] for _ in range(SLOTS)]
    for item in sorted(items, reverse=True):
        min(parts, key=sum).append(item)
    return parts


def _work(line: Any) -> None:
    function, items = line.recv()
    line.send("ready")
    line.recv()
    for item in items:
        function(item)
    line.send("done")


class BareProcesses:
    """Processes that have their items before the clock starts; new ones for each round."""

    def __init__(self, function: Callable[[Any], Any], items: list[Any]) -> None:
        context = multiprocessing.get_context("forkserver")
        self._lines, self._processes = [], []
        for part in best_split(items):
            mine, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            mine.send((function, part))
            self._lines.append(mine)
            self._processes.append(process)
        for line in self._lines:
            line.recv()

    def run(self) -> float:
        """Return the seconds until all are done."""
        start = time.perf_counter()
        for line in self._lines:
            line.send("go")
        for line in self._lines:
            line.recv()
        seconds = time.perf_counter() - start
        for process in self._processes:
            process.join()
        return seconds


def share_of_limit(row: Row, found: dict[str, Contender], rounds: int) -> None:
    """Print which share of the limit each contender reaches, all taking turns with the limit."""
    taking_part = [name for name in found if name not in (*row.left_out, "serial, for comparison")]
    shares: dict[str, list[float]] = {name: [] for name in taking_part}
    limits = []
    expected = [row.function(item) for item in row.items]
    for _ in range(rounds):
        for name in taking_part:
            bare = BareProcesses(row.function, row.items).run()
            start = time.perf_counter()
            values = found[name](row.function, row.items)
            shares[name].append(bare / (time.perf_counter() - start))
            limits.append(bare)
            if values != expected:
                raise SystemExit(f"{name} returned something else for {row.title}")
    print(f"\n{row.title}: share of the limit, medians of {rounds} rounds")
    print(f"  {'two bare processes, best split':<38} {statistics.median(limits):9.4f} s")
    for name, measured in shares.items():
        print(f"  {name:<38} {statistics.median(measured):9.3f}")
    reached, goal = statistics.median(shares[OURS]), GOALS[row.name]
    verdict = "met" if reached >= goal else f"missed by {goal - reached:.3f}"
    print(f"  goal: {OURS} at least {goal:.2f} of the limit: {verdict} ({reached:.3f})")
