"""Code that starts engines and also runs on engines starts them once, not again and again."""

import os
import signal
import subprocess
import sys

import pytest
from process_helpers import processes_of, wait_until

import parflow_jupyter as pf
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.connection_files import connection_path
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import StartRefusedError

STARTS = "import parflow_jupyter as pf\ntry:\n    pf.start_engines(1)\nexcept Exception as error:\n"
STARTS += "    refused = type(error).__name__, str(error)\n"


def _startup_file(profile):
    (profile / "startup" / "00-start.py").write_text(STARTS)


def _exec_lines(profile):
    lines = f"c.IPKernelApp.exec_lines = [{STARTS!r}]\n"
    (profile / "ipython_kernel_config.py").write_text(lines)
    (profile / "ipengine_config.py").write_text(lines)


def _startup_command(profile):
    lines = f"c.IPEngine.startup_command = {STARTS!r}\n"
    (profile / "ipengine_config.py").write_text(lines)


@pytest.mark.parametrize("write", [_startup_file, _exec_lines, _startup_command])
def test_engines_start_no_engines(clusters, isolated_home, write):
    """Whatever the profile has them run first: as many come up as were asked for."""
    write(locate_profile("default"))
    clusters.start_engines(2)
    view = connect(clusters)[:]
    refused = view["refused"]
    assert [kind for kind, _ in refused] == ["StartRefusedError"] * 2
    assert all("from inside the engine" in text for _, text in refused)
    assert clusters.info().engines_total == 2
    # Supervisor, fork server, controller and two engines.
    assert len(processes_of(isolated_home)) == 5


def test_engines_that_others_start_start_none_either(clusters, isolated_home):
    """They run none of our code at their start, but for what a person writes there."""
    clusters.start_engines(1)
    client = connect(clusters)
    file = connection_path(locate_profile("default"), "", "engine")
    command = [sys.executable, "-m", "ipyparallel.engine", f"--file={file}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as engine:
        try:
            assert wait_until(lambda: len(client.ids) == 2)
            view = client[max(client.ids)]
            view.execute(STARTS, block=True)
            assert view["refused"][0] == "StartRefusedError"
        finally:
            os.killpg(engine.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "application", ["jupyter_server.serverapp:ServerApp", "ipykernel.kernelapp:IPKernelApp"]
)
def test_kernels_and_servers_start_engines(application):
    """Their applications share classes with those of engines, which may be loaded there, too."""
    module, _, name = application.partition(":")
    text = (
        f"import ipyparallel.apps.baseapp, {module}\n"
        f"{module}.{name}.instance()\n"
        f"from parflow_jupyter._system.engine_side import started_as\n"
        f"print(repr(started_as()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "''\n"


def test_worker_processes_start_no_engines(isolated_home):
    """An item that asks for engines fails with the reason."""

    def starts(_):
        return pf.start_engines(1)

    result = pf.parallel_map(starts, [0], scheme="processes", on_error="collect", progress=False)
    assert isinstance(result.errors[0].exception, StartRefusedError)
    assert "from inside the worker process" in str(result.errors[0].exception)
