"""What an engine tells about itself without being asked: a small file that it maps.

The supervisor reads the file whenever it likes, so that information on a busy or
frozen engine never waits for the engine. Outside our engines all functions do nothing.
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from parflow_jupyter._system import engine_side

_LAYOUT = struct.Struct("<QQQd")
"""Flags, completed tasks, number of updates, time of the last one (seconds, epoch)."""

_BUSY, _LEAVING = 1, 2


@dataclass(frozen=True)
class EngineCounters:
    """One reading: ``completed`` tasks, and whether the engine is busy ``since`` then.

    ``leaving`` tells that a client asked the engine to end, which it does after its task.
    """

    busy: bool
    completed: int
    since: float
    leaving: bool = False


class _Block:
    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Not ftruncate: on a full disk, writing to what was only promised is a bus error.
            if os.write(fd, bytes(mmap.PAGESIZE)) < mmap.PAGESIZE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.map = mmap.mmap(fd, mmap.PAGESIZE)
        finally:
            os.close(fd)
        self.lock = threading.Lock()
        self.busy = False
        self.leaving = False
        self.completed = 0
        self.updates = 0
        self.reported = False

    def write(self) -> None:
        self.updates += 1
        flags = _BUSY * self.busy | _LEAVING * self.leaving
        _LAYOUT.pack_into(self.map, 0, flags, self.completed, self.updates, time.time())


_block: _Block | None = None


def open_block(path: Path) -> None:
    """Map the file of this engine; called once, by the engine's own start.

    Raises:
        OSError: The disk is full or the folder can't be written; nothing is counted then.
    """
    global _block
    _block = _Block(path)
    _block.write()
    engine_side.count_tasks = add_completed


def add_completed(n: int) -> None:
    """Count ``n`` tasks as completed; the message that ran them then counts none itself."""
    if _block is not None:
        with _block.lock:
            _block.completed += n
            _block.reported = True
            _block.write()


def set_busy(busy: bool) -> None:
    """Say that the engine works on something, or no longer does."""
    if _block is not None:
        with _block.lock:
            _block.busy = busy
            _block.write()


def set_leaving() -> None:
    """Say that a client asked this engine to end, so that nobody starts another in its place."""
    if _block is not None:
        with _block.lock:
            _block.leaving = True
            _block.write()


def begin_message() -> None:
    """Note that a message's work begins."""
    if _block is not None:
        _block.reported = False
    set_busy(True)


def end_message(*, counts: bool) -> None:
    """Note that a message's work ended; it counts as one task unless it reported its own."""
    if _block is not None and counts and not _block.reported:
        add_completed(1)
    set_busy(False)


def is_busy() -> bool:
    """Tell whether this engine works on something just now."""
    return _block is not None and _block.busy


def read_block(path: Path) -> EngineCounters | None:
    """Return what an engine last wrote, None when its file is absent or too short."""
    try:
        raw = path.read_bytes()[: _LAYOUT.size]
        flags, completed, _, since = _LAYOUT.unpack(raw)
    except (OSError, struct.error):
        return None
    return EngineCounters(bool(flags & _BUSY), completed, since, bool(flags & _LEAVING))
