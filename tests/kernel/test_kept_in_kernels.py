"""A kernel that is killed in the middle of a map, and another one that goes on with it."""

from __future__ import annotations

import collections
import os
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

_SETUP = """
import os, time
import parflow_jupyter as pf
%load_ext parflow_jupyter
log = os.environ["LOG"]
class Point:
    def __init__(self, x):
        self.x = x
def note(x):
    handle = os.open(os.environ["LOG"], os.O_WRONLY | os.O_APPEND)
    os.write(handle, f"{x}\\n".encode())
    os.close(handle)
def work(x):
    note(x)
    time.sleep(float(os.environ["PAUSE"]))
    return Point(x)
"""
_CELL = """%%parflow map x in range(40) -> points --checkpoint points --scheme serial --no-progress
work(x)"""
_CHECK = """
print([type(p) is Point and p.x for p in points] == list(range(40)), len(points), end=" ")
print(len(pf.last_result().report.kept), pf.last_result().report.changed)
"""


class Kernel:
    """A real kernel; what it prints is returned, and an error of its is raised."""

    def __init__(self, folder: Path, pause: float) -> None:
        from jupyter_client.manager import KernelManager

        self.manager = KernelManager(connection_file=str(folder / f"kernel-{pause}.json"))
        self.manager.start_kernel(env={**os.environ, "PAUSE": str(pause)})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str) -> str:
        texts = []

        def heard(message: dict) -> None:
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])

        reply = self.client.execute_interactive(
            code, timeout=60, output_hook=heard, allow_stdin=False
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(texts)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@contextmanager
def started(folder: Path, pause: float):
    kernel = Kernel(folder, pause)
    try:
        yield kernel
    finally:
        kernel.close()


@pytest.mark.timeout(200)
def test_a_killed_kernel_loses_only_what_was_in_flight(isolated_home, monkeypatch, tmp_path):
    """The next one finds the rest, as objects of its own class, from another cell number."""
    log = tmp_path / "log"
    log.touch()
    monkeypatch.setenv("LOG", str(log))
    with started(tmp_path, 0.05) as kernel:
        kernel.run(_SETUP)
        kernel.client.execute(_CELL)
        deadline = time.monotonic() + 60
        while len(log.read_text().split()) < 15:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(kernel.manager.provisioner.pid, 9)
    begun = len(log.read_text().split())
    with started(tmp_path, 0) as kernel:
        kernel.run("1 + 1")
        kernel.run(_SETUP.replace("def work", "# counts and waits\n\ndef work"))
        kernel.run(_CELL)
        told = kernel.run(_CHECK)
    right, count, kept, changed = told.split(maxsplit=3)
    assert (right, count, changed) == ("True", "40", "[]\n")
    assert begun - 2 <= int(kept) <= begun
    runs = collections.Counter(log.read_text().split())
    assert set(runs) == {str(n) for n in range(40)}
    assert sum(runs.values()) - 40 <= 2
