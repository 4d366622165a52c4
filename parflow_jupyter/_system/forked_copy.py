"""Ends a copy of this process that a user's function made by os.fork, where the function ends.

The copy would go on in the caller's place: answer for an engine a second time, and run its items.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress

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
    """End this process as a script would that ends so.

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
