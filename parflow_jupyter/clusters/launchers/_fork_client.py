"""The supervisor's end of a fork server: starts it, asks it to fork, hears of exits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from parflow_jupyter._system.environment import BLAS_VARIABLES
from parflow_jupyter._system.local_modules import PACKAGE_FOLDERS
from parflow_jupyter._system.package_dir import IMPORT_ROOT, PACKAGE
from parflow_jupyter.clusters.processes import ENGINE_SIDE, FORK_SERVER_MODULE
from parflow_jupyter.errors import EngineStartError

_BOOT = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
borrowed = []
try:
    import {package}
except ImportError:
    # Another Python, without this package: only its engine side is borrowed.
    borrowed = [{root!r}]
sys.path += borrowed
import {modules}
from {server} import main
for entry in borrowed:
    sys.path.remove(entry)
main({fd})
"""
_FORK_SERVER_ENVIRONMENT = {
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    # No thread may exist where processes are forked; engines set their own limits.
    **dict.fromkeys(BLAS_VARIABLES, "1"),
}


class ForkServerClient:
    """One fork server process, and the requests that wait for its answer."""

    def __init__(self, python: str, log: Path, on_exit: Callable[[int, int], None]) -> None:
        self.python = python
        self.log = log
        self.on_exit = on_exit
        self.version = ""
        self.paths: list[str] = []
        self.versions: dict[str, str] = {}
        self._holds = False
        self._stamp: dict[str, int] = {}
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers: dict[int, asyncio.Future[tuple[int, int]]] = {}
        self._next = 0
        self._process, self._socket = self._spawn()
        self._writer: asyncio.StreamWriter | None = None
        self._reading = asyncio.ensure_future(self._read())

    def _spawn(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        modules = ", ".join(ENGINE_SIDE)
        names = {"package": PACKAGE, "modules": modules, "server": FORK_SERVER_MODULE}
        boot = _BOOT.format(**names, root=IMPORT_ROOT, fd=theirs.fileno())
        try:
            with theirs, _open_log(self.log) as log:
                process = subprocess.Popen(
                    [self.python, "-c", boot],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    cwd="/",
                    env={**os.environ, **_FORK_SERVER_ENVIRONMENT},
                )
        except OSError as error:
            ours.close()
            raise EngineStartError(
                f"Can't run the Python {self.python!r}: {error.strerror}. Give the path of one."
            ) from error
        return process, ours

    @property
    def pid(self) -> int:
        """Pid of the fork server process."""
        return self._process.pid

    def is_usable(self) -> bool:
        """Tell whether it lives, or may yet, and what it imported is still what is installed."""
        is_starting = not self.paths
        return not self._reading.done() and (is_starting or self._stamp == _stamp(self.paths))

    @property
    def is_over(self) -> bool:
        """Whether it ended, so that nothing more will be heard of its children."""
        return self._reading.done()

    async def wait_ready(self, timeout: float) -> None:
        """Wait until everything is imported.

        Raises:
            EngineStartError: It ended, or took longer than ``timeout`` seconds.
        """
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), timeout)
        except TimeoutError:
            raise EngineStartError(
                f"The fork server of {self.python} was not ready after {timeout:g} s: "
                f"the machine may be overloaded; see {self.log}."
            ) from None

    async def fork(self, spec: dict[str, Any], timeout: float) -> tuple[int, int]:
        """Return pid and start time of a new process; ``let_go`` makes it what ``spec`` says.

        Raises:
            EngineStartError: The fork server ended or did not answer within ``timeout`` s.
        """
        await self.wait_ready(timeout)
        self._next += 1
        answer = self._answers[self._next] = asyncio.get_running_loop().create_future()
        assert self._writer is not None
        request = {"id": self._next, "spec": spec, "holds": self._holds}
        self._writer.write(json.dumps(request).encode() + b"\n")
        try:
            return await asyncio.wait_for(answer, timeout)
        except TimeoutError:
            raise EngineStartError(
                f"The fork server of {self.python} did not answer within {timeout:g} s: "
                f"see {self.log}."
            ) from None

    def let_go(self, pid: int, *, goes: bool = True) -> None:
        """Let a forked process begin, now that it is known; or end, as nobody knows it."""
        if not self._holds:
            # The fork server of an earlier version of this package, in another Python.
            if not goes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        elif self._writer is not None and not self._reading.done():
            self._writer.write(json.dumps({"known": pid, "goes": goes}).encode() + b"\n")

    async def _read(self) -> None:
        reader, self._writer = await asyncio.open_connection(sock=self._socket)
        try:
            while line := await reader.readline():
                self._handle(json.loads(line))
        except OSError:
            pass
        finally:
            self._writer.close()
            self._fail()

    def _handle(self, message: dict[str, Any]) -> None:
        if "exit" in message:
            self.on_exit(message["exit"], message["status"])
        elif "pid" in message:
            answer = self._answers.pop(message["id"], None)
            if answer is not None and not answer.done():
                answer.set_result((message["pid"], message["start_time"] or 0))
            else:
                # Who asked gave up meanwhile; the process is unknown to everyone else.
                self.let_go(message["pid"], goes=False)
        elif "hello" in message:
            self.version = message["hello"]["python"]
            self.paths = message["hello"]["paths"]
            self.versions = dict(message["hello"].get("versions") or {})
            self._holds = bool(message["hello"].get("holds"))
            self._stamp = _stamp(self.paths)
            self._ready.set_result(None)

    def _fail(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        code = self._process.poll()
        error = EngineStartError(
            f"The fork server of {self.python} ended (exit code {code}): is ipyparallel "
            f"installed there? See {self.log}."
        )
        unanswered: list[asyncio.Future[Any]] = [self._ready, *self._answers.values()]
        for waiting in unanswered:
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()
        self._answers.clear()

    def retire(self) -> None:
        """Let it end when the last of its children has; their exits are still heard of."""
        if self._writer is not None and self._writer.can_write_eof():
            self._writer.write_eof()


def _open_log(path: Path) -> IO[bytes]:
    # Nothing fails for want of a log.
    try:
        return open(path, "ab")
    except OSError:
        return open(os.devnull, "ab")


def _stamp(paths: list[str]) -> dict[str, int]:
    """Return what changes when a package is installed, upgraded or removed."""
    found = {}
    for path in paths:
        if PACKAGE_FOLDERS.intersection(path.split(os.sep)):
            try:
                found[path] = os.stat(path).st_mtime_ns
            except OSError:
                found[path] = 0
    return found
