"""The fork server: one process per Python that has everything imported and forks engines.

It is a process of its own, started as ``python -c``, that reads one JSON request a line
from the socket it inherits, forks, and says how its children end. A child waits until
the supervisor has written it down, and ends when the supervisor is killed before: so no
process lives that no record names. It is not
``multiprocessing``'s: that one keeps a resource tracker process beside it, passes the
supervisor's folder and path on, and can't tell a supervisor that was started anew
how processes ended. It forks only while it has no thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from parflow_jupyter._system.process import process_stat
from parflow_jupyter._system.versions import package_versions
from parflow_jupyter.clusters.processes import engine

_preload_problems: list[str] = []

PRELOAD = (
    "ipyparallel.engine.app",
    "ipyparallel.engine.kernel",
    "ipyparallel.controller.app",
    "ipyparallel.controller.hub",
    "ipyparallel.controller.task_scheduler",
    "ipyparallel.controller.heartmonitor",
    "ipyparallel.controller.broadcast_scheduler",
    "ipyparallel.serialize.canning",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "cloudpickle",
    "threadpoolctl",
)
"""What all engines need. Their task scheduler brings numpy along, so each engine is reseeded."""


def _preload() -> None:
    from importlib import import_module

    for name in PRELOAD:
        try:
            import_module(name)
        except Exception as error:
            _preload_problems.append(f"{name}: {error}")


def _hello() -> dict[str, Any]:
    return {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "paths": [path for path in sys.path if os.path.isdir(path)],
        "problems": list(_preload_problems),
        "holds": True,
        "versions": package_versions(),
    }


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _close_inherited(kept: int) -> None:
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):
            if int(name) > 2 and int(name) != kept:
                os.close(int(name))


def _fork(spec: dict[str, Any]) -> tuple[int, int]:
    """Return the child's pid, and the end of a pipe by which it is let go."""
    gate, opener = os.pipe()
    pid = os.fork()
    if pid:
        os.close(gate)
        return pid, opener
    code = 1
    try:
        _reset_signals()
        _close_inherited(gate)
        is_known = os.read(gate, 1) == b"+"
        os.close(gate)
        code = engine.run(spec) if is_known else 0
    finally:
        # Never back into the server's own code, whatever happened.
        os._exit(code)


def _ended_child() -> int:
    """Return a child that has ended and is still to be reaped, or 0."""
    found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return found.si_pid if found is not None else 0


def _reap() -> list[dict[str, int]]:
    ended = []
    with contextlib.suppress(ChildProcessError):
        while True:
            pid = _ended_child()
            if not pid:
                break
            # While it is not reaped, its number can't be anybody else's.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            ended.append({"exit": pid, "status": status})
    return ended


class _Server:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.is_open = True
        self.pending = b""
        self.children = 0
        self.gates: dict[int, int] = {}
        self.wake, wake_write = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # SIGTERM must not end it before its children: they would lose their parent.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)

    def send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def read(self) -> None:
        try:
            data = self.connection.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            # The supervisor is gone, or wants no more forks but still to hear of exits.
            self.is_open = False
            for pid in list(self.gates):
                self.open_gate(pid, b"")
            return
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if "spec" in request:
                self.fork(request)
            else:
                self.open_gate(request["known"], b"+" if request["goes"] else b"")

    def fork(self, request: dict[str, Any]) -> None:
        pid, gate = _fork(request["spec"])
        self.gates[pid] = gate
        self.children += 1
        if not request.get("holds"):
            # A supervisor of an earlier version, which would never let it go.
            self.open_gate(pid, b"+")
        # Told from here, as it stays true even of a child that has ended already.
        started = process_stat(pid)
        self.send({"id": request["id"], "pid": pid, "start_time": started and started[1]})

    def open_gate(self, pid: int, word: bytes) -> None:
        gate = self.gates.pop(pid, None)
        if gate is not None:
            with contextlib.suppress(OSError):
                os.write(gate, word)
            os.close(gate)

    def serve(self) -> None:
        self.send({"hello": _hello()})
        while self.is_open or self.children:
            sources: list[Any] = [self.wake, *([self.connection] if self.is_open else [])]
            ready, _, _ = select.select(sources, [], [], 60)
            if self.wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
            for ended in _reap():
                self.children -= 1
                self.open_gate(ended["exit"], b"")
                self.send(ended)
            if self.connection in ready:
                self.read()


def main(fd: int) -> None:
    """Serve fork requests that arrive on an inherited socket until it closes.

    Args:
        fd: File descriptor of one end of a socket pair.
    """
    connection = socket.socket(fileno=fd)
    connection.set_inheritable(False)
    _preload()
    _Server(connection).serve()
    os._exit(0)
