"""Who owns what in notebooks run by nbconvert, papermill and servers, and in scripts that fork."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
from process_helpers import processes_of, wait_until
from real_server import RealServer

import parflow_jupyter
from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.connection import connect

PACKAGE = Path(parflow_jupyter.__file__).parent
START = """
import parflow_jupyter as pf
info = pf.start_engines(1)
assert info.engines_started_here == 1
assert pf.parallel_map(abs, [-1, -2], scheme="ipyparallel") == [1, 2]
"""
NOBODY = """
import warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    assert pf.cleanup().processes and pf.get_client() is None
assert any("nobody can be asked" in str(item.message) for item in told), told
assert pf.start_engines(1).engines_total == 1
"""
RUNNERS = {
    "nbconvert": ("nbconvert", "--to", "notebook", "--execute", "in.ipynb", "--output", "out"),
    "papermill": ("papermill", "in.ipynb", "out.ipynb", "--no-progress-bar"),
}


def _run_notebook(runner, folder, *cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {
        **{"name": "python3", "display_name": "Python 3", "language": "python"}
    }
    nbformat.write(notebook, folder / "in.ipynb")
    return subprocess.run(
        [sys.executable, "-m", *RUNNERS[runner]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.parametrize("runner", list(RUNNERS))
def test_a_notebook_run_as_a_batch_ends_what_it_started(runner, isolated_home):
    """Nobody is asked anything there, and nothing is left; also when a cell fails."""
    done = _run_notebook(runner, isolated_home, START, NOBODY, "1 / 0")
    assert "ZeroDivisionError" in done.stderr + done.stdout
    assert "AssertionError" not in done.stderr + done.stdout
    assert wait_until(lambda: not processes_of(isolated_home), 15)


def test_a_notebook_run_as_a_batch_can_leave_engines(isolated_home):
    """Detached, they are found and used by whoever comes next."""
    done = _run_notebook("nbconvert", isolated_home, START, "pf.cleanup(terminate=False)")
    assert done.returncode == 0, done.stderr
    clusters = Clusters()
    info = clusters.info()
    assert [engine.owner for engine in info.engines] == ["nobody"]
    assert connect(clusters)[:].apply_sync(int, 5) == [5]
    clusters.shutdown()
    clusters.close()
    assert wait_until(lambda: not processes_of(isolated_home), 15)


@pytest.fixture
def serve(isolated_home):
    """Starts servers and ends them with the test."""
    started = []

    def start(**options):
        started.append(RealServer(isolated_home, **options))
        return started[-1]

    yield start
    for server in started:
        server.kill()


def _run(client, code):
    texts = []
    reply = client.execute_interactive(
        textwrap.dedent(code),
        allow_stdin=False,
        timeout=60,
        output_hook=lambda message: texts.append(message["content"].get("text", "")),
    )
    assert reply["content"]["status"] == "ok", (reply["content"], texts)
    return "".join(texts)


def test_under_a_server_without_our_extension(serve, isolated_home):
    """There each kernel owns what it starts: the end of one ends its own, no other's."""
    server = serve(with_extension=False)
    first, client = server.kernel()
    _, other = server.kernel()
    for one in (client, other):
        _run(one, START)
    client.stop_channels()
    server.ask(f"api/kernels/{first}", "DELETE")
    watcher = Clusters()
    assert wait_until(lambda: watcher.info().engines_total == 1, 15)
    assert _run(other, "print(pf.cluster_info().engines_started_here)").strip() == "1"
    other.stop_channels()
    server.end()
    watcher.close()
    assert wait_until(lambda: not processes_of(isolated_home), 20)


SCRIPT = """
import parflow_jupyter as pf
info = pf.start_engines(1)
print("of the script:", info.engines_started_here, "of", info.engines_total)
"""


def test_a_script_run_from_a_cell(serve, isolated_home):
    """``!python`` is a process of its own: what it starts ends with it, the kernel's goes on.

    The kernel's belong to the server, whose crash leaves them for its successor.
    """
    server = serve(with_extension=True)
    kernel, client = server.kernel()
    _run(client, START)
    (isolated_home / "script.py").write_text(SCRIPT)
    told = _run(client, f"!{sys.executable} {isolated_home / 'script.py'}")
    assert "of the script: 1 of 2" in told
    left = json.loads(_run(client, "import json; print(json.dumps(pf.cluster_info().facts()))"))
    assert (left["engines_total"], left["engines_started_here"]) == (1, 1)
    assert left["engines"][0]["owner"] == f"Jupyter server, pid {server.process.pid}"
    client.stop_channels()
    server.ask(f"api/kernels/{kernel}", "DELETE")
    assert server.ask("parflow/cluster")["engines_started_here"] == 1

    server.end(signal.SIGKILL)
    successor = serve(with_extension=True)
    offered = successor.ask("parflow/cluster")
    assert (offered["engines_total"], offered["engines_started_here"]) == (1, 0)
    assert any("adopt" in problem["fix"] for problem in offered["problems"])
    adopted = successor.ask("parflow/cluster/adopt", "POST")
    assert adopted["engines"][0]["pid"] == left["engines"][0]["pid"]
    assert adopted["engines_started_here"] == 1
    successor.end()
    assert wait_until(lambda: not processes_of(isolated_home), 20)


CHILDREN = """
    import multiprocessing, time
    import parflow_jupyter as pf

    def look(_):
        return pf.cluster_info().engines_total

    def start_one(queue):
        info = pf.start_engines(1)
        queue.put((info.engines_total, info.engines_started_here))

    if __name__ == "__main__":
        pf.start_engines(1)
        assert pf.parallel_map(abs, [-1], scheme="ipyparallel") == [1]
        for method in ("fork", "spawn"):
            context = multiprocessing.get_context(method)
            with context.Pool(2) as pool:
                assert pool.map(look, range(4)) == [1] * 4
            queue = context.Queue()
            child = context.Process(target=start_one, args=(queue,))
            child.start()
            print(method, queue.get(timeout=60), flush=True)
            child.join(30)
            assert child.exitcode == 0
            deadline = time.monotonic() + 20
            while pf.cluster_info().engines_total != 1:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            print("one left", flush=True)
        assert pf.parallel_map(abs, [-1], scheme="ipyparallel") == [1]
"""


def test_a_script_with_multiprocessing_children(isolated_home):
    """A child owns what it starts; its end costs the parent nothing, nor does a pool's."""
    script = isolated_home / "children.py"
    script.write_text(textwrap.dedent(CHILDREN))
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=100, cwd=isolated_home
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["fork (2, 1)", "one left", "spawn (2, 1)", "one left"]
    assert wait_until(lambda: not processes_of(isolated_home), 15)
