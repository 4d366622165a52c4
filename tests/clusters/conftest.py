"""Fixtures of the tests of clusters."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parflow_jupyter.clusters.client.rpc import Target, read_record


@pytest.fixture
def cluster_home(isolated_home: Path) -> Path:
    """The test's own home, in which nothing may be left running."""
    return isolated_home


@pytest.fixture
def supervisor_pid(isolated_home: Path) -> Callable[[], int]:
    """Returns the pid of the supervisor of the default profile, from its record."""

    def find() -> int:
        record = read_record(Target(isolated_home / "ipython" / "profile_default", ""))
        assert record is not None
        return int(record["supervisor"]["pid"])

    return find


@pytest.fixture
def run_python(isolated_home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python processes that end with the test; their standard output is a pipe."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)
