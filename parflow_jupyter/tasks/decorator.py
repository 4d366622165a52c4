"""A function that is called with lists, and runs once per item."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any


class ParallelFunction:
    """What the decorators make: calling it with iterables maps the function over them.

    Args:
        function: What is called once per item; it stays reachable as ``function``.
        run_map: Called with the function and the iterables.

    Example:
        >>> doubled = ParallelFunction(lambda x: 2 * x, lambda f, *xs: list(map(f, *xs)))
        >>> doubled([1, 2, 3]), doubled.function(4)
        ([2, 4, 6], 8)
    """

    def __init__(self, function: Callable[..., Any], run_map: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._run_map = run_map

    def __call__(self, *iterables: Iterable[Any]) -> Any:
        """Map the function over the items of the iterables."""
        __tracebackhide__ = True
        return self._run_map(self.function, *iterables)

    def __repr__(self) -> str:
        return f"ParallelFunction({getattr(self.function, '__qualname__', self.function)})"

    def __reduce__(self) -> Any:
        # Where items run, an item of another map is no place to start one.
        return _function_alone, (self.function,)


def _function_alone(function: Callable[..., Any]) -> ParallelFunction:
    return ParallelFunction(function, lambda inner, *iterables: list(map(inner, *iterables)))
