"""Splits tables and arrays into the pieces their own libraries would work on, and joins results.

What pandas does with results is left to pandas: its own ``apply`` is called once more, with a
function that hands out the results. Neither library is imported: who has such data has loaded it.
"""

from __future__ import annotations

import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from parflow_jupyter._system.words import bounded_repr
from parflow_jupyter.errors import InvalidInputError

CHUNKS = 32
"""Chunks of an array where nobody says: the same on any number of slots."""

Function = Callable[..., Any]


class Pieces(ABC):
    """The items of a map over one object: a column that travels in slices.

    A slice is pickled as a part of the object, which costs a fraction of its items one by one.
    """

    one = "item"

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def pick(self, indices: Sequence[int]) -> Any:
        """Return the pieces at some positions."""

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    @abstractmethod
    def names(self) -> Sequence[Any]:
        """Return what the pieces are called by whoever has the object."""

    @abstractmethod
    def apply(self, function: Function) -> Any:
        """Return what the object's library makes of a function's results, called here."""

    def joined(self, values: Sequence[Any]) -> Any:
        """Return the results as the object they make up."""
        handed_out = iter(values)
        return self.apply(lambda _: next(handed_out))

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self.pick(range(*index.indices(len(self))))
        return next(iter(self.pick([range(len(self))[index]])))


class Groups(Pieces):
    """The groups of a pandas groupby, as its ``apply`` gives them, each with its ``name``."""

    one = "group"

    def __init__(self, grouped: Any, pairs: list[tuple[Any, Any]] | None = None) -> None:
        self._grouped = grouped
        self._pairs: list[tuple[Any, Any]] = pairs if pairs is not None else []
        if pairs is None:
            self.apply(lambda group: self._pairs.append((group.name, group)))

    def __len__(self) -> int:
        return len(self._pairs)

    def pick(self, indices: Sequence[int]) -> Groups:
        return Groups(None, [self._pairs[index] for index in indices])

    def __iter__(self) -> Iterator[Any]:
        for name, group in self._pairs:
            # As pandas does it; pickling a table loses it.
            object.__setattr__(group, "name", name)
            yield group

    def names(self) -> Sequence[Any]:
        return [name for name, _ in self._pairs]

    def apply(self, function: Function) -> Any:
        # Before pandas 3, groups held the columns they are grouped by, with a warning.
        takes = inspect.signature(self._grouped.apply).parameters
        given = {"include_groups": False} if "include_groups" in takes else {}
        return self._grouped.apply(function, **given)


class Rows(Pieces):
    """The rows of a pandas DataFrame, as ``apply(axis=1)`` gives them."""

    one = "row"

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __len__(self) -> int:
        return len(self._frame)

    def pick(self, indices: Sequence[int]) -> Rows:
        if isinstance(indices, range):
            return Rows(self._frame.iloc[indices.start : indices.stop : indices.step])
        return Rows(self._frame.iloc[list(indices)])

    def __iter__(self) -> Iterator[Any]:
        return (row for _, row in self._frame.iterrows())

    def names(self) -> Sequence[Any]:
        names: list[Any] = self._frame.index.tolist()
        return names

    def apply(self, function: Function) -> Any:
        return self._frame.apply(function, axis=1)


class Values(Pieces):
    """The values of a pandas Series."""

    one = "value"

    def __init__(self, series: Any) -> None:
        self._series = series

    def __len__(self) -> int:
        return len(self._series)

    def pick(self, indices: Sequence[int]) -> Values:
        return Values(self._series.iloc[list(indices)])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._series)

    def names(self) -> Sequence[Any]:
        names: list[Any] = self._series.index.tolist()
        return names

    def apply(self, function: Function) -> Any:
        # As objects, because pandas asks only once for each different value of a category.
        series = self._series.astype(object) if len(self._series) else self._series
        return series.apply(function)


class Chunks(Pieces):
    """Chunks of a numpy array along its first axis."""

    one = "chunk"

    def __init__(self, array: Any, count: int) -> None:
        self._numpy = sys.modules["numpy"]
        count = max(1, min(count, len(array)))
        self._parts: list[Any] = self._numpy.array_split(array, count)

    def __len__(self) -> int:
        return len(self._parts)

    def pick(self, indices: Sequence[int]) -> list[Any]:
        return [self._parts[index] for index in indices]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts)

    def names(self) -> Sequence[Any]:
        stop, names = 0, []
        for part in self._parts:
            start, stop = stop, stop + len(part)
            names.append(slice(start, stop))
        return names

    def apply(self, function: Function) -> Any:
        return self.joined([function(part) for part in self._parts])

    def joined(self, values: Sequence[Any]) -> Any:
        numpy = self._numpy
        if all(numpy.ndim(value) == 0 for value in values):
            return numpy.array(values)
        masked = any(isinstance(value, numpy.ma.MaskedArray) for value in values)
        return (numpy.ma if masked else numpy).concatenate(values)


def split(data: Any, chunks: int | None = None) -> Pieces:
    """Return the pieces of a pandas groupby, DataFrame or Series, or of a numpy array.

    Args:
        data: The object.
        chunks: Number of chunks of an array; for nothing else.

    Raises:
        InvalidInputError: It is something else.

    Example:
        >>> import numpy
        >>> pieces = split(numpy.arange(5), chunks=2)
        >>> list(pieces), pieces.joined([3, 7])
        ([array([0, 1, 2]), array([3, 4])], array([3, 7]))
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(data, numpy.ndarray) and data.ndim:
        count = CHUNKS if chunks is None else chunks
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise InvalidInputError(f"chunks={chunks!r} can't be used: give a number from 1.")
        return Chunks(data, count)
    found = _of_pandas(data)
    if found is None:
        raise InvalidInputError(
            f"{bounded_repr(data)} is no pandas groupby, DataFrame or Series, and no numpy array: "
            f"use parallel_map for the items of a list."
        )
    if chunks is not None:
        raise InvalidInputError(f"chunks={chunks!r} can't be used: it is for numpy arrays only.")
    return found


def _of_pandas(data: Any) -> Pieces | None:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    typing = pandas.api.typing
    if isinstance(data, (typing.DataFrameGroupBy, typing.SeriesGroupBy)):
        return Groups(data)
    if isinstance(data, pandas.DataFrame):
        return Rows(data)
    return Values(data) if isinstance(data, pandas.Series) else None
