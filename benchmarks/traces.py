"""Record how items of real maps ran, for the test of the time left: tests/data/traces.json.

Each trace is the slots of a run, and for each item its slot, start and seconds, in whole
milliseconds from the start of the run. The maps compute; their items differ in size as those
of people do: matrices of many sizes, texts of many lengths, an odd item that takes much longer.

Run it with `python benchmarks/traces.py PATH`; it takes about two minutes.
"""

from __future__ import annotations

import json
import random
import sys
import zlib
from pathlib import Path
from typing import Any

import parflow_jupyter as pf


def eigenvalues(size: int) -> float:
    """Take time with the third power of the size."""
    import numpy

    matrix = numpy.random.default_rng(size).random((size, size))
    return float(abs(numpy.linalg.eigvals(matrix)).max())


def collatz(start: int) -> int:
    """Count the steps of all numbers below; a few starts take much longer."""
    longest = 0
    for number in range(1, start):
        steps = 0
        while number != 1:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            steps += 1
        longest = max(longest, steps)
    return longest


def compress(length: int) -> int:
    """Compress a text as well as that goes."""
    text = random.Random(length).randbytes(length).hex().encode()
    return len(zlib.compress(text, 9))


def primes(limit: int) -> int:
    """Count primes by trial division."""
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, limit))


def maps(seed: int) -> list[tuple[str, Any, list[int], str]]:
    """Return name, function, items and scheme of each map."""
    rng = random.Random(seed)
    heavy = [int(60 * rng.paretovariate(2.2)) for _ in range(90)]
    odd = [4000 if rng.random() < 0.95 else 40000 for _ in range(100)]
    texts = [int(200_000 * rng.lognormvariate(0, 1.1)) for _ in range(100)]
    mixed = [int(6000 * rng.lognormvariate(0, 0.8)) for _ in range(100)]
    return [
        ("eigenvalues of matrices of many sizes", eigenvalues, heavy, "processes"),
        ("a few long searches among short ones", collatz, odd, "processes"),
        ("compression of texts of many lengths", compress, texts, "threads"),
        ("primes up to many limits", primes, mixed, "ipyparallel"),
        ("primes up to limits that grow", primes, [4000 + 200 * k for k in range(80)], "serial"),
    ]


def trace(name: str, function: Any, items: list[int], scheme: str) -> dict[str, Any]:
    """Run a map and return its trace."""
    result = pf.parallel_map(function, items, scheme=scheme, progress=False, batch=1, label=name)
    times = sorted(result.report.items(), key=lambda item: item.started)
    slots = sorted(set(result.report.slots))
    begin = times[0].started
    rows = [
        [slots.index(t.engine), round(1000 * (t.started - begin)), max(1, round(1000 * t.seconds))]
        for t in times
    ]
    return {"name": name, "scheme": scheme, "slots": len(slots), "items": rows}


def main() -> None:
    """Record all and write the file."""
    pf.start_engines(2)
    found = []
    for asked in [asked for seed in range(4) for asked in maps(seed)]:
        found.append(trace(*asked))
        print(asked[0], max(start + took for _, start, took in found[-1]["items"]) / 1000, "s")
    pf.cleanup()
    text = json.dumps(found, separators=(",", ":")).replace('{"name"', '\n{"name"')
    Path(sys.argv[1]).write_text(text + "\n")


if __name__ == "__main__":
    main()
