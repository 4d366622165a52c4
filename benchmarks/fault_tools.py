"""What faults are made of: see faults.py, which carries them out."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Tests and benchmarks break the same things: homes, servers and processes are shared.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from home import Home
from process_helpers import processes_of, wait_until
from real_server import RealServer

from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import ParflowError

__all__ = ["Home", "RealServer", "processes_of"]
RECORD = f"parflow-default@{socket.gethostname()}.json"


@dataclass(frozen=True)
class Fault:
    """What is caused, what is measured, and how soon it should be (None: only that it is so)."""

    name: str
    measured: str
    goal: float | None
    cause: Callable[[Clusters, Path], float | dict[str, float]]


FAULTS: list[Fault] = []


def fault(name: str, measured: str, goal: float | None = None) -> Callable[[Any], Any]:
    """Add a function to the faults; it returns seconds, or several by what they are of."""

    def add(cause: Any) -> Any:
        FAULTS.append(Fault(name, measured, goal, cause))
        return cause

    return add


def since(start: float) -> float:
    return time.monotonic() - start


def until(condition: Callable[[], object], timeout: float = 60) -> float:
    """Return the seconds until something is so; raise when it never is."""
    start = time.monotonic()
    assert wait_until(condition, timeout, 0.005), "it never came"
    return since(start)


def refused(call: Callable[[], object]) -> float:
    """Return the seconds until a call is refused with an error of ours."""
    start = time.monotonic()
    try:
        call()
    except ParflowError:
        return since(start)
    raise AssertionError("it was not refused")


def supervisor() -> int:
    record = locate_profile("default") / "security" / RECORD
    return int(json.loads(record.read_text())["supervisor"]["pid"])
