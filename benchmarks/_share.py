"""A large array that many items use: ours beside joblib, in turn, on the same number of slots.

Run: python benchmarks/_share.py [--rounds 5] [--megabytes 200] [--items 100]

Three ways to use it: the function refers to it, every item is handed it, and every item reads
all of it. The array is a new one in each round, because joblib takes one that it has seen
before for the same, whatever is in it by now. The last column is our time divided by joblib's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

SLOTS = 2
Job = tuple[str, Callable[[Any], Any], list[Any]]


class ElementOf:
    """A function that refers to a large array."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __call__(self, x: int) -> float:
        """Return an element of the array, and x."""
        return float(self.array[x]) + x


def element(pair: tuple[Any, int]) -> float:
    """Return an element of the array that is handed over."""
    array, x = pair
    return float(array[x]) + x


class SumOf(ElementOf):
    """A function that reads all of a large array."""

    def __call__(self, x: int) -> float:
        """Return the sum of the array, and x."""
        return float(self.array.sum()) + x


def jobs(round_: int, megabytes: int, items: int) -> list[Job]:
    """Return title, function and items of each job, with an array of the round's own."""
    import numpy

    array = numpy.arange(round_, round_ + megabytes * 125_000, dtype=float)
    size = f"{items} items, {megabytes} MB"
    return [
        (f"{size} in the function", ElementOf(array), list(range(items))),
        (f"{size} in every item", element, [(array, x) for x in range(items)]),
        (f"{size}, all of it read", SumOf(array), list(range(items))),
    ]


def share_rows(run: Callable[..., list[Any]], rounds: int, megabytes: int, items: int) -> None:
    """Let ``run`` and joblib take turns, check that both give the same, and print medians.

    Args:
        run: Called with function and items.
        rounds: How often.
        megabytes: Size of the array.
        items: How many items use it.
    """
    from joblib import Parallel, delayed

    with Parallel(n_jobs=SLOTS) as loky:
        for job in range(3):
            ours, theirs = [], []
            for round_ in range(rounds):
                title, function, given = jobs(round_, megabytes, items)[job]
                start = time.perf_counter()
                mine = run(function, given)
                between = time.perf_counter()
                peers = loky(delayed(function)(item) for item in given)
                theirs.append(time.perf_counter() - between)
                ours.append(between - start)
                if mine != peers:
                    raise SystemExit(f"different answers for {title}")
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(
                f"  {title:<44} {statistics.median(ours):8.3f} s"
                f"   joblib {statistics.median(theirs):8.3f} s   ratio {ratio:5.2f}"
            )
            missed = "met" if ratio <= 1 else f"missed by {ratio - 1:.2f}"
            print(f"  goal: at most 1.00 × joblib: {missed}")


def main() -> None:
    """Measure and print, on two engines and on two processes."""
    import parflow_jupyter as pf

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--items", type=int, default=100)
    asked = parser.parse_args()
    pf.start_engines(SLOTS)
    try:
        for scheme in ("ipyparallel", "processes"):
            print(f"\nA shared array, scheme {scheme}: medians of {asked.rounds} rounds")

            def run(function: Any, items: list[Any], scheme: str = scheme) -> list[Any]:
                return list(pf.parallel_map(function, items, scheme=scheme, progress=False))

            run(abs, list(range(50)))
            share_rows(run, asked.rounds, asked.megabytes, asked.items)
    finally:
        pf.cleanup()


if __name__ == "__main__":
    main()
