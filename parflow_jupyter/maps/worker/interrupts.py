"""What runs in a slot right now, and how others stop it without hitting something else."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from parflow_jupyter.maps.messages import BatchResult
from parflow_jupyter.maps.transport.shared_memory import IDLE

_FAR = 1 << 62


class Current:
    """The batch that a slot runs, shared between the thread that runs it and those that stop it.

    Args:
        run: Identity of the run.
        batch: Number of the batch.
        stopped: Whether the run is to stop.
        stop_on_signal: Whether a SIGINT means the run (here) or the item (on an engine).
        mark: Where the batch and the item's place in it are written, or None.
    """

    def __init__(
        self,
        run: str,
        batch: int,
        *,
        stopped: bool = False,
        stop_on_signal: bool = False,
        mark: Any = None,
    ) -> None:
        self.run = run
        self.batch = batch
        self.mark = array("q", (IDLE, IDLE)) if mark is None else mark
        # In this order: whoever reads it after a crash must not take an old place for a new one.
        self.mark[1] = IDLE
        self.mark[0] = batch
        self.batch_result: BatchResult | None = None
        self.limit = 0 if stopped else _FAR
        self.interrupted = stopped
        self._stopping = stopped
        self._stop_on_signal = stop_on_signal
        self._thread: int | None = None
        self._lock = threading.Lock()
        self._signalled = False
        self.timeout: float | None = None
        self.expired = -1
        self._start = self.began = 0.0
        self._expiring = False

    @property
    def position(self) -> int:
        """The place of the running item in the batch, -1 before the first."""
        return int(self.mark[1])

    def finished(self, first: int) -> BatchResult | None:
        """Return what the batch has come to so far, or None if that is nothing new.

        Args:
            first: Items of the batch that are known already.
        """
        return self.batch_result.part(first) if self.batch_result is not None else None

    def begin(self, start: float, timeout: float | None) -> None:
        """Set the clock of the batch: ``began`` counts seconds after ``start``.

        Args:
            start: Now, by ``time.perf_counter``.
            timeout: Seconds that each item may take, or None.
        """
        self._start, self.timeout = start, timeout

    def left(self) -> tuple[int, float]:
        """Return the running item's position, and seconds until its timeout; less than 0 after."""
        # Whoever runs the items sets the time before the position; read the other way round.
        position = self.position
        passed = time.perf_counter() - self._start - self.began
        return position, (self.timeout or float("inf")) - passed

    def end(self) -> None:
        """Stop the clock: no timeout interrupts what comes after the items."""
        self.began = float("inf")

    def expire(self, position: int) -> None:
        """Interrupt an item that has passed its timeout, and no other.

        Args:
            position: The item's place in the batch.
        """
        with self._lock:
            if self._thread is not None and self.position == position >= 0:
                self.expired, self._expiring = position, True
                signal.pthread_kill(self._thread, signal.SIGINT)

    def give_back(self, size: int) -> int:
        """Keep this batch from starting more items; return the first position given back.

        Whoever runs the items announces a position before it looks at the limit, and this
        sets the limit before it looks at the position: whoever comes second sees the
        other, so no item is both run and given back, and none is lost. An item in doubt
        counts as not given back: it is in the batch's answer, or comes back with that.

        Args:
            size: Number of items in the batch.
        """
        limit = self.position + 1
        self.limit = limit
        # The item announced meanwhile may have looked before the limit was there.
        return min(size, max(limit, self.position + 1))

    def stop(self) -> None:
        """Stop the run here: the running item is interrupted, no other begins."""
        self._stopping = True
        self.limit = 0
        with self._lock:
            if self._thread is None:
                return
            if self._thread == threading.main_thread().ident:
                signal.pthread_kill(self._thread, signal.SIGINT)
            else:
                _raise_in_thread(self._thread, KeyboardInterrupt)

    def leave(self) -> None:
        """Take the interrupt that comes next for the end of this process, not of the item."""
        self._stopping = True
        self.limit = 0

    def must_stop(self, error: BaseException) -> bool:
        """Return whether an exception of an item came from stopping the run, not the item."""
        if not isinstance(error, KeyboardInterrupt):
            return self._stopping and self._signalled
        return self._stopping or (self._signalled and self._stop_on_signal)

    @property
    def stop_wanted(self) -> bool:
        """Whether the person interrupted the items, as opposed to the run being stopped."""
        return self._signalled and self._stop_on_signal and not self._stopping

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let interrupts through to the items, and to nothing else."""
        main = threading.current_thread() is threading.main_thread()
        before: Any = signal.signal(signal.SIGINT, self._on_signal) if main else None
        self._arm(threading.get_ident())
        try:
            yield
        finally:
            try:
                self._disarm(main)
            finally:
                # Whatever comes in between, or no interrupt would ever be heard again.
                if main:
                    signal.signal(signal.SIGINT, before or signal.default_int_handler)

    def _arm(self, thread: int) -> None:
        with self._lock:
            self._thread = thread

    def _disarm(self, main: bool) -> None:
        try:
            with self._lock:
                self._thread = None
        except KeyboardInterrupt:
            self.interrupted = True
            self._thread = None
        if not main:
            _raise_in_thread(threading.get_ident(), None)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._expiring:
            # Not the person's interrupt; the item it was meant for may be over.
            self._expiring = False
            in_item = self._thread is not None and self.began != float("inf")
            if in_item and self.expired == self.position:
                raise KeyboardInterrupt
            return
        self._signalled = True
        if self._stop_on_signal:
            # Also just before the first item, and where an item keeps the interrupt to itself.
            self.limit, self.interrupted = 0, True
        if self._thread is not None:
            raise KeyboardInterrupt


def _raise_in_thread(thread: int, kind: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(kind) if kind is not None else None
    )
