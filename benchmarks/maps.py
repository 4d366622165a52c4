"""Compares pf.parallel_map with its peers on this machine, in turn, on two slots each.

Run: python benchmarks/maps.py [--quick] [--rounds 5] [--only ROW …] [--sizes 1000 …]

Every contender computes the same list, which is checked. The times are medians of several
rounds in which all take turns, so that a busy machine hits all of them. The last column is our
time divided by the contender's; goals say what was reached, or by how much they were missed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from _limit import GOALS as OF_LIMIT
from _limit import share_of_limit
from _memory import growth
from _peers import SLOTS, Contender, contenders
from _rows import CONTENDERS, OURS, Goal, Row, others, square, tiny
from _share import share_rows

ROWS = ("tiny", "latency", "sleeping", "computing", "bytes", "array", "memory", "costs")
SEED_GOAL = 20.0
"""Microseconds that a seed may cost per item."""


def main() -> None:
    """Measure and print the tables."""
    asked = parsed()
    with contenders(set(CONTENDERS) - set(asked.without), asked.profile) as (found, client):
        rows = [*tiny(asked.sizes), *others(asked.quick)]
        for row in rows:
            if row.name not in asked.only:
                continue
            if row.name in OF_LIMIT:
                share_of_limit(row, found, asked.rounds)
            else:
                compare(row, found, asked.rounds)
        if "array" in asked.only:
            print(f"\nA shared array, beside joblib: medians of {asked.rounds} rounds")
            share_rows(found[OURS], asked.rounds, 20 if asked.quick else 200, 100)
        if "memory" in asked.only:
            growth(*((20_000, 100_000) if asked.quick else (200_000, 1_000_000)))
        if "costs" in asked.only:
            costs(client, asked.rounds, 20_000 if asked.quick else 100_000)


def parsed() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer, lighter items, one round")
    parser.add_argument("--rounds", type=int, help="5, or 1 with --quick")
    parser.add_argument(
        "--only", nargs="+", choices=ROWS, default=ROWS, metavar="ROW", help=", ".join(ROWS)
    )
    parser.add_argument("--sizes", type=int, nargs="*", help="numbers of tiny items")
    parser.add_argument("--without", nargs="*", default=[], choices=CONTENDERS, metavar="NAME")
    parser.add_argument("--profile", help="use this running cluster instead of starting one")
    asked = parser.parse_args()
    asked.rounds = asked.rounds or (1 if asked.quick else 5)
    sizes = [1_000, 10_000] if asked.quick else [1_000, 10_000, 100_000, 1_000_000]
    asked.sizes = sizes if asked.sizes is None else asked.sizes
    return asked


def compare(row: Row, found: dict[str, Contender], rounds: int) -> None:
    """Let the contenders take turns on the same items, and print their medians and the goals."""
    expected = [row.function(item) for item in row.items]
    times: dict[str, list[float]] = {name: [] for name in found if name not in row.left_out}
    for _ in range(rounds):
        for name, measured in times.items():
            start = time.perf_counter()
            values = found[name](row.function, row.items)
            measured.append(time.perf_counter() - start)
            if values != expected:
                raise SystemExit(f"{name} returned something else for {row.title}")
    medians = {name: statistics.median(measured) for name, measured in times.items()}
    print(f"\n{row.title}: medians of {rounds} rounds")
    for name, median in medians.items():
        ratio = f"ratio {medians[OURS] / median:6.2f}" if name != OURS else ""
        print(f"  {name:<38} {median:9.4f} s   {ratio}")
    for goal in row.goals:
        print(f"  {verdict(goal, medians)}")


def verdict(goal: Goal, medians: dict[str, float]) -> str:
    """Return a goal in words, and whether it was met.

    Example:
        >>> verdict(Goal("joblib", 0.5), {OURS: 2.0, "joblib": 5.0})
        'goal: at most 0.50 × joblib: met (0.40)'
        >>> verdict(Goal("joblib", plus=0.06), {OURS: 5.1, "joblib": 5.0})
        'goal: at most joblib and 60 ms: missed by 40.0 ms (100.0 ms more)'
    """
    if goal.than not in medians:
        return f"goal: not looked at, because {goal.than} does not take part"
    ours, theirs = medians[OURS], medians[goal.than]
    if goal.plus:
        over = ours - theirs
        missed = "met" if over <= goal.plus else f"missed by {(over - goal.plus) * 1e3:.1f} ms"
        words = f"{goal.than} and {goal.plus * 1e3:.0f} ms"
        return f"goal: at most {words}: {missed} ({over * 1e3:.1f} ms more)"
    reached = ours / theirs
    missed = "met" if reached <= goal.share else f"missed by {reached - goal.share:.2f}"
    return f"goal: at most {goal.share:.2f} × {goal.than}: {missed} ({reached:.2f})"


def say(x: int) -> int:
    """Return x squared, and print a line."""
    print(x)
    return x * x


def costs(client: Any, rounds: int, count: int) -> None:
    """Print what a seed, printing and a timeout cost per item, in microseconds of one slot."""
    from parflow_jupyter.maps import MapOptions, run_map
    from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme

    scheme, items = IPyParallelScheme(lambda: client), list(range(count))
    options: dict[str, tuple[Any, dict[str, Any]]] = {
        "plain": (square, {}),
        "seed=7": (square, {"seed": 7}),
        "a line printed, and kept": (say, {}),
        "timeout=5": (square, {"timeout": 5}),
    }
    times: dict[str, list[float]] = {name: [] for name in options}
    for _ in range(rounds):
        for name, (function, given) in options.items():
            wanted = MapOptions(progress=False, **given)
            start = time.perf_counter()
            run_map(function, [items], options=wanted, schemes=[scheme])
            times[name].append(time.perf_counter() - start)
    plain = statistics.median(times.pop("plain"))
    print(f"\nCost of options per item, {count:,} items, medians of {rounds} rounds")
    for name, measured in times.items():
        each = (statistics.median(measured) - plain) * SLOTS / count * 1e6
        print(f"  {name:<38} {each:9.2f} µs")
        if name == "seed=7":
            missed = "met" if each <= SEED_GOAL else f"missed by {each - SEED_GOAL:.1f} µs"
            print(f"  goal: a seed at most {SEED_GOAL:.0f} µs: {missed}")


if __name__ == "__main__":
    main()
