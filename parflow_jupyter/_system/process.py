"""Which process is meant: a pid alone is never trusted, because pids are used again.

A process is identified by pid, start time, boot id and pid namespace, so that a
record read after a reboot, on another host or in another container can't hit a stranger.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ProcessIdentity:
    """One process, for as long as the machine runs.

    ``start_time`` is in the kernel's clock ticks since boot (Linux) or
    hundredths of a second since the epoch (elsewhere).

    Example:
        >>> import os
        >>> is_alive(identity_of(os.getpid()))
        True
    """

    pid: int
    start_time: int
    boot_id: str
    pid_namespace: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ProcessIdentity:
        """Rebuild from the JSON form.

        Raises:
            TypeError, ValueError, KeyError: The form is broken.
        """
        return cls(
            int(data["pid"]),
            int(data["start_time"]),
            str(data["boot_id"]),
            str(data["pid_namespace"]),
        )

    @property
    def key(self) -> str:
        """A file-name-safe text that names this process on this machine."""
        return f"{self.pid}-{self.start_time}"


@cache
def boot_id() -> str:
    """Return what changes with each boot, or an empty text where that is not known."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


@cache
def pid_namespace() -> str:
    """Return the pid namespace, in which pids of this process make sense."""
    with contextlib.suppress(OSError):
        return os.readlink("/proc/self/ns/pid")
    return ""


def _linux_stat(pid: int) -> tuple[str, int] | None:
    """Return (state letter, start time) from /proc; source: proc_pid_stat(5)."""
    try:
        raw = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The command may hold blanks and brackets: fields are counted from its last bracket.
    fields = raw.rpartition(b")")[2].split()
    return fields[0].decode(), int(fields[19])


def _other_stat(pid: int) -> tuple[str, int] | None:
    import psutil

    try:
        process = psutil.Process(pid)
        state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "S"
        return state, int(process.create_time() * 100)
    except psutil.Error:
        return None


def process_stat(pid: int) -> tuple[str, int] | None:
    """Return (state letter as in ps, start time) of a process, None when there is none."""
    return _linux_stat(pid) if os.path.exists("/proc/self/stat") else _other_stat(pid)


def began(pid: int) -> float | None:
    """Return when a process began, in seconds since the epoch; None when there is none.

    Example:
        >>> import time
        >>> began(os.getpid()) < time.time()
        True
    """
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def identity_of(pid: int) -> ProcessIdentity | None:
    """Return the identity of a living process, None when there is none (or a zombie)."""
    stat = process_stat(pid)
    if stat is None or stat[0] in "ZX":
        return None
    return ProcessIdentity(pid, stat[1], boot_id(), pid_namespace())


def own_identity() -> ProcessIdentity:
    """Return the identity of this process."""
    identity = identity_of(os.getpid())
    if identity is None:  # /proc may be hidden; start time 0 then never matches another
        return ProcessIdentity(os.getpid(), 0, boot_id(), pid_namespace())
    return identity


def is_alive(identity: ProcessIdentity | None) -> bool:
    """Tell whether exactly this process lives; a zombie does not."""
    return identity is not None and identity_of(identity.pid) == identity


def is_stopped(identity: ProcessIdentity) -> bool:
    """Tell whether the process was stopped by a signal (SIGSTOP, a debugger)."""
    stat = process_stat(identity.pid)
    return stat is not None and stat[1] == identity.start_time and stat[0] in "Tt"


def open_pidfd(identity: ProcessIdentity) -> int | None:
    """Return a pidfd of exactly this process, None when it is gone or there are no pidfds."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        fd = os.pidfd_open(identity.pid)
    except OSError:
        return None
    if is_alive(identity):
        return fd
    os.close(fd)
    return None


def send_signal(identity: ProcessIdentity, number: signal.Signals) -> bool:
    """Signal exactly this process; return False when it is gone.

    The pidfd is opened before the identity is compared, so that the process
    can't be exchanged in between.
    """
    fd = open_pidfd(identity)
    if fd is None:
        if hasattr(os, "pidfd_open") or not is_alive(identity):
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, number)
            return True
        return False
    try:
        signal.pidfd_send_signal(fd, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)
    return True
