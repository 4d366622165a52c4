"""Siblings reach each other in one way only, and what registers does so when it is loaded."""

import re
import subprocess
import sys
from pathlib import Path

import parflow_jupyter
from parflow_jupyter._system import engine_side

PACKAGE = Path(parflow_jupyter.__file__).parent


def test_nothing_of_ours_is_looked_up_by_the_name_of_its_module():
    """import-linter does not see such names, and a renamed module is not found any more."""
    looked_up = re.compile(r"""sys\.modules(\.get\(|\[)["']parflow_jupyter""")
    found = [path for path in PACKAGE.rglob("*.py") if looked_up.search(path.read_text("utf-8"))]
    assert found == []


def test_the_worker_registers_when_it_is_loaded():
    """As what the engine's end and nested maps take it for."""
    from parflow_jupyter.maps.worker.worker import WORKER

    assert engine_side.worker is WORKER
    assert engine_side.worker.status()["run"] is None
    engine_side.worker.leave()


def test_an_engine_counts_tasks_and_loads_no_map(tmp_path):
    """The registry and the engine's side load without maps."""
    source = f"""
import sys
from pathlib import Path
from parflow_jupyter._system import engine_side
from parflow_jupyter.clusters.processes import engine, engine_counters
engine_side.count_tasks(7)
path = Path({str(tmp_path / "counters")!r})
engine_counters.open_block(path)
engine_side.count_tasks(3)
print(engine_counters.read_block(path).completed, "parflow_jupyter.maps" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60
    )
    assert told.stdout.split() == ["3", "False"], told.stderr
