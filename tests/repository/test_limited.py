"""No part of scripts/test runs for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
from process_helpers import wait_until

LIMITED = str(Path(__file__).parents[2] / "scripts" / "_limited.py")


def limited(minutes: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, LIMITED, minutes, "The part", *command],
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_what_takes_too_long_is_named_and_ended_with_its_children(tmp_path):
    child = tmp_path / "child"
    run = limited("0.03", "sh", "-c", f"sleep 100 & echo $! >{child}; wait")
    assert run.returncode == 124
    assert "The part took more than 0.03 minutes" in run.stderr
    assert "sleep 100" in run.stderr
    pid = int(child.read_text())
    assert wait_until(
        lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie"
    )


def test_what_ends_in_time_keeps_its_exit_code():
    assert limited("1", "sh", "-c", "exit 3").returncode == 3
    assert limited("1", "sh", "-c", "kill -9 $$").returncode == 137
