"""How long a map will still take, as a range: pure functions of the times measured.

The rest of the run is played through many times with times drawn from those seen so far. What
makes the range wide enough for stragglers: the next item is a new record with probability
1/(n+1), how far beyond the longest follows from the tail seen, and an item that runs already is
drawn from those that took longer than it has. Items that become longer or shorter in the course
of a run are met by rounds that look at the latest only, and go on in the same direction.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import exp, log

LEAST = 3
"""Finished items before there is a range."""

_ROUNDS = 60
_ONE_BY_ONE = 64
_BLOCKS = 24
_SAMPLE = 192
_THIN, _HEAVY = 6.0, 1.3
_UNSEEN, _FAR = 0.15, 1.0
_WIDER = 0.9


def remaining(
    seconds: Sequence[float],
    left: int,
    slots: int,
    ages: Sequence[float] = (),
    share: float = 1.0,
) -> tuple[float, float] | None:
    """Return the range in seconds that holds the time left in 8 of 10 cases, or None.

    Args:
        seconds: How long finished items took, in the order in which they finished.
        left: Items without a result, those that run included.
        slots: Slots that take part.
        ages: For each busy slot, seconds since its present item began.
        share: Part of the slots' time that items took, from 0 to 1; the rest is overhead.

    Returns:
        None before a few items have finished, and when none is left.

    Example:
        >>> low, high = remaining([1.0, 1.1, 0.9, 1.0] * 5, left=20, slots=2)
        >>> 8 < low < 10.5 < high < 14
        True
        >>> remaining([1.0], left=5, slots=2) is None
        True
    """
    if len(seconds) < LEAST or left < 1:
        return None
    draws = _Draws(seconds, random.Random(len(seconds) * 7919 + left))
    running = sorted(ages, reverse=True)[: min(left, slots)]
    ends = sorted(draws.play(left - len(running), slots, running) for _ in range(_ROUNDS))
    out = round(_ROUNDS * (1 - _WIDER) / 2)
    scale = 1 / min(1.0, max(share, 1e-3))
    return ends[out] * scale, ends[-1 - out] * scale


class _Draws:
    """Times as they may come, weighted anew in each round (a Bayesian bootstrap of blocks)."""

    def __init__(self, seconds: Sequence[float], rng: random.Random) -> None:
        self._rng = rng
        # Blocks of neighbours, because items that are alike tend to follow each other.
        length = max(1, len(seconds) // _BLOCKS)
        self._pairs = sorted((value, k // length) for k, value in enumerate(seconds))
        self._values = [value for value, _ in self._pairs]
        self._count = (len(seconds) - 1) // length + 1
        self._shape = tail_shape(self._values)
        self._drift, self._trust = drift(seconds)
        self._seen = len(seconds)

    def play(self, fresh: int, slots: int, ages: Sequence[float]) -> float:
        """Return how long the rest takes in one round."""
        rng = self._rng
        weights = [rng.expovariate(1.0) for _ in range(self._count)]
        pace = self._latest_only(weights, fresh) if rng.random() < self._trust else 1.0
        record = self._values[-1] * self._beyond()
        pairs = [(value, weights[block]) for value, block in self._pairs]
        pairs.append((record, rng.expovariate(1.0)))
        values, cumulated = _cumulated(pairs)
        whole = [self._longer(age, values, cumulated) for age in ages]
        # Those that run are of the same kind, and the finished ones alone are the shorter.
        pairs = sorted(pairs + [(value, rng.expovariate(1.0)) for value in whole])
        values, cumulated = _cumulated(pairs)
        free = [value - age for value, age in zip(whole, ages, strict=True)]
        free += [0.0] * max(0, slots - len(free))
        if fresh > _ONE_BY_ONE:
            return self._many(fresh, free, values, cumulated, pace)
        heapq.heapify(free)
        for drawn in rng.choices(values, cum_weights=cumulated, k=fresh):
            heapq.heapreplace(free, free[0] + drawn * pace)
        return max(free)

    def _latest_only(self, weights: list[float], fresh: int) -> float:
        """Forget earlier blocks, and return how many times as long items may become."""
        forgotten = int(len(weights) * self._rng.choice((0.5, 0.75)))
        weights[:forgotten] = [0.0] * forgotten
        ahead = min(1.5, 0.3 + 0.75 * fresh / self._seen)
        return exp(self._drift * ahead * self._rng.random())

    def _longer(self, age: float, values: list[float], cumulated: list[float]) -> float:
        """Return a time drawn from those that are longer than an item has run."""
        first = bisect_right(values, age)
        if first == len(values):
            return age * self._beyond()
        below = cumulated[first - 1] if first else 0.0
        drawn = below + self._rng.random() * (cumulated[-1] - below)
        return values[min(bisect_right(cumulated, drawn), len(values) - 1)]

    def _many(
        self,
        fresh: int,
        free: list[float],
        values: list[float],
        cumulated: list[float],
        pace: float,
    ) -> float:
        """As for few, by sum and longest instead of one by one."""
        rng, total = self._rng, cumulated[-1]
        mean = square = before = 0.0
        for value, upto in zip(values, cumulated, strict=True):
            weight = (upto - before) / total
            mean += weight * value
            square += weight * value * value
            before = upto
        spread = max(0.0, square - mean * mean) * fresh
        work = pace * max(0.0, rng.gauss(fresh * mean, spread**0.5)) + sum(free)
        even = work / len(free)
        place = rng.random() ** (1 / fresh) * total
        longest = values[min(bisect_right(cumulated, place), len(values) - 1)]
        return max(even, rng.random() * even + longest * pace, *free)

    def _beyond(self) -> float:
        """Return how many times the longest seen a new record is."""
        shape = _FAR if self._rng.random() < _UNSEEN else self._shape
        return float((1.0 - self._rng.random()) ** (-1 / shape))


def _cumulated(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [value for value, _ in pairs], list(accumulate(weight for _, weight in pairs))


def tail_shape(values: Sequence[float]) -> float:
    """Return the shape of the tail of sorted times: small where stragglers are far out.

    Args:
        values: Seconds, sorted.

    Example:
        >>> tail_shape([1.0] * 20)
        6.0
        >>> tail_shape(sorted(1.0 / (1 - k / 40) for k in range(40))) < 2
        True

    Source: Hill's estimator, on the upper fifth.
    """
    count = max(2, len(values) // 5)
    upper = [value for value in values[-count:] if value > 0]
    if len(upper) < 2:
        return _THIN
    excess = sum(log(value / upper[0]) for value in upper[1:]) / (len(upper) - 1)
    # With few items the tail is hardly known: then it is taken to be rather heavy.
    known = len(upper) / (len(upper) + 4)
    shape = 1 / (known * excess + (1 - known) * 0.4) if excess > 0.05 else _THIN
    return min(_THIN, max(_HEAVY, shape))


def drift(seconds: Sequence[float]) -> tuple[float, float]:
    """Return how much longer items have become, and how sure that is, from 0 to 1.

    Args:
        seconds: In the order of the items' ends.

    Returns:
        The difference of the mean logarithms of last and first third, shrunk by its noise.

    Example:
        >>> drift([1.0, 1.1] * 30)
        (0.0, 0.0)
        >>> change, sure = drift([1.0 + k / 10 for k in range(60)])
        >>> change > 1, sure
        (True, 1.0)
    """
    least = max(seconds) * 1e-4 or 1.0
    logs = [log(max(value, least)) for value in seconds]
    third = len(logs) // 3
    first, last = logs[:third], logs[-third:]
    change = sum(last) / third - sum(first) / third
    noise = ((_variance(first) + _variance(last)) / third) ** 0.5 + 0.02
    ratio = abs(change) / noise
    return change * max(0.0, 1 - 2 / max(ratio, 1e-9) ** 2), min(1.0, max(0.0, (ratio - 1.5) / 2))


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)


class TimeSample:
    """A sample of the times of finished items, in their order, that stays short.

    Example:
        >>> tape = TimeSample()
        >>> for _ in range(1000):
        ...     tape.add([1.0, 2.5])
        >>> len(tape.seconds) <= 192, sorted(set(tape.seconds)), tape.total
        (True, [1.0, 1.5], 2500.0)
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.total = 0.0
        self._rng = random.Random(0)
        self._stride = 1
        self._skip = 0

    def add(self, stops: Sequence[float]) -> None:
        """Take in a batch.

        Args:
            stops: When each of its items ended, seconds after the first began.
        """
        if not len(stops):
            return
        self.total += stops[-1]
        k = self._skip
        while k < len(stops):
            self.seconds.append(stops[k] - (stops[k - 1] if k else 0.0))
            # By chance, because items may take turns in being slow.
            k += self._rng.randint(1, 2 * self._stride - 1)
            if len(self.seconds) > _SAMPLE:
                self.seconds = [value for value in self.seconds if self._rng.random() < 0.5]
                self._stride *= 2
        self._skip = k - len(stops)
