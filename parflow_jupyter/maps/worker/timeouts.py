"""Watches the running item of a slot, and interrupts it when its time is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from parflow_jupyter.maps.worker.interrupts import Current

AGAIN = 0.5
"""Seconds after which an item that goes on after its interrupt is interrupted again."""


@contextmanager
def watching(current: Current, timeout: float | None) -> Iterator[None]:
    """Interrupt items that take longer than their timeout while the block runs.

    Args:
        current: Tells which item runs since when.
        timeout: Seconds per item; with None, nothing is watched.
    """
    if timeout is None:
        yield
        return
    over = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(current, timeout, over), name="item timeout", daemon=True
    )
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(current: Current, timeout: float, over: threading.Event) -> None:
    pause = timeout
    while not over.wait(pause):
        position, left = current.left()
        if left <= 0:
            current.expire(position)
        pause = min(left, timeout) if left > 0 else AGAIN
