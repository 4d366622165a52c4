"""Seeing processes end: by pidfd where there are pidfds, else by looking twice a second."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from parflow_jupyter._system.process import ProcessIdentity, is_alive, open_pidfd

_background: set[asyncio.Future[None]] = set()


def in_background(coroutine: object) -> None:
    """Run a coroutine whose end nobody waits for, keeping it from being collected."""
    task = asyncio.ensure_future(coroutine)  # type: ignore[call-overload]
    _background.add(task)
    task.add_done_callback(_background.discard)


def call_at_end(identity: ProcessIdentity, callback: Callable[[], None]) -> None:
    """Call back once when exactly this process has ended."""
    fd = open_pidfd(identity)
    if fd is None:
        in_background(_poll_until_end(identity, callback))
        return
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(fd)
        os.close(fd)
        callback()

    loop.add_reader(fd, ended)


async def _poll_until_end(identity: ProcessIdentity, callback: Callable[[], None]) -> None:
    while is_alive(identity):
        await asyncio.sleep(0.5)
    callback()
