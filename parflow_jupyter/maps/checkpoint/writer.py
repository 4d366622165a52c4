"""Writes results down in a thread of its own, so that a slow or full disk never stops a map."""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from parflow_jupyter._system.caller import warn
from parflow_jupyter.errors import CheckpointError
from parflow_jupyter.stores.checkpoints.pickles import SMALL, Large, TooBigError
from parflow_jupyter.stores.checkpoints.results import Checkpoint

MOST_WAITING = 256 << 20
"""Bytes that may wait to be written."""
PATIENCE = 5.0
"""Seconds that a map waits for the disk at one time, at most."""
AGAIN_AFTER = 30.0
"""Seconds after which a disk that was full is tried again."""
AT_EXIT = 10.0
_AT_ONCE = 1000
_FULL = (sqlite3.Error, OSError, CheckpointError)

Entry = tuple[int, bytes, bytes | Large]
"""Index of an item, the key of its result, and the result."""


class CheckpointWriter:
    """Keeps the results of one run.

    Args:
        open_checkpoint: Opens the checkpoint, in the thread that writes.
        not_kept: Told the index of an item whose result is not kept, and why.
        name: What the checkpoint is called.
    """

    def __init__(
        self,
        open_checkpoint: Callable[[], Checkpoint],
        not_kept: Callable[[int, str], None],
        name: str,
    ) -> None:
        self._open = open_checkpoint
        self._not_kept = not_kept
        self._name = name
        self._changed = threading.Condition()
        self._waiting: deque[Entry] = deque()
        self._bytes = 0
        self._writing = 0
        self._closing = self._behind = False
        self._warned = False
        self._blocked_until = 0.0
        self._blocked_why = ""
        self.pid = os.getpid()
        self._thread = threading.Thread(target=self._work, name=f"keep {name}", daemon=True)
        self._thread.start()
        _WRITERS.add(self)

    def put(self, entries: Sequence[Entry]) -> None:
        """Have results written, soon; waits a little where the disk is far behind."""
        with self._changed:
            if self._bytes > MOST_WAITING and not self._behind:
                self._changed.wait_for(lambda: self._bytes <= MOST_WAITING, PATIENCE)
                # Once is enough: a disk that hangs would hold up each batch again.
                self._behind = self._bytes > MOST_WAITING
            if self._bytes <= MOST_WAITING:
                self._waiting.extend(entries)
                self._bytes += sum(_size(entry) for entry in entries)
                self._changed.notify_all()
                return
        for index, _, _ in entries:
            self._not_kept(index, "the disk is too slow for so many results")

    def close(self, timeout: float) -> int:
        """Wait until all is written, and return how many results are not yet.

        They are still written as long as this process lives.

        Args:
            timeout: Seconds to wait at most.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not (self._waiting or self._writing), timeout)
            left = len(self._waiting) + self._writing
        if not left:
            self._thread.join(timeout)
        return left

    # --- in its thread ------------------------------------------------------------------------

    def _work(self) -> None:
        checkpoint: Checkpoint | None = None
        try:
            while entries := self._next():
                checkpoint = self._write(checkpoint, entries)
                with self._changed:
                    self._writing = 0
                    self._changed.notify_all()
        finally:
            if checkpoint is not None:
                with suppress(sqlite3.Error):
                    checkpoint.trim()
                checkpoint.close()

    def _next(self) -> list[Entry]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            count = min(len(self._waiting), _AT_ONCE)
            entries = [self._waiting.popleft() for _ in range(count)]
            self._bytes -= sum(_size(entry) for entry in entries)
            self._behind = self._behind and self._bytes > MOST_WAITING // 2
            self._writing = len(entries)
            self._changed.notify_all()
            return entries

    def _write(self, checkpoint: Checkpoint | None, entries: list[Entry]) -> Checkpoint | None:
        if time.monotonic() < self._blocked_until:
            self._none_kept(entries, self._blocked_why)
            return checkpoint
        try:
            checkpoint = checkpoint or self._open()
            small = [entry for entry in entries if _is_small(entry)]
            if small:
                checkpoint.keep([(key, value) for _, key, value in small])
        except _FULL as error:
            self._blocked(error)
            self._none_kept(entries, self._blocked_why)
            return checkpoint
        except Exception as error:
            self._none_kept(entries, f"it could not be written: {error}")
            return checkpoint
        for entry in entries:
            if not _is_small(entry):
                self._write_large(checkpoint, entry)
        return checkpoint

    def _write_large(self, checkpoint: Checkpoint, entry: Entry) -> None:
        index, key, value = entry
        try:
            checkpoint.keep([(key, value)])
        except TooBigError:
            most = checkpoint.most_bytes
            self._not_kept(index, f"its result is larger than all kept results may be ({most} B)")
        except _FULL as error:
            self._blocked(error)
            self._not_kept(index, self._blocked_why)
        except Exception as error:
            self._not_kept(index, f"its result can't be pickled: {error}")

    def _none_kept(self, entries: list[Entry], why: str) -> None:
        for index, _, _ in entries:
            self._not_kept(index, why)

    def _blocked(self, error: BaseException) -> None:
        self._blocked_until = time.monotonic() + AGAIN_AFTER
        self._blocked_why = f"it could not be written: {error}"
        if not self._warned:
            self._warned = True
            warn_disk(self._name, error)


def warn_disk(name: str, error: BaseException) -> None:
    """Tell that results are not kept, and what to do; never raises."""
    with suppress(RuntimeWarning):
        warn(
            f"Results are not kept under {name!r} for now ({error}); the map goes on. Free disk "
            f"space, delete what is not needed with parflow_jupyter.checkpoints().delete(name), "
            f"or set PARFLOW_DATA_DIR to a folder with more room.",
            RuntimeWarning,
        )


def _is_small(entry: Entry) -> bool:
    return isinstance(entry[2], bytes) and len(entry[2]) <= SMALL


def _size(entry: Entry) -> int:
    value = entry[2]
    return len(value) if isinstance(value, bytes) else 0


_WRITERS: weakref.WeakSet[CheckpointWriter] = weakref.WeakSet()


def _finish_all() -> None:
    deadline = time.monotonic() + AT_EXIT
    for writer in list(_WRITERS):
        if writer.pid != os.getpid():
            continue  # a forked child has its parent's writers, but not their threads
        writer.close(max(0.0, deadline - time.monotonic()))


atexit.register(_finish_all)
