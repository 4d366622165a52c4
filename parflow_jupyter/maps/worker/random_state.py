"""The same random numbers for an item, wherever and whenever it runs.

Each item's generators start from the run's entropy and the item's index, so
that neither the number of slots, nor the scheme, nor the order matters. Uses
numpy's SeedSequence where numpy is there, else SHA-512.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import sys
from collections.abc import Callable
from typing import Any

_BLOCK = 1024


def seeder(entropy: int) -> Callable[[int], None]:
    """Return a function that seeds ``random`` and ``numpy.random`` for the item of an index.

    Args:
        entropy: The run's seed, a whole number from 0.

    Example:
        >>> seed = seeder(7)
        >>> seed(3); first = random.random()
        >>> seed(4); other = random.random()
        >>> seed(3); random.random() == first != other
        True
    """
    try:
        import numpy
    except ImportError:
        return lambda index: random.seed(_digest(entropy, index))

    blocks: dict[int, Any] = {}

    def seed(index: int) -> None:
        number, row = divmod(index, _BLOCK)
        block = blocks.get(number)
        if block is None:
            # A sequence costs as much for one item as for a thousand neighbours.
            sequence = numpy.random.SeedSequence(entropy, spawn_key=(number,))
            block = sequence.generate_state(8 * _BLOCK).reshape(_BLOCK, 8).tolist()
            blocks.clear()
            blocks[number] = block
        a, b, c, d, *rest = block[row]
        random.seed(a | b << 32 | c << 64 | d << 96)
        numpy.random.seed(rest)

    return seed


def draw() -> int:
    """Return fresh entropy for a run that was given none.

    Example:
        >>> draw() != draw()
        True
    """
    return secrets.randbits(64)


def keep_state() -> Callable[[], None]:
    """Return a function that puts the global generators back as they are now."""
    before = random.getstate()
    numpy = sys.modules.get("numpy")
    numpy_before: Any = numpy.random.get_state() if numpy is not None else None

    def restore() -> None:
        random.setstate(before)
        if numpy is not None:
            numpy.random.set_state(numpy_before)

    return restore


def _digest(entropy: int, index: int) -> int:
    return int.from_bytes(hashlib.sha512(f"{entropy}/{index}".encode()).digest(), "little")
