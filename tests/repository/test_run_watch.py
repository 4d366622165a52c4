"""A test run never waits for what is dead, and says what it was."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

# The child keeps the pipes of its worker open: they don't end when the worker does.
DYING = """
import os, signal, time
from pathlib import Path

def test_before(): pass

def test_dying():
    child = os.fork()
    if child == 0:
        time.sleep(100)
        os._exit(0)
    Path("child").write_text(str(child))
    os.kill(os.getpid(), signal.{signal})

def test_after(): pass
"""
HANGING = """
import time

def test_before(): pass

def test_hanging():
    time.sleep(100)
"""
# No others: loading them takes most of the time.
_PLUGINS = ["-p", "xdist", "-p", "run_watch", "-p", "no:cacheprovider"]


class Run:
    """A test run of its own, on one file."""

    def __init__(self, folder: Path, source: str, *options: str) -> None:
        (folder / "test_one.py").write_text(source)
        (folder / "test_two.py").write_text("def test_other(): pass")
        (folder / "pytest.ini").touch()
        tests = str(Path(__file__).parents[1])
        command = [sys.executable, "-m", "pytest", *_PLUGINS]
        began = time.monotonic()
        # A file and no pipe: the child of the dead worker keeps that open as well.
        with (folder / "output").open("w") as output:
            self.code = subprocess.run(
                [*command, *options],
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": tests, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
                timeout=80,
            ).returncode
        self.seconds = time.monotonic() - began
        self.output = (folder / "output").read_text()


@pytest.mark.parametrize("how", ["SIGSEGV", "SIGKILL"])
def test_a_dead_worker_is_named_and_the_run_goes_on(tmp_path, how):
    try:
        run = Run(tmp_path, DYING.format(signal=how), "-n", "2", "--dist", "loadfile")
    finally:
        os.kill(int((tmp_path / "child").read_text()), 9)
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert f"died: {how}, while it ran test_one.py::test_dying" in run.output
    assert "FAILED test_one.py::test_dying" in run.output
    assert "1 failed, 3 passed" in run.output
    assert ("Fatal Python error: Segmentation fault" in run.output) == (how == "SIGSEGV")


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["one process", "workers"])
def test_a_run_that_takes_too_long_ends_with_the_name_of_what_ran(tmp_path, options):
    run = Run(tmp_path, HANGING, "--run-limit", "0.1", *options)
    assert run.code == pytest.ExitCode.INTERRUPTED
    assert "more than 0.1 minutes; it ran test_one.py::test_hanging" in run.output
    assert "in test_hanging" in run.output, "what it did at that moment is shown"
    assert " passed in " in run.output


def test_a_run_in_time_is_not_disturbed(tmp_path):
    run = Run(tmp_path, "def test_one(): pass", "--run-limit", "1", "-n", "2")
    assert run.code == pytest.ExitCode.OK
    assert "before its time" not in run.output
