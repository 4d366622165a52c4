"""Whether a map is asked for by an item of another map.

Items must not wait for slots that may all be waiting for them: a map inside
an item runs in the item's own process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from parflow_jupyter._system import engine_side

_here = threading.local()


@contextmanager
def inside_an_item() -> Iterator[None]:
    """Mark this thread as one that runs items, for a block.

    Example:
        >>> with inside_an_item():
        ...     is_nested()
        True
        >>> is_nested()
        False
    """
    before, _here.inside = is_nested(), True
    try:
        yield
    finally:
        _here.inside = before


def is_nested() -> bool:
    """Return whether this thread, or this process, runs items of a map."""
    if getattr(_here, "inside", False):
        return True
    # Loaded wherever engines are used; nothing runs in it but on engines and in processes.
    worker = engine_side.worker
    return worker is not None and worker.status()["run"] is not None
