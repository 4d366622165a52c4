"""Modules that other processes are told by name are there, with what is called in them."""

from importlib import import_module

import pytest

from parflow_jupyter._system.package_dir import PACKAGE
from parflow_jupyter.clusters.processes import ENGINE_SIDE, FORK_SERVER_MODULE
from parflow_jupyter.clusters.processes.fork_server import PRELOAD
from parflow_jupyter.clusters.supervisor import MAIN_MODULE


@pytest.mark.parametrize("name", [PACKAGE, *ENGINE_SIDE, *PRELOAD])
def test_what_is_loaded_by_name_is_there(name):
    """A renamed module shows here, not in an engine that does not come up."""
    assert import_module(name).__name__ == name


@pytest.mark.parametrize("name", [MAIN_MODULE, FORK_SERVER_MODULE])
def test_what_is_run_by_name_can_be_called(name):
    """With the function that the new process calls."""
    assert callable(import_module(name).main)
