"""Lists in, lists out: the loops of maps and of list depth, as pure functions."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from parflow_jupyter.errors import PipelineError, UnequalLengthsError


@dataclass(frozen=True)
class Items:
    """The calls that a looping module makes.

    Args:
        ports: The ports looped over.
        calls: Their values, one tuple per call, in order.
        shape: Nested lists of call numbers, as the results are to be nested.
    """

    ports: tuple[str, ...]
    calls: list[tuple[Any, ...]]
    shape: Any

    def nest(self, results: list[Any]) -> Any:
        """Return the results of the calls, nested like the inputs."""
        return _nest(self.shape, results)


def spread(values: Mapping[str, Any], levels: Mapping[str, int]) -> Items:
    """Find the calls for looped inputs: pairwise on each level, deepest ports first.

    Args:
        values: The value of each looped input, a list nested at least as deep as its level.
        levels: Levels of loops by port, each at least 1.

    Raises:
        UnequalLengthsError: Lists that are walked together differ in length.
        PipelineError: A value is no list.

    Example:
        >>> items = spread({"x": [[1, 2], [3, 4]], "y": [10, 20]}, {"x": 2, "y": 1})
        >>> items.calls, items.nest(["a", "b", "c", "d"])
        ([(1, 10), (2, 20), (3, 10), (4, 20)], [['a', 'b'], ['c', 'd']])
    """
    ports = tuple(levels)
    calls: list[tuple[Any, ...]] = []
    shape = _spread(dict(values), dict(levels), ports, calls)
    return Items(ports, calls, shape)


def _spread(
    values: dict[str, Any],
    levels: dict[str, int],
    ports: tuple[str, ...],
    calls: list[tuple[Any, ...]],
) -> Any:
    depth = max(levels.values())
    if depth == 0:
        calls.append(tuple(values[port] for port in ports))
        return len(calls) - 1
    walked = [port for port in ports if levels[port] == depth]
    columns = [as_list(port, values[port]) for port in walked]
    _check_lengths(walked, columns)
    below = {**levels, **dict.fromkeys(walked, depth - 1)}
    return [
        _spread({**values, **dict(zip(walked, row, strict=True))}, below, ports, calls)
        for row in zip(*columns, strict=True)
    ]


def _check_lengths(ports: list[str], columns: list[list[Any]]) -> None:
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        error = UnequalLengthsError(lengths)
        shown = ", ".join(f"{port!r} has {n}" for port, n in zip(ports, lengths, strict=True))
        error.add_note(f"Inputs looped over together: {shown} items.")
        raise error


def as_list(port: str, value: Any) -> list[Any]:
    """Return the items of a value that is to be looped over.

    Raises:
        PipelineError: It is text, a dictionary, or nothing that has items.
    """
    if isinstance(value, list):
        return value
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
        raise PipelineError(
            f"Input {port!r} is looped over, but got {reprlib.repr(value)}, a "
            f"{type(value).__name__}: give a list."
        )
    return list(value)


def wrap(value: Any, levels: int) -> Any:
    """Put a value into so many lists.

    Example:
        >>> wrap("a", 2)
        [['a']]
    """
    for _ in range(levels):
        value = [value]
    return value


def _nest(shape: Any, results: list[Any]) -> Any:
    if isinstance(shape, int):
        return results[shape]
    return [_nest(part, results) for part in shape]


def columns(items: Items) -> Iterator[list[Any]]:
    """Yield the values of the calls by port, as a map takes them."""
    for position in range(len(items.ports)):
        yield [call[position] for call in items.calls]
