"""Turns the iterables of a call into columns of items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from itertools import islice
from typing import Any

from parflow_jupyter._system.words import bounded_repr
from parflow_jupyter.errors import InvalidInputError, UnequalLengthsError
from parflow_jupyter.maps.pieces import Pieces


def take_columns(iterables: Sequence[Iterable[Any]]) -> list[Any]:
    """Return the items as one sequence per iterable, and see that all have the same length.

    It is a list, so that nobody changes it meanwhile; a range, which nobody can change and which
    holds no items, is taken as it is.

    Raises:
        InvalidInputError: There is no iterable, or something that can't be iterated.
        UnequalLengthsError: They differ in length.

    Example:
        >>> take_columns(["ab", iter([0, 1]), range(2)])
        [['a', 'b'], [0, 1], range(0, 2)]
    """
    if not iterables:
        raise InvalidInputError("A map needs at least one iterable of items: give a list.")
    for iterable in iterables:
        if not hasattr(iterable, "__iter__") and not hasattr(iterable, "__getitem__"):
            raise InvalidInputError(
                f"{bounded_repr(iterable)} can't be iterated over: give a list of items."
            )
    lengths = {len(iterable) for iterable in iterables if isinstance(iterable, Sized)}
    # An endless iterable beside a sized one is an error, not a hang.
    most = min(lengths) + 1 if lengths and len(iterables) > 1 else None
    columns = [
        _column(iterable, None if isinstance(iterable, Sized) else most) for iterable in iterables
    ]
    if len({len(column) for column in columns}) > 1:
        # One that was cut short may be endless.
        raise UnequalLengthsError(
            [
                f"more than {len(column) - 1}"
                if len(column) == most and not isinstance(iterable, Sized)
                else len(column)
                for iterable, column in zip(iterables, columns, strict=True)
            ]
        )
    return columns


def _column(iterable: Iterable[Any], most: int | None) -> Any:
    if isinstance(iterable, (Pieces, range)):
        return iterable
    return list(iterable) if most is None else list(islice(iterable, most))
