"""How many items go into a batch: pure functions of measured times.

The aim is a round trip long enough that sending is cheap beside it and short
enough that slots stay balanced. A slot hands back what it did not reach
within the budget, so a guess that was too large costs little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from parflow_jupyter.maps.transport.size_warnings import bytes_of, first_of

TARGET = 0.3
"""Seconds that a batch should take."""

BUDGET = 0.6
"""Seconds after which a slot hands the rest of a batch back."""

FIRST_BUDGET = 0.02
"""The same, while nothing is known of the items."""

SLOW = 0.05
"""Items that take longer than this go one by one."""

MAX_BYTES = 16 << 20
"""Packed size that a batch should not exceed."""

WORTH_SENDING = 0.005
"""Seconds of work below which a batch is not divided: sending it costs about as much."""

FIRST = 64
"""Items of a slot's first batch: what it does not reach within the budget, it hands back."""

_GROWTH = 256
_MAX_ITEMS = 200_000
_WORTH_WAITING = 1 << 16


@dataclass(frozen=True)
class Pace:
    """What is known about the items of a run so far.

    Args:
        size: Items for the next batch.
        per_item: Seconds an item takes in its slot, a moving average; None before the first.
        item_bytes: Packed size of an item or its result, whichever is larger.
    """

    size: int = FIRST
    per_item: float | None = None
    item_bytes: float = 0.0


def first_size(columns: Sequence[Sequence[Any]] | None, *, streamed: bool) -> int:
    """Return how many items a slot gets before anything is known of them.

    One, where more would mean to read far ahead, or to send a lot in vain.

    Args:
        columns: The input, one sequence per iterable, if it is known.
        streamed: Whether the input is read while the map runs.

    Example:
        >>> first_size([[1, 2, 3]], streamed=False), first_size([[bytes(1 << 20)]], streamed=False)
        (64, 1)
    """
    heavy = any(
        bytes_of(value) > _WORTH_WAITING for column in first_of(columns or []) for value in column
    )
    return 1 if streamed or heavy else FIRST


def measured(pace: Pace, items: int, seconds: float, packed: int) -> Pace:
    """Return the pace after a batch came back.

    Args:
        pace: The pace so far.
        items: Items that the batch ran.
        seconds: How long they took in the slot.
        packed: Bytes of the items as they were packed, or of their results.

    Example:
        >>> measured(Pace(), items=4, seconds=8.0, packed=400).size
        1
        >>> measured(Pace(), items=4, seconds=4e-6, packed=400).size
        1024
    """
    if items < 1:
        return pace
    each = seconds / items
    per_item = each if pace.per_item is None else 0.5 * (pace.per_item + each)
    # A slow batch counts at once: a run of slow items must not sit in one slot.
    per_item = max(per_item, each)
    return replace(
        pace,
        size=_size(items, per_item, packed / items),
        per_item=per_item,
        item_bytes=packed / items,
    )


def _size(items: int, per_item: float, item_bytes: float) -> int:
    if per_item >= SLOW:
        return 1
    wanted = TARGET / max(per_item, 1e-9)
    fits = MAX_BYTES / max(item_bytes, 1.0)
    return max(1, int(min(wanted, fits, items * _GROWTH, _MAX_ITEMS)))


def next_size(pace: Pace, remaining: int, slots: int, fixed: int | None = None) -> int:
    """Return how many items the next batch gets, so that the run ends in all slots together.

    Args:
        pace: What is known of the items.
        remaining: Items that no slot has yet.
        slots: Slots that work on the run.
        fixed: The caller's own batch size.

    Example:
        >>> next_size(Pace(size=1000, per_item=1e-4), remaining=400, slots=2)
        100
        >>> next_size(Pace(size=1000, per_item=1e-4), remaining=400, slots=2, fixed=300)
        300
    """
    if fixed is not None:
        return min(fixed, remaining)
    share = -(-remaining // (2 * max(slots, 1)))
    worth = int(WORTH_SENDING / pace.per_item) if pace.per_item else 1
    return max(1, min(pace.size, max(share, worth), remaining))


def budget(pace: Pace) -> float:
    """Return the seconds after which a slot hands the rest of a batch back.

    Few, while nothing is known of the items: what a slot that dies takes with it is then next to
    nothing, however many it was given.

    Example:
        >>> budget(Pace()), budget(Pace(per_item=1e-4))
        (0.02, 0.6)
    """
    return FIRST_BUDGET if pace.per_item is None else BUDGET


def in_flight(pace: Pace) -> int:
    """Return how many batches a slot may hold: a second one hides the sending, if items are fast.

    Example:
        >>> in_flight(Pace(per_item=1e-4)), in_flight(Pace(per_item=1.0)), in_flight(Pace())
        (2, 1, 1)
    """
    if pace.per_item is None or pace.per_item >= SLOW:
        return 1
    return 2
