"""A user's function finds no event loop running, as in a plain process: asyncio.run works in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

# Made once: a loop takes longer to make than most batches take to run.
_spare: asyncio.AbstractEventLoop | None = None


@contextmanager
def no_running_loop() -> Iterator[None]:
    """Hide the event loop that a kernel or an engine runs in this thread, for a block.

    Example:
        >>> async def two():
        ...     return 2
        >>> async def cell():
        ...     with no_running_loop():
        ...         return asyncio.run(two())
        >>> asyncio.run(cell())
        2
    """
    outer = asyncio._get_running_loop()
    if outer is None:
        yield
        return
    asyncio._set_running_loop(None)
    # Code that asks for the thread's loop to run it must not get one that is running.
    asyncio.set_event_loop(_fresh())
    try:
        yield
    finally:
        asyncio.set_event_loop(outer)
        asyncio._set_running_loop(outer)


def _fresh() -> asyncio.AbstractEventLoop:
    global _spare
    if _spare is None or _spare.is_closed() or _spare.is_running():
        _spare = asyncio.new_event_loop()
    return _spare
