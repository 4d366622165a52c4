"""What a real Jupyter server feels of its clusters' faults: nothing."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from process_helpers import wait_until
from real_server import RealServer


@pytest.fixture
def server(isolated_home):
    running = RealServer(isolated_home)
    yield running
    running.kill()


class Stalls:
    """Asks a server for its status all the time, and keeps the longest wait."""

    def __init__(self, server):
        self.server, self.longest, self.goes_on = server, 0.0, True
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while self.goes_on:
            start = time.monotonic()
            self.server.ask("api/status")
            self.longest = max(self.longest, time.monotonic() - start)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.goes_on = False
        self.thread.join(30)


def _stop_the_cluster(server):
    """Return (seconds until the cluster was gone, longest stall of the server meanwhile)."""
    with Stalls(server) as stalls:
        start = time.monotonic()
        stopped = server.finished(server.ask("parflow/cluster/shutdown", "POST"))
        assert stopped["error"] is None
        assert server.ask("parflow/cluster")["state"] == "stopped"
        took = time.monotonic() - start
    return took, stalls.longest


@pytest.mark.timeout(180)
def test_a_frozen_engine_stalls_no_server(server):
    """It is stopped by a signal, then the cluster is shut down: as fast for all others as ever."""
    server.start_engines(2)
    usual, control = _stop_the_cluster(server)
    engines = server.start_engines(2)["engines"]
    os.kill(engines[0]["pid"], signal.SIGSTOP)
    took, stall = _stop_the_cluster(server)
    assert took < 15
    # Beside other work on this machine, either run may have to wait for its turn.
    assert stall < max(0.5, 2 * control), (usual, control)


@pytest.mark.timeout(120)
def test_a_hundred_requests_at_once(server):
    """All are answered, looks and starts alike, and one supervisor serves them."""
    engines = server.start_engines(1)["engines"]

    def ask(number):
        if number % 20 == 0:
            begun = server.ask("parflow/cluster/engines", "POST", {"n": 1})
            return server.finished(begun)["state"]
        path = ("cluster", "profiles", "cluster/logs", "runs")[number % 4]
        return sorted(server.ask(f"parflow/{path}"))[0]

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(ask, range(100)))
    assert answers.count("done") == 5
    assert len(answers) == 100
    info = server.ask("parflow/cluster")
    assert info["engines_total"] == 6
    assert engines[0]["pid"] in [engine["pid"] for engine in info["engines"]]
    server.process.send_signal(signal.SIGTERM)
    assert wait_until(lambda: server.process.poll() is not None, 30)
