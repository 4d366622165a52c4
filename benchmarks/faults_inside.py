"""Faults of engines, controllers and supervisors; faults.py carries them out."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

from fault_tools import fault, processes_of, refused, since, supervisor, until

from parflow_jupyter.clusters import Clusters
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.profiles import locate_profile

# --- engines ---------------------------------------------------------------------


def _kill_an_engine(clusters: Clusters, busy: bool) -> float:
    info = clusters.start_engines(2)
    client = connect(clusters)
    if busy:
        client[0].apply_async(time.sleep, 60)
        until(lambda: clusters.info().engines[0].state == "busy")
    os.kill(info.engines[0].pid, signal.SIGKILL)
    seen = until(lambda: clusters.info().engines_total == 1 and client.ids == [1])
    assert client[1].apply_sync(int, 3) == 3
    return seen


@fault("kill -9 an idle engine", "seen", 1)
def _(clusters: Clusters, home: Path) -> float:
    return _kill_an_engine(clusters, busy=False)


@fault("kill -9 a busy engine", "seen", 1)
def _(clusters: Clusters, home: Path) -> float:
    return _kill_an_engine(clusters, busy=True)


@fault("SIGSTOP an engine, then stop the cluster", "cluster gone", 15)
def _(clusters: Clusters, home: Path) -> float:
    os.kill(clusters.start_engines(2).engines[0].pid, signal.SIGSTOP)
    start = time.monotonic()
    clusters.shutdown()
    assert clusters.info().state == "stopped"
    return since(start)


@fault("SIGSTOP an engine for 3 s, then SIGCONT", "the same engine answers")
def _(clusters: Clusters, home: Path) -> float:
    engine = clusters.start_engines(1).engines[0]
    os.kill(engine.pid, signal.SIGSTOP)
    time.sleep(3)
    os.kill(engine.pid, signal.SIGCONT)
    start = time.monotonic()
    assert connect(clusters)[0].apply_sync(os.getpid) == engine.pid
    return since(start)


@fault("an engine is no longer registered", "another one works in its place", 10)
def _(clusters: Clusters, home: Path) -> float:
    clusters.start_engines(1)
    client = connect(clusters)
    client._send(client._query_stream, "unregistration_request", content={"id": 0})
    return until(
        lambda: [e.id for e in clusters.info().engines if e.state in ("idle", "busy")] == [1]
    )


@fault("an engine that exits at start", "refused, with its log")
def _(clusters: Clusters, home: Path) -> float:
    config = locate_profile("default") / "ipengine_config.py"
    config.write_text("import os\nos._exit(7)\n")
    took = refused(lambda: clusters.start_engines(2))
    config.unlink()
    assert clusters.start_engines(1).engines_total == 1
    return took


@fault("four engines, numpy.random preloaded", "four different numbers drawn")
def _(clusters: Clusters, home: Path) -> float:
    def draw() -> float:
        import numpy.random

        return float(numpy.random.random())

    (home / "sitecustomize.py").write_text("import numpy.random\n")
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{home}{os.pathsep}{before}"
    start = time.monotonic()
    clusters.start_engines(4)
    assert len(set(connect(clusters)[:].apply_sync(draw))) == 4
    os.environ["PYTHONPATH"] = before
    return since(start)


# --- controllers and supervisors ----------------------------------------------------


def _end_the_controller(clusters: Clusters, home: Path, number: int) -> dict[str, float]:
    info = clusters.start_engines(2)
    os.kill(info.controller.pid, number)
    start = time.monotonic()
    until(lambda: clusters.info().state == "failed")
    seen = since(start)
    # The supervisor and its fork server stay.
    until(lambda: len(processes_of(home)) <= 2)
    orphans = since(start)
    start = time.monotonic()
    assert clusters.start_engines(1).engines_total == 1
    return {"seen": seen, "no orphan left": orphans, "started again": since(start)}


@fault("kill -9 the controller", "", 5)
def _(clusters: Clusters, home: Path) -> dict[str, float]:
    return _end_the_controller(clusters, home, signal.SIGKILL)


@fault("SIGTERM the controller", "", 5)
def _(clusters: Clusters, home: Path) -> dict[str, float]:
    return _end_the_controller(clusters, home, signal.SIGTERM)


@fault("a controller that never answers", "refused")
def _(clusters: Clusters, home: Path) -> float:
    clusters.start_engines(1)
    os.kill(clusters.info().controller.pid, signal.SIGSTOP)
    return refused(lambda: clusters.start_engines(1))


@fault("a port already taken", "refused, with the reason")
def _(clusters: Clusters, home: Path) -> float:
    config = locate_profile("default") / "ipcontroller_config.py"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config.write_text(f"c.IPController.regport = {taken.getsockname()[1]}\n")
        took = refused(lambda: clusters.start_engines(1))
    config.unlink()
    return took


@fault("kill -9 the supervisor", "engines adopted and usable")
def _(clusters: Clusters, home: Path) -> float:
    before = clusters.start_engines(2)
    os.kill(supervisor(), signal.SIGKILL)
    start = time.monotonic()
    after = clusters.info()
    assert [engine.pid for engine in after.engines] == [engine.pid for engine in before.engines]
    assert connect(clusters)[:].apply_sync(int, 7) == [7, 7]
    return since(start)


@fault("kill -9 the supervisor during a start", "nothing unknown runs; started again")
def _(clusters: Clusters, home: Path) -> float:
    clusters.begin_start_engines(2)
    time.sleep(0.3 + 0.6 * (time.monotonic() % 1))
    os.kill(supervisor(), signal.SIGKILL)
    start = time.monotonic()
    info = clusters.info()
    assert info.engines_total == info.engines_started_here
    clusters.start_engines(1)
    return since(start)
