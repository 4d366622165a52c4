"""Notices items and functions that are heavy to send, and says what to do: pure."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from typing import Any

ITEM_BYTES = 1 << 20
"""Size of an item from which sending it is worth a word."""

FUNCTION_BYTES = 64 << 20
"""Size of a function, with all it refers to, from which it is."""

_LOOKED_AT = 3


def first_of(columns: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Return the first values of each column, to judge the others by.

    Example:
        >>> first_of([range(9), "abcdef"])
        [range(0, 3), 'abc']
    """
    return [column[:_LOOKED_AT] for column in columns]


def heavy_items(columns: Sequence[Sequence[Any]], *, shared: bool = False) -> str | None:
    """Return what to tell about the items' size, or None.

    Args:
        columns: The input, one sequence per iterable.
        shared: Whether an array that all items have is sent once.

    Example:
        >>> heavy_items([[b"abc"] * 10]) is None
        True
        >>> heavy_items([[bytes(3 << 20)] * 10])[:60]
        'All items are the same object of 3.0 MB, sent once per item:'
    """
    for column in columns:
        (first,) = first_of([column])
        size = min((bytes_of(value) for value in first), default=0)
        if size < ITEM_BYTES or len(column) < 2:
            continue
        shown = f"{size / (1 << 20):.1f} MB"
        if all(value is first[0] for value in first):
            if shared and not isinstance(first[0], (str, bytearray)):
                continue
            return (
                f"All items are the same object of {shown}, sent once per item: refer to it in the "
                f"function instead, as with functools.partial, and it goes once per engine."
            )
        return (
            f"Items are heavy ({shown} and more), and each is copied to where it runs: give file "
            f"names or positions, and let the function load its part."
        )
    return None


def heavy_function(name: str, size: int) -> str | None:
    """Return what to tell about a function's size, or None.

    Args:
        name: What it is called.
        size: Bytes of the function with all it refers to.

    Example:
        >>> heavy_function("f", 1000) is None
        True
        >>> heavy_function("f", 200 << 20)[:58]
        'f and what it refers to take 200 MB, sent once per engine:'
    """
    if size < FUNCTION_BYTES:
        return None
    return (
        f"{name} and what it refers to take {size >> 20} MB, sent once per engine: where they can "
        f"be read from a file, load them there with init=."
    )


def bytes_of(value: Any) -> int:
    """Return the size of a value's data where that is known at once, else 0.

    Example:
        >>> bytes_of("abc"), bytes_of(memoryview(b"ab")), bytes_of(3)
        (3, 2, 0)
    """
    kind = type(value)
    if issubclass(kind, (bytes, bytearray, str)):
        return len(value)
    if not _tells_size(kind):  # type: ignore[arg-type]
        return 0
    try:
        size = value.nbytes
    except Exception:
        return 0
    return size if isinstance(size, int) else 0


@functools.lru_cache(maxsize=256)
def _tells_size(kind: type) -> bool:
    # The type is asked: a value may answer for any name.
    return inspect.getattr_static(kind, "nbytes", None) is not None
