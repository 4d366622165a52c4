"""Processes on this machine that run batches: one loky executor each, with a line for requests.

A process of its own executor is addressed, dies alone, and has a known pid.
The line is a pipe: the parent's end closes with the parent, however that
ends, and a worker whose line is closed ends itself.
"""

from __future__ import annotations

import atexit
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from typing import Any

from parflow_jupyter._system import engine_side
from parflow_jupyter.maps.abc import Slot
from parflow_jupyter.maps.worker.worker import RunBatch

_SAFE_PATH, _OURS = "PYTHONSAFEPATH", "parflow"
_LAST_WORDS = 20.0
Answer = Callable[[dict[str, Any]], None]
IDLE = 300.0
"""Seconds after which processes that no map uses are ended."""


class WorkerProcess:
    """One process, from its start to its end.

    Args:
        slot: What it is called.
        threads: How many threads numerical libraries may use in it.
    """

    def __init__(self, slot: Slot, threads: int) -> None:
        from loky.backend.context import get_context
        from loky.process_executor import ProcessPoolExecutor

        self.slot = slot
        self.pid = 0
        self.ready = False
        self.dead = self.killed = False
        self._lock = threading.Lock()
        self._heard: dict[int, Answer] = {}
        self._tickets = itertools.count()
        self._watchers: dict[object, Callable[[WorkerProcess], None]] = {}
        context = get_context("loky")
        self._line, theirs = context.Pipe()
        self._executor = ProcessPoolExecutor(
            1, context=context, initializer=begin, initargs=(theirs,), env=_environment(threads)
        )
        with _without_interrupts():
            self._executor.submit(os.getpid)
        theirs.close()
        name = f"map {slot}"
        threading.Thread(target=self._listen, name=name, daemon=True).start()

    def run(self, blob: bytes, answered: Callable[[Any], None]) -> None:
        """Run a batch there; ``answered`` gets its answer or error while the process lives."""

        def told(done: Future[bytes]) -> None:
            if done.cancelled():
                return
            error = done.exception()
            if error is None:
                answered(done.result())
            elif not (self.dead or self.killed or isinstance(error, BrokenExecutor)):
                answered(error)

        self._executor.submit(RunBatch(), blob).add_done_callback(told)

    def request(self, request: dict[str, Any], heard: Answer) -> None:
        """Send a control request about a run, also while an item runs."""
        with self._lock:
            ticket = next(self._tickets)
            self._heard[ticket] = heard
            try:
                self._line.send((ticket, request))
            except OSError:
                del self._heard[ticket]

    def watch(self, who: object, changed: Callable[[WorkerProcess], None] | None) -> None:
        """Call ``changed`` when the process is ready, and when it is dead; None ends that."""
        with self._lock:
            if changed is None:
                self._watchers.pop(who, None)
                return
            self._watchers[who] = changed
            known = self.ready or self.dead
        if known:
            changed(self)

    def kill(self) -> None:
        """End the process now, whatever it does."""
        if self.pid and not self.dead:
            self.killed = True
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let go of the process, and end it."""
        with self._lock:
            watchers, self._watchers = self._watchers, {}
        del watchers
        self._executor.shutdown(wait=False, kill_workers=True)

    def _listen(self) -> None:
        try:
            while True:
                ticket, answer = self._line.recv()
                if ticket is None:
                    # Together, or who begins to watch just now is told twice.
                    with self._lock:
                        self.pid, self.ready = answer, True
                        watchers = list(self._watchers.values())
                    for changed in watchers:
                        changed(self)
                else:
                    heard = self._heard.pop(ticket, None)
                    if heard is not None:
                        heard(answer)
        except (EOFError, OSError):
            self.dead = True
            self._line.close()
            self._tell()
            self._executor.shutdown(wait=False, kill_workers=True)

    def _tell(self) -> None:
        with self._lock:
            watchers = list(self._watchers.values())
        for changed in watchers:
            changed(self)


class WorkerProcesses:
    """The processes of this process, kept from map to map and ended when idle or at its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: list[WorkerProcess] = []
        self._numbers = itertools.count()
        self._users = 0
        self._timer: threading.Timer | None = None
        self._pid = os.getpid()
        self._ended = False

    def take(self, count: int, threads: int) -> list[WorkerProcess]:
        """Return ``count`` processes, some of them perhaps still starting."""
        with self._lock:
            self._mine()
            self._users += 1
            if self._timer is not None:
                self._timer.cancel()
            self._workers = [w for w in self._workers if not (w.dead or w.killed)]
            while len(self._workers) < count:
                self._start(threads)
            return self._workers[:count]

    def another(self, threads: int) -> WorkerProcess | None:
        """Return a new process, or None at this process's end."""
        with self._lock:
            return None if self._ended else self._start(threads)

    def give_back(self) -> None:
        """Tell that a map is over: after a while without any, the processes end."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._timer = threading.Timer(IDLE, self._idle)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            workers, self._workers = self._workers, []
            if self._timer is not None:
                self._timer.cancel()
        if self._pid == os.getpid():
            for worker in workers:
                worker.close()

    def end(self) -> None:
        """End all processes, and start none any more."""
        with self._lock:
            self._ended = True
        self.close()

    def _idle(self) -> None:
        if not self._users:
            self.close()

    def _start(self, threads: int) -> WorkerProcess:
        worker = WorkerProcess(f"process {next(self._numbers)}", threads)
        # Each time, because loky registers its own end, which waits for running items, with each
        # executor; who registers last is called first.
        _at_exit(self.end)
        self._workers.append(worker)
        return worker

    def _mine(self) -> None:
        # After a fork, the processes are the parent's.
        if self._pid != os.getpid():
            self._pid, self._workers, self._users = os.getpid(), [], 0


WORKERS = WorkerProcesses()


def _at_exit(close: Callable[[], None]) -> None:
    register = getattr(threading, "_register_atexit", atexit.register)
    register(close)


def _environment(threads: int) -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    found = {name: os.environ.get(name, str(threads)) for name in names}
    # What is beside the notebook must not take the place of what a process begins with.
    return {_SAFE_PATH: os.environ.get(_SAFE_PATH, _OURS), **found}


def last_words() -> str:
    """Return the last words of a process that is started as those that run batches."""
    command = [sys.executable, "-c", f"import {__name__}, loky.backend.popen_loky_posix"]
    environment = {**os.environ, **_environment(1)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=_LAST_WORDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    words = done.stderr.decode(errors="replace").strip().splitlines()
    return words[-1] if done.returncode and words else "what they said is in the terminal"


class _without_interrupts:  # noqa: N801 - it is used like a function
    """Start processes that no interrupt of this one's group hits before they have left it."""

    def __enter__(self) -> None:
        from loky.backend import resource_tracker

        # Started first, because its start sets the mask of signals too.
        resource_tracker.ensure_running()
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


def begin(line: Any) -> None:
    """Make this process a worker: out of its parent's group, and listening to control requests."""
    if os.environ.get(_SAFE_PATH) == _OURS:
        del os.environ[_SAFE_PATH]
    if hasattr(os, "setsid"):
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _keep_what_grows()
    engine_side.role = "worker process"
    line.send((None, os.getpid()))
    threading.Thread(target=_serve, args=(line,), name="control requests", daemon=True).start()


def _serve(line: Any) -> None:
    from parflow_jupyter.maps.worker.control import answer

    try:
        while True:
            ticket, request = line.recv()
            line.send((ticket, answer(request)))
    except (EOFError, OSError):
        # The parent is gone, or wants this to end.
        os._exit(0)


def _keep_what_grows() -> None:
    # loky restarts workers that grow by 300 MB, which large arrays kept for the next batch do.
    from loky import process_executor

    process_executor._USE_PSUTIL = False
