"""The builder without a browser: messages in, traits out; and in a real kernel."""

import os
import threading
import time
from pathlib import Path

import pytest

from parflow_jupyter.errors import ConflictError, NotFoundError, PipelineCheckError
from parflow_jupyter.events import MapStarted, ModuleChanged
from parflow_jupyter.kernel.builder import widget as builder_module
from parflow_jupyter.kernel.builder.states import ModuleStates
from parflow_jupyter.kernel.builder.widget import PipelineBuilder
from parflow_jupyter.pipelines import Pipeline
from parflow_jupyter.pipelines.running import resolve

ROOT = Path(__file__).parents[2]


def numbers(count: int = 3) -> list[int]:
    return list(range(count))


def square(x: int) -> int:
    if x < 0:
        raise ValueError(f"{x} is negative")
    return x * x


def total(values: list[int]) -> int:
    return sum(values)


def pipeline() -> Pipeline:
    p = Pipeline("squares")
    a, b, c = p.add(numbers), p.add_map(square, over="x"), p.add(total)
    p.connect(a["result"], b["x"])
    p.connect(b["result"], c["values"])
    return p


@pytest.fixture
def static(tmp_path: Path, monkeypatch) -> Path:
    """A front end, of which Python needs no more than that it is there."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "builder.js").write_text("export default {};")
    (folder / "builder.css").write_text(".parflow {}")
    monkeypatch.setattr(builder_module, "STATIC", folder)
    return folder


@pytest.fixture
def make(static: Path, monkeypatch):
    """Builders whose messages to the front end are kept in ``sent``; none leaves a thread."""
    made = []

    def make(p: Pipeline, **options) -> PipelineBuilder:
        builder = PipelineBuilder(p, **options)
        builder.sent = []
        monkeypatch.setattr(builder, "send", builder.sent.append)
        made.append(builder)
        return builder

    yield make
    for builder in made:
        builder.close()
        if builder._thread is not None:
            builder._thread.join(10)
    assert [t.name for t in threading.enumerate() if t.name.startswith("parflow")] == []


def tell(builder: PipelineBuilder, **message) -> None:
    builder._handle_custom_msg(message, [])


def test_the_front_end_gets_the_document(make, static):
    """Ports with shown depths, a place for each module, problems, and the built files."""
    builder = make(pipeline())
    assert builder._esm == "export default {};"
    assert builder._css == ".parflow {}"
    assert builder.document["format"] == "parflow-pipeline"
    assert [m["id"] for m in builder.document["modules"]] == ["numbers", "square", "total"]
    assert builder.document["modules"][1]["inputs"][0]["depth"] == 1
    assert builder.document["layout"] == {
        "numbers": [0, 0],
        "square": [300, 0],
        "total": [600, 0],
    }
    assert (builder.problems, builder.running, builder.states) == ([], False, {})
    assert {"document", "states", "problems", "running"} <= set(builder.keys)


def test_missing_front_end_is_explained(tmp_path: Path, monkeypatch):
    """Importing works; only making a widget says what to do."""
    monkeypatch.setattr(builder_module, "STATIC", tmp_path)
    with pytest.raises(NotFoundError, match=r"builder\.js is missing: run 'jlpm build'"):
        PipelineBuilder(pipeline())


def test_text_lists_modules_and_connections(make):
    """What is seen where widgets are not."""
    builder = make(pipeline())
    shown = builder._repr_mimebundle_()[0]["text/plain"]
    assert shown == repr(builder)
    assert shown.splitlines()[0] == "Builder of Pipeline 'squares': 3 modules, 2 connections"
    assert "  numbers.result → square.x" in shown


def test_edits_change_pipeline_and_document(make):
    """Every message of the contract, one after the other."""
    builder = make(pipeline())
    p = builder.pipeline
    tell(builder, **{"type": "move", "id": "total", "position": [10, 20.5]})
    assert builder.document["layout"]["total"] == [10, 20.5]
    tell(builder, **{"type": "set-parameter", "id": "numbers", "port": "count", "value": 5})
    assert p.module("numbers").parameters == {"count": 5}
    tell(builder, **{"type": "set-parameter", "id": "numbers", "port": "count"})
    assert builder.document["modules"][0]["parameters"] == {}
    p.set_parameter("numbers", "count", 4)
    tell(builder, **{"type": "set-parameter", "id": "numbers", "port": "count", "value": ""})
    assert p.module("numbers").parameters == {}
    link = {"from": ["square", "result"], "to": ["total", "values"]}
    tell(builder, type="disconnect", **link)
    assert len(builder.document["connections"]) == 1
    assert [problem["where"] for problem in builder.problems] == ["module 'total', input 'values'"]
    tell(builder, type="connect", **link)
    assert builder.document["connections"][1] == link
    assert builder.problems == []
    tell(builder, type="remove", id="total")
    assert list(p.modules) == ["numbers", "square"]
    assert builder.sent == []


REFUSED = [
    ({"type": "dance"}, "There is no message 'dance': send one of run, stop, connect"),
    ({}, "There is no message None"),
    ({"type": ["run"]}, "There is no message ['run']"),
    ({"type": "remove"}, "The message 'remove' has None as 'id': send a text"),
    ({"type": "remove", "id": "gone"}, "There is no module 'gone': the pipeline has 'numbers'"),
    ({"type": "move", "id": "total", "position": [1]}, "has [1] as 'position': send a list of"),
    ({"type": "move", "id": "total", "position": [1, None]}, "[1, None] is no position"),
    ({"type": "connect", "from": "x", "to": ["a", "b"]}, "has 'x' as 'from': send a list of two"),
    ({"type": "connect", "from": [1, 2], "to": ["a", "b"]}, "a module id and a port name"),
    (
        {"type": "connect", "from": ["total", "result"], "to": ["numbers", "count"]},
        "wait for each other",
    ),
    (
        {"type": "connect", "from": ["numbers", "result"], "to": ["total", "values"]},
        "is connected already",
    ),
    (
        {"type": "connect", "from": ["numbers", "nope"], "to": ["total", "values"]},
        "'numbers' has no port 'nope'",
    ),
    (
        {"type": "disconnect", "from": ["numbers", "result"], "to": ["total", "values"]},
        "There is no connection numbers.result → total.values",
    ),
    (
        {"type": "set-parameter", "id": "numbers", "port": "count", "value": "many"},
        "'many' is no int",
    ),
]


@pytest.mark.parametrize(("message", "words"), REFUSED)
def test_bad_edits_are_refused(make, message, words):
    """The front end is told why, and nothing changes."""
    builder = make(pipeline())
    before = builder.document
    tell(builder, **message)
    assert [sent["type"] for sent in builder.sent] == ["refused"]
    assert words in builder.sent[0]["message"]
    assert builder.document == before


def test_run(make):
    """The button runs in the background; states are pushed, values are not."""
    builder = make(pipeline())
    tell(builder, type="run")
    run = builder.wait(20)
    assert builder.run is run
    assert run["total"]["result"] == 5
    assert not builder.running
    assert {id: state["state"] for id, state in builder.states.items()} == {
        "numbers": "done",
        "square": "done",
        "total": "done",
    }
    assert builder.states["square"]["done"] == builder.states["square"]["total"] == 3
    assert set(builder.states["square"]) == {"state", "done", "total", "message", "elapsed"}
    tell(builder, type="run")
    assert builder.wait(20)["total"]["result"] == 5


def test_a_click_on_run_checks_once_and_copies_once(make, monkeypatch):
    """What was checked is what is run."""
    builder, done = make(pipeline()), []
    for name in ("check", "content"):
        method = getattr(Pipeline, name)
        monkeypatch.setattr(Pipeline, name, lambda p, m=method, n=name: done.append(n) or m(p))
    monkeypatch.setattr(resolve, "check", lambda content: done.append("check") or [])
    tell(builder, type="run")
    assert builder.wait(20)["total"]["result"] == 5
    assert done == ["check", "content"]
    done.clear()
    assert builder.pipeline.run()["total"]["result"] == 5
    assert done == ["content", "check"]


def test_run_with_problems_is_refused(make):
    """It names them, and nothing runs."""
    p = Pipeline("p")
    p.add(square)
    builder = make(p)
    tell(builder, type="run")
    assert "module 'square', input 'x': it needs a value" in builder.sent[0]["message"]
    assert builder.problems[0]["where"] == "module 'square', input 'x'"
    assert not builder.running
    with pytest.raises(PipelineCheckError):
        builder.start()
    assert builder.wait(1) is None


def test_failing_module(make):
    """Its state tells why; what finished can be used."""
    p = pipeline()
    p.disconnect(p.handle("numbers")["result"], p.handle("square")["x"])
    p.set_parameter("square", "x", [1, -2])
    builder = make(p)
    tell(builder, type="run")
    with pytest.raises(ValueError, match="-2 is negative"):
        builder.wait(20)
    assert builder.states["square"]["state"] == "failed"
    assert builder.states["square"]["message"] == "ValueError: -2 is negative"
    assert builder.states["total"]["state"] == "skipped"
    assert builder.run["numbers"]["result"] == [0, 1, 2]
    assert not builder.running


def slow_pipeline(gate: threading.Event, seen: list[int]) -> Pipeline:
    def slow(x: int) -> int:
        seen.append(x)
        gate.wait(20)
        return x

    p = Pipeline("slow")
    p.add_map(slow, over="x", x=list(range(5)))
    return p


def test_stop_and_second_run(make):
    """While it runs, a second run is refused and edits work; stop ends it between items."""
    gate, seen = threading.Event(), []
    builder = make(slow_pipeline(gate, seen))
    tell(builder, type="run")
    assert builder.running
    tell(builder, type="run")
    assert "runs already" in builder.sent[0]["message"]
    with pytest.raises(ConflictError):
        builder.start()
    tell(builder, **{"type": "move", "id": "slow", "position": [1, 2]})
    with pytest.raises(TimeoutError, match=r"after 0\.01 s: wait longer"):
        builder.wait(0.01)
    tell(builder, type="stop")
    gate.set()
    run = builder.wait(20)
    assert run.state == "cancelled"
    assert len(seen) <= 1
    assert builder.states["slow"]["state"] == "skipped"
    assert not builder.running


def test_closing_stops_the_run(make):
    """Nothing goes on without the widget."""
    gate, seen = threading.Event(), []
    builder = make(slow_pipeline(gate, seen))
    builder.start()
    builder.close()
    gate.set()
    assert builder.wait(20).state == "cancelled"
    assert len(seen) <= 1


def test_python_edits_are_shown(make):
    """The pipeline stays a Python object; a closed builder follows it no more."""
    builder = make(pipeline())
    p = builder.pipeline
    p.add(total)
    assert builder.document["modules"][-1]["id"] == "total_2"
    assert len(builder.problems) == 1
    p.remove("total_2")
    p.move("total", 1, 2)
    assert builder.document["layout"]["total"] == [1, 2]
    g = p.group(["numbers", "square"], name="g")
    assert [module["id"] for module in builder.document["modules"]] == ["g", "total"]
    p.set_parameter(g, "count", 2)
    p.disconnect(g["result"], p.handle("total")["values"])
    assert builder.document["connections"] == []
    builder.close()
    p.clear_parameter(g, "count")
    assert builder.document["modules"][0]["parameters"] == {"count": 2}


def test_an_empty_builder_has_a_pipeline_of_the_toolbox(make):
    """Its maps run by the schemes that the façade knows."""
    from parflow_jupyter.api import Pipeline as ToolboxPipeline

    assert type(make(None).pipeline) is ToolboxPipeline


def test_values_are_abbreviated_for_the_front_end(make):
    """What JSON can't say, and what is long, is shown as text."""
    p = Pipeline("p")
    p.add(lambda data, more: data, data=list(range(10_000)), more={1, 2})
    builder = make(p)
    parameters = builder.document["modules"][0]["parameters"]
    assert parameters == {"data": "<[0, 1, 2, 3, 4, 5, ...]>", "more": "<{1, 2}>"}


def test_untrusted_files_do_not_run(make, tmp_path: Path):
    """The builder runs what is defined here, and imports only if told to trust."""
    p = Pipeline("p")
    p.add_map(square, over="x", x=[2])
    data = p.to_dict()
    builder = make(Pipeline.from_dict(data))
    assert "is not defined in this process" in builder.problems[0]["what"]
    tell(builder, type="run")
    assert builder.sent[0]["type"] == "refused"
    trusting = make(Pipeline.from_dict(data), trust=True)
    trusting.start()
    assert trusting.wait(20)["square"]["result"] == [4]
    data["modules"][0]["function"] = "parflow_nowhere:f"
    failing = make(Pipeline.from_dict(data), trust=True)
    failing.start()
    with pytest.raises(PipelineCheckError):
        failing.wait(20)
    assert "importing its function parflow_nowhere:f failed" in failing.problems[0]["what"]


def test_states_are_pushed_at_most_ten_times_a_second():
    """The first at once, the last for sure, and none out of order."""
    pushed = []
    board = ModuleStates(lambda states: pushed.append((time.monotonic(), states)))
    begin = time.monotonic()
    board.listen(MapStarted(run="r", label="", scheme="", reason="", total=1, slots=1))
    count = 0
    while time.monotonic() - begin < 0.55:
        count += 1
        board.listen(ModuleChanged(module="a", state="running", done=count))
    deadline = time.monotonic() + 5
    while pushed[-1][1]["a"]["done"] != count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert pushed[-1][1]["a"]["done"] == count
    board.flush()
    assert 2 <= len(pushed) <= 8
    assert pushed[0][0] - begin < 0.1
    assert [s["a"]["done"] for _, s in pushed] == sorted(s["a"]["done"] for _, s in pushed)


def test_in_a_kernel_states_arrive_while_a_cell_waits(tmp_path: Path, static: Path):
    """The run's thread sends by itself; functions of the notebook work as modules."""
    from jupyter_client.manager import KernelManager

    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "PARFLOW_RUNTIME_DIR": str(tmp_path / "parflow"),
    }
    manager = KernelManager(connection_file=str(tmp_path / "kernel.json"))
    manager.start_kernel(env=env)
    try:
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        states = _run_cell(
            client,
            "import time, pathlib\n"
            "from parflow_jupyter.kernel.builder import widget as room\n"
            "from parflow_jupyter.pipelines import Pipeline, module\n"
            f"room.STATIC = pathlib.Path({str(static)!r})\n"
            "@module\n"
            "def slow(x: int) -> int:\n"
            "    time.sleep(0.3)\n"
            "    return x\n"
            "p = Pipeline('p')\n"
            "m = p.add_map(slow, over='x', x=[1, 2, 3])\n"
            "builder = room.PipelineBuilder(p)\n"
            "builder.start()\n"
            "assert builder.wait(30)[m]['result'] == [1, 2, 3]\n",
        )
        client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)
    assert not manager.is_alive()
    seen = [(state["slow"]["state"], state["slow"]["done"]) for state in states if "slow" in state]
    assert ("running", 1) in seen
    assert ("running", 2) in seen
    assert seen[-1] == ("done", 3)


def _run_cell(client, code: str) -> list[dict]:
    """Run code in a kernel; return the states that the widget sent before the cell ended."""
    parent, states = client.execute(code), []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        message = client.get_iopub_msg(timeout=60)
        content = message["content"]
        if message["msg_type"] == "error":
            raise AssertionError("\n".join(content["traceback"]))
        if message["msg_type"] == "comm_msg":
            states.append(content["data"].get("state", {}).get("states", {}))
        ours = message["parent_header"].get("msg_id") == parent
        if ours and content.get("execution_state") == "idle":
            return states
    raise AssertionError("the cell did not end")
