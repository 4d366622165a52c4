"""The jobs that maps are compared on: functions, items, who takes part, and the goals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

OURS = "parflow_jupyter"
SERIAL = "serial, for comparison"
BY_HAND = "ProcessPoolExecutor, chunks by hand"
ONE_BY_ONE = ("lview.map", "dask.distributed")
"""Contenders that send one message per item: some hundred items a second."""


@dataclass(frozen=True)
class Goal:
    """What our median is to be at most: a share of a contender's, and seconds more."""

    than: str
    share: float = 1.0
    plus: float = 0.0


@dataclass(frozen=True)
class Row:
    """One job.

    Args:
        name: What ``--only`` calls it.
        title: What it is.
        function: Called with each item.
        items: Its items.
        left_out: Contenders that don't take part.
        goals: What is to be reached.
    """

    name: str
    title: str
    function: Callable[[Any], Any]
    items: list[Any]
    left_out: tuple[str, ...] = ()
    goals: tuple[Goal, ...] = field(default=())


def square(x: int) -> int:
    """Return x squared: an item that takes next to nothing."""
    return x * x


def nap(seconds: float) -> float:
    """Return the seconds that were slept."""
    time.sleep(seconds)
    return seconds


def spin(loops: int) -> int:
    """Return a sum that takes the loops to compute."""
    total = 0
    for k in range(loops):
        total += k
    return total


def size_of(data: bytes) -> bytes:
    """Return as many bytes as were given."""
    return bytes(len(data))


def uneven(count: int, mean: float) -> list[float]:
    """Return seconds that differ tenfold, in an order that no split by halves suits.

    Example:
        >>> found = uneven(1000, 0.01)
        >>> round(max(found) / min(found)), round(sum(found), 1)
        (10, 10.0)
    """
    steps = [1 + 9 * (k * 7919 % 1009 % count) / (count - 1) for k in range(count)]
    return [step * mean * count / sum(steps) for step in steps]


def loops_per_second() -> float:
    """Return how often ``spin`` counts in a second here."""
    spin(100_000)
    start = time.perf_counter()
    spin(3_000_000)
    return 3_000_000 / (time.perf_counter() - start)


TINY_GOALS = {
    1_000: (Goal(SERIAL, plus=0.060),),
    10_000: (Goal("joblib"),),
    100_000: (Goal("joblib", 0.30),),
    1_000_000: (Goal("joblib", 0.10), Goal(BY_HAND)),
}


def tiny(sizes: list[int]) -> Iterator[Row]:
    """Yield jobs of items that take next to nothing."""
    for size in sizes:
        left_out = ONE_BY_ONE if size > 1_000 else ()
        if size > 10_000:
            left_out = (*left_out, "ProcessPoolExecutor")
        goals = TINY_GOALS.get(size, ())
        yield Row("tiny", f"{size:,} tiny items", square, list(range(size)), left_out, goals)


def others(quick: bool) -> Iterator[Row]:
    """Yield the jobs whose items weigh something; fewer and lighter ones if ``quick``."""
    yield Row("latency", "1 item", square, [3])
    naps = uneven(100 if quick else 1_000, 0.01)
    yield Row("sleeping", f"{len(naps):,} uneven items, asleep", nap, naps, (BY_HAND,))
    speed = loops_per_second()
    loops = [int(seconds * speed) for seconds in naps]
    yield Row("computing", f"{len(loops):,} uneven items, computing", spin, loops, (BY_HAND,))
    # Different ones in each batch: pickle sends the same object only once.
    packets = [bytes([k % 251]) * 100_000 for k in range(1000)] * (1 if quick else 10)
    yield Row(
        "bytes",
        f"{len(packets):,} items of 100 kB in and out",
        size_of,
        packets,
        ONE_BY_ONE,
        (Goal(BY_HAND),),
    )


CONTENDERS = (
    OURS,
    f"{OURS}, processes",
    SERIAL,
    "joblib",
    "ProcessPoolExecutor",
    BY_HAND,
    "multiprocessing.Pool",
    "mpire",
    "lview.map",
    "dask.distributed",
)
