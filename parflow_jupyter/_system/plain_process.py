"""What an item finds as in a plain process: no event loop runs, and os.fork is its own."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from contextlib import suppress

# Made once: a loop takes longer to make than most batches take to run.
_spare: asyncio.AbstractEventLoop | None = None


class no_running_loop:  # noqa: N801 - it is used like a function
    """Hide the event loop that a kernel or an engine runs in this thread, for a block.

    A class, because contextlib writes to the exceptions that it lets through, and a user's may be
    frozen.

    Example:
        >>> async def two():
        ...     return 2
        >>> async def cell():
        ...     with no_running_loop():
        ...         return asyncio.run(two())
        >>> asyncio.run(cell())
        2
    """

    def __enter__(self) -> None:
        self._outer = asyncio._get_running_loop()
        if self._outer is not None:
            asyncio._set_running_loop(None)
            # Code that asks for the thread's loop to run it must not get one that is running.
            asyncio.set_event_loop(_fresh())

    def __exit__(self, *_: object) -> None:
        if self._outer is not None:
            asyncio.set_event_loop(self._outer)
            asyncio._set_running_loop(self._outer)


def _fresh() -> asyncio.AbstractEventLoop:
    global _spare
    if _spare is None or _spare.is_closed() or _spare.is_running():
        _spare = asyncio.new_event_loop()
    return _spare


_forks = 0


def _count() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count)


def forks() -> int:
    """Return how often the processes from which this one stems were copied, as a mark to compare.

    Example:
        >>> before = forks()
        >>> forks() == before
        True
    """
    return _forks


def leave_copy(error: BaseException | None) -> None:
    """End a copy of this process, which an item made, as a script would that ends so.

    It would go on in the caller's place: answer for an engine a second time, and run its items.

    Args:
        error: What the function raised, or None.
    """
    code = 0
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None:
        code = 1
        with suppress(Exception):
            os.write(2, "".join(traceback.format_exception(error)).encode(errors="replace"))
    with suppress(Exception):
        sys.stdout.flush()
    os._exit(code)
