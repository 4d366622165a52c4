"""Facts of the cores become Jupyter events, not too many and never the values."""

import asyncio
import threading
import time

import pytest

from parflow_jupyter.events import ClusterChanged, EngineExited, MapStarted, OperationChanged
from parflow_jupyter.server.app import ParflowExtension
from parflow_jupyter.server.bridge import Bridge, Fact, Throttle, fact_of, run_facts

CLUSTER = "https://parflow-jupyter.github.io/events/cluster_changed/v1"
OPERATION = "https://parflow-jupyter.github.io/events/operation_changed/v1"
RUN = "https://parflow-jupyter.github.io/events/run_changed/v1"


def changed(total, profile="p"):
    return ClusterChanged(profile=profile, cluster_id="", state="running", engines_total=total)


def started(done):
    return OperationChanged(
        operation="1", kind="start-engines", state="running", done=done, total=4
    )


def row(run, done, **more):
    return {"run": run, "state": "running", "done": done, "total": 4, **more}


@pytest.mark.parametrize(
    ("event", "schema_id"),
    [
        (changed(2), CLUSTER),
        (started(1), OPERATION),
        (EngineExited(profile="p", cluster_id="", engine=1, pid=1, exit_code=-9), None),
        (MapStarted(run="r", label="", scheme="", reason="", total=1, slots=1), None),
    ],
)
def test_only_some_events_are_told(event, schema_id):
    """Clusters and operations are; what they imply is not."""
    fact = fact_of(event)
    assert (fact and fact.schema_id) == schema_id


def test_runs_that_changed_are_told_without_their_label():
    """Only counts and the state leave, and only of runs that changed."""
    before = {"a": row("a", 1), "b": row("b", 1)}
    facts = run_facts(before, [row("c", 0, label="secret"), row("b", 2), row("a", 1)])
    assert [fact.data for fact in facts] == [row("c", 0), row("b", 2)]


def fact(number, about="x"):
    return Fact("schema", (about,), {"number": number})


async def test_facts_that_follow_quickly_are_merged():
    """The first comes at once, the last one always comes, the ones between do not."""
    told = []
    throttle = Throttle(lambda _, data: told.append(data["number"]), interval=0.05)
    for number in range(100):
        throttle.offer(fact(number))
    throttle.offer(fact(-1, about="y"))
    assert told == [0, -1]
    await asyncio.sleep(0.2)
    assert told == [0, -1, 99]
    throttle.offer(fact(100))
    assert told == [0, -1, 99, 100]


async def test_nothing_is_told_after_the_end():
    """A server that stops has nobody to tell."""
    told = []
    throttle = Throttle(lambda _, data: told.append(data["number"]), interval=0.05)
    throttle.offer(fact(0))
    throttle.offer(fact(1))
    throttle.close()
    throttle.offer(fact(2))
    await asyncio.sleep(0.1)
    assert told == [0]


async def test_listening_returns_at_once_in_any_thread():
    """The fact is told on the loop."""
    told = []
    loop_thread = threading.current_thread()
    bridge = Bridge(
        asyncio.get_running_loop(), lambda *said: told.append((threading.current_thread(), *said))
    )
    await asyncio.to_thread(bridge.listen, changed(2))
    await asyncio.sleep(0.05)
    assert [(thread, schema_id) for thread, schema_id, _ in told] == [(loop_thread, CLUSTER)]
    bridge.close()


def test_listening_to_a_server_that_is_gone_is_harmless():
    """Its loop is closed."""
    loop = asyncio.new_event_loop()
    bridge = Bridge(loop, lambda *_: None)
    loop.close()
    bridge.listen(changed(2))


@pytest.fixture
def heard(jp_serverapp):
    """Collect what the server's event logger tells its listeners."""
    told = []

    async def listener(logger, schema_id, data):
        told.append((schema_id, {k: v for k, v in data.items() if not k.startswith("__")}))

    for schema_id in (CLUSTER, OPERATION, RUN):
        jp_serverapp.event_logger.add_listener(schema_id=schema_id, listener=listener)
    return told


async def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in 10 s"
        await asyncio.sleep(0.02)


async def test_a_running_server_tells_of_its_cluster_and_runs(
    extension, jp_serverapp, clusters, history, heard
):
    """It follows the current profile, also when a kernel changes it, and the history."""
    history.rows = [row("old", 4)]
    await extension._start_jupyter_server_extension(jp_serverapp)
    await until(lambda: clusters.listeners)
    listener, *followed = clusters.listeners[0]
    assert followed == ["default", ""]
    await asyncio.to_thread(listener, changed(2, "default"))
    await until(lambda: heard)
    assert heard[0][0] == CLUSTER
    assert heard[0][1]["engines_total"] == 2
    clusters.profile = "lab"
    history.rows = [row("new", 1, label="secret"), row("old", 4)]
    await until(lambda: len(heard) == 2 and clusters.listeners[0][1:] == ("lab", ""))
    assert heard[1] == (RUN, row("new", 1))
    assert len(clusters.listeners) == 1


async def test_a_failing_look_is_reported_once_and_tried_again(
    extension, jp_serverapp, clusters, monkeypatch
):
    """The server stays up, and follows as soon as it can."""
    monkeypatch.setattr("parflow_jupyter.server.poller.PERIOD", 0.02)
    reports = []
    monkeypatch.setattr(extension.log, "warning", lambda text, *_: reports.append(text))
    monkeypatch.setattr(clusters, "current", lambda: 1 / 0)
    await extension._start_jupyter_server_extension(jp_serverapp)
    await asyncio.sleep(0.3)
    assert reports == ["parflow_jupyter can't look after its clusters: division by zero"]
    monkeypatch.undo()
    await until(lambda: clusters.listeners)


async def test_the_end_of_the_server_closes_the_clusters_once(extension, jp_serverapp, clusters):
    """What it started stops, and what it is asked then is refused."""
    await extension._start_jupyter_server_extension(jp_serverapp)
    await until(lambda: clusters.listeners)
    await extension.stop_extension()
    await extension.stop_extension()
    assert clusters.closed == 1
    assert extension.watching.done()


async def test_loading_and_stopping_an_unused_extension_asks_nothing(extension, clusters):
    """Start is a blink."""
    await extension.stop_extension()
    assert (clusters.calls, clusters.closed) == ([], 0)


async def test_an_extension_that_was_never_initialized_can_be_stopped(jp_serverapp):
    """As when it is enabled under two names: the server must be able to end all the same."""
    extension = ParflowExtension()
    await extension._start_jupyter_server_extension(jp_serverapp)
    await extension.stop_extension()
