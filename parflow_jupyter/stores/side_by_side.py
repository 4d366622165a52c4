"""Some of many things done in threads, a few ahead of who takes them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Value = TypeVar("Value")
_WORKERS = min(4, os.cpu_count() or 1)


def side_by_side(
    function: Callable[[Thing], Value], things: Sequence[Thing], wanted: Callable[[Thing], bool]
) -> Iterator[tuple[Thing, Callable[[], Value] | None]]:
    """Yield things in their order, each with a way to get what the function returns for it.

    Args:
        function: Called in threads, some things ahead.
        things: All of them.
        wanted: Whether the function is to be called for a thing; where not, None comes with it.

    Example:
        >>> pairs = side_by_side(abs, [-1, -2, 3], lambda x: x < 0)
        >>> [(thing, value and value()) for thing, value in pairs]
        [(-1, 1), (-2, 2), (3, None)]
    """
    ahead: deque[tuple[Thing, Future[Value] | None]] = deque()
    with ThreadPoolExecutor(_WORKERS, "parflow-kept") as pool:
        for thing in things:
            ahead.append((thing, pool.submit(function, thing) if wanted(thing) else None))
            if len(ahead) > 2 * _WORKERS:
                yield _taken(*ahead.popleft())
        while ahead:
            yield _taken(*ahead.popleft())


def _taken(thing: Thing, future: Future[Value] | None) -> tuple[Thing, Callable[[], Value] | None]:
    return thing, future.result if future is not None else None
