"""Modules that other processes are told by name are there, with what is called in them."""

import subprocess
import sys

import pytest

from parflow_jupyter._system.package_dir import PACKAGE
from parflow_jupyter.clusters.processes import ENGINE_SIDE, FORK_SERVER_MODULE
from parflow_jupyter.clusters.processes.fork_server import PRELOAD
from parflow_jupyter.clusters.supervisor import MAIN_MODULE

# Each in a new process, as where they are told: a debugger looks at the process that loads it.
_LOAD = """
import sys
from importlib import import_module
for name in sys.argv[2:]:
    module = import_module(name)
    assert module.__name__ == name
    assert not sys.argv[1] or callable(getattr(module, sys.argv[1])), name
    print(name)
"""


@pytest.mark.parametrize(
    ("names", "called"),
    [((PACKAGE, *ENGINE_SIDE, *PRELOAD), ""), ((MAIN_MODULE, FORK_SERVER_MODULE), "main")],
)
def test_what_is_loaded_by_name_is_there(names, called):
    """A renamed module shows here, not in an engine that does not come up."""
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, called, *names], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == list(names)
