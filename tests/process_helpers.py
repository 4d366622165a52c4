"""Looking at the real processes that a test started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def processes_of(home: Path) -> dict[int, str]:
    """Return pid -> command of all living processes whose environment names ``home``."""
    marker = os.fsencode(f"={home}/")
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        try:
            if marker not in (folder / "environ").read_bytes():
                continue
            state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, IndexError):
            continue
        if state not in (b"Z", b"X"):
            found[int(folder.name)] = command[:120]
    return found


def wait_until(
    condition: Callable[[], object], timeout: float = 25, interval: float = 0.02
) -> bool:
    """Call ``condition`` until it is true or ``timeout`` seconds have passed."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(interval)
    return bool(condition())


def assert_nothing_left(home: Path, timeout: float = 25) -> None:
    """Fail when a process of ``home`` is still alive, and end it so that it harms nobody."""
    wait_until(lambda: not processes_of(home), timeout)
    left = processes_of(home)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == {}, f"processes were left behind: {left}"


def sleep_long(told: str) -> None:
    """Sleep, and tell so by a file: a controller calls an engine busy before its task runs."""
    from pathlib import Path
    from time import sleep

    Path(told).touch()
    sleep(60)


def busy_with_sleep(client: Any, engine: int, told: Path) -> Any:
    """Return the task of an engine that runs for sure."""
    task = client[engine].apply_async(sleep_long, str(told))
    assert wait_until(told.exists, 15)
    return task
