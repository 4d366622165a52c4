"""Compares pf.parallel_map with its peers on this machine, in turn, on the same two engines.

Run: python benchmarks/maps.py [--rounds 5] [--sizes 1000 10000] [--profile NAME]

Every contender computes the same list, which is checked. The times are medians
of several rounds in which all take turns, so that a busy machine hits all of
them. The last column is our time divided by the contender's.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

SLOTS = 2
Contender = Callable[[Callable[[Any], Any], list[Any]], list[Any]]


def square(x: int) -> int:
    """Return x squared: an item that takes next to nothing."""
    return x * x


def pause(x: int) -> int:
    """Return x after 10 ms."""
    time.sleep(0.01)
    return x


def uneven_pause(x: int) -> int:
    """Return x after 2 to 20 ms, by its number."""
    time.sleep(0.002 + 0.018 * (x * 7919 % 101) / 100)
    return x


def uneven_work(x: int) -> int:
    """Return x after 2 to 20 ms of computing, by its number."""
    total = 0
    for k in range(30_000 + 270_000 * (x * 7919 % 101) // 100):
        total += k
    return x


def size_of(data: bytes) -> bytes:
    """Return as many bytes as were given."""
    return bytes(len(data))


class SumWith:
    """A function that refers to a large array."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __call__(self, x: int) -> float:
        """Return an element of the array, and x."""
        return float(self.array[x]) + x


def more_rows() -> Iterator[tuple[str, Callable[[Any], Any], list[Any], tuple[str, ...]]]:
    """Yield title, function, items, and who does not take part."""
    import numpy

    slow = ("lview.map",)
    by_hand = ("ProcessPoolExecutor, chunks by hand",)
    yield "1 item", square, [3], ()
    yield "300 uneven items, 2 to 20 ms asleep", uneven_pause, list(range(300)), by_hand
    yield "300 uneven items of computing", uneven_work, list(range(300)), by_hand
    yield "2,000 items of 100 kB in and out", size_of, [bytes(100_000)] * 2_000, slow
    array = numpy.arange(25_000_000, dtype=float)
    one_by_one = ("lview.map", "ProcessPoolExecutor", "ProcessPoolExecutor, chunks by hand")
    yield "100 items with an array of 200 MB", SumWith(array), list(range(100)), one_by_one


def costs(client: Any, rounds: int) -> None:
    """Print what options cost per item, in microseconds of one slot."""
    from parflow_jupyter.maps import MapOptions, run_map
    from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme

    scheme, items = IPyParallelScheme(lambda: client), list(range(100_000))
    times: dict[str, list[float]] = {"plain": [], "seed=7": [], "timeout=5": []}
    for _ in range(rounds):
        for name, measured in times.items():
            given = {"plain": {}, "seed=7": {"seed": 7}, "timeout=5": {"timeout": 5}}[name]
            start = time.perf_counter()
            run_map(square, [items], options=MapOptions(progress=False, **given), schemes=[scheme])
            measured.append(time.perf_counter() - start)
    plain = statistics.median(times.pop("plain"))
    print(f"\nCost of options per item, {len(items):,} items")
    for name, measured in times.items():
        each = (statistics.median(measured) - plain) * SLOTS / len(items)
        print(f"  {name:<38} {each * 1e6:9.2f} µs")


def main() -> None:
    """Measure and print the tables."""
    arguments = parsed()
    with ExitStack() as stack:
        client = stack.enter_context(connected(arguments.profile))
        contenders = all_contenders(stack, client)
        for size in arguments.sizes:
            left_out = ("lview.map",) if size > 1000 else ()
            table(f"{size:,} tiny items", contenders, square, size, arguments.rounds, left_out)
        by_hand = ("ProcessPoolExecutor, chunks by hand",)
        table("200 items of 10 ms", contenders, pause, 200, arguments.rounds, by_hand)
        for title, function, items, left_out in more_rows():
            compare(title, contenders, function, items, arguments.rounds, left_out)
        costs(client, arguments.rounds)


def parsed() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    sizes = [1_000, 10_000, 100_000, 1_000_000]
    parser.add_argument("--sizes", type=int, nargs="*", default=sizes)
    parser.add_argument("--profile", help="use this running cluster instead of starting one")
    return parser.parse_args()


@contextmanager
def connected(profile: str | None) -> Iterator[Any]:
    """A client on two engines: of a running cluster, or started for this."""
    import ipyparallel

    import parflow_jupyter as pf

    if profile is not None:
        with ipyparallel.Client(profile=profile) as client:
            yield client
        return
    pf.start_engines(SLOTS)
    try:
        client = pf.get_client(ask=False)
        if client is None:
            raise SystemExit("the engines were started, but no client connects to them")
        yield client
    finally:
        pf.cleanup(terminate=True)


def all_contenders(stack: ExitStack, client: Any) -> dict[str, Contender]:
    """Return who takes part, ourselves first, each warmed up."""
    from joblib import Parallel, delayed

    from parflow_jupyter.maps import MapOptions, run_map
    from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme
    from parflow_jupyter.maps.schemes.processes import ProcessesScheme

    warnings.filterwarnings("ignore", message=".*sent once per engine.*")
    scheme = IPyParallelScheme(lambda: client)
    options = MapOptions(progress=False)
    pool = stack.enter_context(ProcessPoolExecutor(SLOTS))
    loky = stack.enter_context(Parallel(n_jobs=SLOTS))
    view = client.load_balanced_view()
    processes = ProcessesScheme(SLOTS)
    contenders: dict[str, Contender] = {
        "parflow_jupyter": lambda f, items: list(
            run_map(f, [items], options=options, schemes=[scheme])
        ),
        "parflow_jupyter, processes": lambda f, items: list(
            run_map(f, [items], options=options, schemes=[processes])
        ),
        "joblib": lambda f, items: loky(delayed(f)(item) for item in items),
        "ProcessPoolExecutor, chunks by hand": lambda f, items: list(
            pool.map(f, items, chunksize=max(1, len(items) // (4 * SLOTS)))
        ),
        "ProcessPoolExecutor": lambda f, items: list(pool.map(f, items)),
        "lview.map": lambda f, items: list(view.map_sync(f, items)),
    }
    for run in contenders.values():
        run(square, list(range(50)))
    return contenders


def table(
    title: str,
    contenders: dict[str, Contender],
    function: Callable[[Any], Any],
    size: int,
    rounds: int,
    left_out: tuple[str, ...] = (),
) -> None:
    """Let the contenders take turns, check what they return, and print their medians."""
    if size > 10_000:
        left_out = (*left_out, "ProcessPoolExecutor")
    compare(title, contenders, function, list(range(size)), rounds, left_out)


def compare(
    title: str,
    contenders: dict[str, Contender],
    function: Callable[[Any], Any],
    items: list[Any],
    rounds: int,
    left_out: tuple[str, ...],
) -> None:
    """Let the contenders take turns on the same items, and print their medians."""
    expected = [function(item) for item in items]
    times: dict[str, list[float]] = {name: [] for name in contenders if name not in left_out}
    for _ in range(rounds):
        for name in times:
            start = time.perf_counter()
            found = contenders[name](function, items)
            times[name].append(time.perf_counter() - start)
            if found != expected:
                raise SystemExit(f"{name} returned something else for {title}")
    medians = {name: statistics.median(measured) for name, measured in times.items()}
    print(f"\n{title}: medians of {rounds} rounds")
    for name, median in medians.items():
        ratio = medians["parflow_jupyter"] / median
        print(f"  {name:<38} {median:9.4f} s   ratio {ratio:6.2f}")


if __name__ == "__main__":
    main()
