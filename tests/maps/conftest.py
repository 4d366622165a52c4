"""Engines for the tests of maps: ipyparallel's own, in a home of their own."""

import logging
import os
import shutil
import signal
import tempfile
import time
import warnings
from contextlib import contextmanager, suppress

import psutil
import pytest
from ports import controller_ports

from parflow_jupyter.clusters.client.engine_list import ask_again
from parflow_jupyter.maps import MapOptions
from parflow_jupyter.maps.schemes import load
from parflow_jupyter.maps.schemes.dask import DaskScheme
from parflow_jupyter.maps.schemes.ipyparallel import IPyParallelScheme

QUIET = MapOptions(progress=False)


class Engines:
    """A controller and engines that a test may hurt."""

    def __init__(self, count):
        import ipyparallel

        self.cluster = ipyparallel.Cluster(
            controller_args=[
                controller_ports(),
                "--HeartMonitor.period=250",
                "--HeartMonitor.max_heartmonitor_misses=20",
            ],
            delay=0,
            shutdown_atexit=True,
            log_level=50,
        )
        self.client = None
        self.start(count)

    def start(self, count):
        known = len(self.client.ids) if self.client else 0
        if self.client is None:
            self.cluster.start_controller_sync()
        self.cluster.start_engines_sync(n=count)
        if self.client is None:
            self.client = self.cluster.connect_client_sync()
        deadline = time.monotonic() + 60
        while len(self.client.ids) < known + count:
            assert time.monotonic() < deadline, "the engines did not register within 60 s"
            ask_again(self.client)
            time.sleep(0.1)

    def scheme(self, **injected):
        return IPyParallelScheme(lambda: self.client, **injected)

    def pids(self):
        return self.client[:].apply_async(os.getpid).get_dict(timeout=10)

    def remember_pids(self):
        self.known_pids = self.pids()

    def kill_now(self, engine):
        """Also while it runs an item, which would not tell its pid."""
        os.kill(self.known_pids[engine], signal.SIGKILL)

    def kill(self, engine):
        os.kill(self.pids()[engine], signal.SIGKILL)

    def stop(self):
        self.client.close(linger=0)
        try:
            self.cluster.stop_cluster_sync()
        except RuntimeError:
            # ipyparallel goes through its engines while one that was killed leaves the list.
            self.cluster.stop_cluster_sync()


@contextmanager
def _home():
    # Short, because the paths of unix sockets are bounded.
    folder = tempfile.mkdtemp(prefix="pf-")
    names = ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "PARFLOW_DATA_DIR")
    # All of these exist (tests/home.py says why): values change, and no names.
    before = {name: os.environ[name] for name in names}
    os.environ.update({name: os.path.join(folder, name.lower()) for name in names})
    try:
        yield folder
    finally:
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def _children():
    return {p.pid for p in psutil.Process().children(recursive=True)}


@contextmanager
def started_engines(count):
    """Engines for a block; afterwards every process that came with them is gone."""
    with _home(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = _children()
        engines = Engines(count)
        try:
            yield engines
        finally:
            _end_processes()
            mine = [psutil.Process(pid) for pid in _children() - before if psutil.pid_exists(pid)]
            for process in mine:
                # Asked to stop, ipyparallel waits seconds for nannies of hurt engines.
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            engines.stop()
            _, left = psutil.wait_procs(mine, timeout=10)
            assert not left, f"processes were left behind: {left}"


@pytest.fixture(scope="module")
def engines():
    """Two engines, shared by the tests of a module that leave them whole."""
    with started_engines(2) as found:
        yield found


@pytest.fixture
def mortal_engines():
    """Two engines for one test, which may kill them."""
    with started_engines(2) as found:
        yield found


class DaskWorkers:
    """A dask cluster of two workers, each a process with one thread."""

    def __init__(self):
        distributed = pytest.importorskip("distributed", reason="the extra 'dask' is missing")
        # What its own start and end say is no part of the tests.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self.cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        )
        self.client = distributed.Client(self.cluster, set_as_default=False)

    def scheme(self):
        return DaskScheme(lambda: self.client)

    def stop(self):
        self.client.close()
        self.cluster.close()


@pytest.fixture(scope="session")
def dask_workers():
    """Two dask workers, shared by all tests: killed ones come back by themselves."""
    with _home(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workers = DaskWorkers()
    yield workers
    before = _children()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workers.stop()
    mine = [psutil.Process(pid) for pid in before if psutil.pid_exists(pid)]
    workers = [p for p in mine if "distributed" in " ".join(_words_of(p))]
    assert not psutil.wait_procs(workers, timeout=15)[1]


def _words_of(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def make_scheme(request):
    """Makes a scheme by its name, on real engines or workers where it needs them."""

    def make(name, *arguments):
        shared = {"ipyparallel": "engines", "dask": "dask_workers"}
        if name in shared:
            return request.getfixturevalue(shared[name]).scheme()
        return load(name)(*arguments)

    return make


@pytest.fixture(autouse=True, scope="module")
def _no_processes_left():
    """The processes of the scheme of this name end with each module."""
    yield
    _end_processes()


def _end_processes():
    from parflow_jupyter.maps.schemes._loky import WORKERS

    mine = [psutil.Process(w.pid) for w in WORKERS._workers if psutil.pid_exists(w.pid)]
    WORKERS.close()
    _, left = psutil.wait_procs(mine, timeout=5)
    assert not left, f"processes were left behind: {left}"


@pytest.fixture(scope="module")
def no_cluster():
    """A home in which no cluster runs, for tests that go by the façade."""
    from parflow_jupyter.wiring import process

    with _home():
        yield
        process.current.close()


@pytest.fixture(autouse=True)
def _own_data(tmp_path_factory, monkeypatch):
    # Beside the folder that a test counts its own files in.
    monkeypatch.setenv("PARFLOW_DATA_DIR", str(tmp_path_factory.mktemp("data")))
