"""Running: order, maps, loops, groups, failures, stopping, and what is told meanwhile."""

import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import cloudpickle
import pytest
from pipeline_steps import Stats, add, fail, join, load, measure, names, show

from parflow_jupyter.errors import PipelineError, UnequalLengthsError
from parflow_jupyter.events import MapProgress, MapStarted, ModuleChanged
from parflow_jupyter.pipelines import Pipeline, module, run_pipeline, serial_map
from parflow_jupyter.pipelines.running.plan import common_marks


class RecordingMap:
    """Stands in for the façade's map; notes how it was called."""

    def __init__(self):
        self.calls = []

    def __call__(self, function, *iterables, listener=None, label=None):
        self.calls.append((label, [list(iterable) for iterable in iterables]))
        total = len(iterables[0])
        listener(MapStarted(run="r", label=label, scheme="fake", reason="", total=total, slots=2))
        results = [function(*row) for row in zip(*iterables, strict=True)]
        for done in range(1, total + 1):
            listener(
                MapProgress(
                    run="r", total=total, done=done, failed=0, retried=0, running=0, elapsed=0.0
                )
            )
        return tuple(results)


def chain(**parameters) -> tuple[Pipeline, list]:
    p = Pipeline("thumbnails")
    a = p.add(names, **{"folder": "f", **parameters})
    b = p.add_map(load, over="path", size=64)
    c = p.add(join)
    p.connect(a["result"], b["path"])
    p.connect(b["result"], c["images"])
    return p, [a, b, c]


def test_results_and_report():
    """Each module's outputs, and how it fared."""
    p, (_, b, c) = chain()
    run = p.run()
    assert run[c]["result"] == "f/0@64+f/1@64+f/2@64"
    assert dict(run["load"]) == {"result": ["f/0@64", "f/1@64", "f/2@64"]}
    assert [(r.state, r.items, r.scheme) for r in run.report.values()] == [
        ("done", None, None),
        ("done", 3, "serial"),
        ("done", None, None),
    ]
    assert run.state == "done"
    assert "load · done · 3 (serial)" in repr(run)
    assert "<td>load</td><td>done</td><td>3 (serial)</td>" in run._repr_html_()
    with pytest.raises(PipelineError, match="'load' has no output 'image': it has 'result'"):
        run[b]["image"]
    with pytest.raises(PipelineError, match="has no module 'x': it has 'names'"):
        run["x"]


def test_modules_run_in_order_of_their_connections():
    """Not in the order in which they were added."""
    p = Pipeline("p")
    last, first = p.add(show), p.add(names, folder="f")
    p.connect(first["result"], last["anything"])
    assert p.run()[last]["result"] == "['f/0', 'f/1', 'f/2']"


def test_maps_go_through_the_map_that_was_injected():
    """Mapped inputs as lists, the module's name as label; the rest of the pipeline not."""
    fake = RecordingMap()
    p, (_, b, _) = chain()
    run = run_pipeline(p, run_map=fake)
    assert fake.calls == [("load", [["f/0", "f/1", "f/2"]])]
    assert run.report[b.id].scheme == "fake"


def test_a_plain_function_as_hook_is_not_bound():
    """The façade sets Pipeline._run_map to a function."""
    fake = RecordingMap()

    def plain(function, *iterables, listener=None, label=None):
        return fake(function, *iterables, listener=listener, label=label)

    class Wired(Pipeline):
        _run_map = fake

    class WiredPlain(Pipeline):
        _run_map = plain

    for kind in (Wired, WiredPlain):
        p = kind("p")
        m = p.add_map(load, over="path", path=["a"])
        assert p.run()[m]["result"] == ["a@128"]
    assert len(fake.calls) == 2


def test_events_tell_states_and_progress():
    """Waiting for all, then each module's way; a map's items as done of total."""
    p, _ = chain()
    events = []
    run_pipeline(p, run_map=RecordingMap(), listener=events.append)
    assert all(isinstance(event, ModuleChanged) for event in events)
    assert [(e.module, e.state, e.done, e.total) for e in events] == [
        ("names", "waiting", None, None),
        ("load", "waiting", None, None),
        ("join", "waiting", None, None),
        ("names", "running", None, None),
        ("names", "done", None, None),
        ("load", "running", None, None),
        ("load", "running", 1, 3),
        ("load", "running", 2, 3),
        ("load", "running", 3, 3),
        ("load", "done", 3, 3),
        ("join", "running", None, None),
        ("join", "done", None, None),
    ]
    assert events[-1].elapsed >= 0


def test_late_progress_does_not_revive_a_module():
    """A map's own thread may tell its progress when the module is done."""
    kept = []

    def run_map(function, *lists, listener, label):
        kept.append(listener)
        return serial_map(function, *lists)

    events = []
    p, _ = chain()
    run = run_pipeline(p, run_map=run_map, listener=events.append)
    told = len(events)
    kept[0](MapProgress(run="r", total=3, done=1, failed=0, retried=0, running=0, elapsed=0.0))
    assert (len(events), run.report["load"].state) == (told, "done")


def test_a_group_tells_the_progress_of_the_map_inside():
    """As far as its numbers go."""
    events = []
    p, (a, b, _) = chain()
    p.group([a, b], name="g")
    run_pipeline(p, run_map=RecordingMap(), listener=events.append)
    told = [(e.done, e.total) for e in events if e.module == "g" and e.done is not None]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_connected_inputs_that_are_not_mapped_reach_every_item():
    """VisTrails lost them."""
    p = Pipeline("p")
    one = p.add(add, x=20, y=22)
    m = p.add_map(load, over="path", path=["a", "b"])
    p.connect(one["result"], m["size"])
    assert p.run()[m]["result"] == ["a@42", "b@42"]


def test_unequal_lists_are_refused_before_any_item():
    """Nothing is cut to the shortest."""
    fake = RecordingMap()
    p = Pipeline("p")
    p.add_map(add, over=["x", "y"], x=[1, 2, 3], y=[1, 2])
    with pytest.raises(UnequalLengthsError) as caught:
        run_pipeline(p, run_map=fake)
    assert "'x' has 3, 'y' has 2" in "".join(caught.value.__notes__)
    assert fake.calls == []


def test_a_map_over_no_items_gives_empty_lists():
    """For each of its outputs, and without asking anyone to run it."""
    fake = RecordingMap()
    p = Pipeline("p")
    m = p.add_map(measure, over="text", text=[])
    assert dict(run_pipeline(p, run_map=fake)[m]) == {"low": [], "high": []}
    assert fake.calls == []


def test_several_outputs_of_a_map_are_a_list_each():
    """One list per field of the NamedTuple."""
    p = Pipeline("p")
    m = p.add_map(measure, over="text", text=["a", "bcd"])
    assert dict(p.run()[m]) == {"low": [1.0, 3.0], "high": [2.0, 6.0]}


def nested(depth: int) -> list[list[str]]:
    return [["a", "b"], ["c"]]


def letters() -> list[str]:
    return ["x", "y"]


def one_letter() -> str:
    return "z"


def pair(left: str, right: str) -> str:
    return left + right


def test_loops_by_list_depth():
    """A deeper list than the input wants: called per item, nested like the input."""
    p = Pipeline("p")
    a, b, c = p.add(nested, depth=2), p.add(load), p.add(join)
    p.connect(a["result"], b["path"])
    p.connect(b["result"], c["images"])
    fake = RecordingMap()
    run = run_pipeline(p, run_map=fake)
    assert run[b]["result"] == [["a@128", "b@128"], ["c@128"]]
    assert run[c]["result"] == ["a@128+b@128", "c@128"]
    assert fake.calls[0] == ("load", [["a", "b", "c"]])


def test_looped_inputs_are_walked_together_and_shallower_ones_reach_all():
    """Pairwise on each level."""
    p = Pipeline("p")
    two, again, one = p.add(letters), p.add(letters), p.add(one_letter)
    a, b = p.add(pair), p.add(pair)
    p.connect(two["result"], a["left"])
    p.connect(again["result"], a["right"])
    p.connect(two["result"], b["left"])
    p.connect(one["result"], b["right"])
    run = p.run()
    assert run[a]["result"] == ["xx", "yy"]
    assert run[b]["result"] == ["xz", "yz"]


def test_a_map_of_nested_lists_loops_further():
    """The map takes one level, list depth the rest."""
    p = Pipeline("p")
    a, b = p.add(nested, depth=2), p.add_map(load, over="path")
    p.connect(a["result"], b["path"])
    assert p.run()[b]["result"] == [["a@128", "b@128"], ["c@128"]]


def test_a_single_value_is_wrapped_for_a_list():
    """As in VisTrails, where both ends are annotated."""
    p = Pipeline("p")
    a, b = p.add(one_letter), p.add(join)
    p.connect(a["result"], b["images"])
    assert p.run()[b]["result"] == "z"


def test_no_loop_where_an_end_is_not_annotated():
    """A list goes through as it is."""
    p = Pipeline("p")
    a, b = p.add(letters), p.add(show)
    p.connect(a["result"], b["anything"])
    assert p.run()[b]["result"] == "['x', 'y']"


@pytest.mark.parametrize("given", ["text", 3, {"a": 1}])
def test_what_is_no_list_cannot_be_mapped(given):
    """The message names the input and the value."""
    p = Pipeline("p")
    a, m = p.add(lambda: given), p.add_map(load, over="path")
    p.connect(a["result"], m["path"])
    with pytest.raises(PipelineError, match="Input 'path' is looped over, but got"):
        p.run()


def test_a_map_that_loses_results_is_refused():
    """Rather than a shorter list."""
    p, _ = chain()
    with pytest.raises(PipelineError, match="module 'load' gave 1 results for 3 items"):
        run_pipeline(p, run_map=lambda f, *lists, listener, label: ["one"])


def test_failing_module_keeps_what_finished():
    """Downstream is skipped, independent modules run, and the error says where it was."""
    p, (a, b, c) = chain()
    bad = p.add(fail)
    after = p.add(show)
    p.connect(c["result"], bad["text"])
    p.connect(bad["result"], after["anything"])
    with pytest.raises(RuntimeError, match="broken f/0") as caught:
        p.run()
    run = caught.value.pipeline_run
    assert run.state == "failed"
    assert run[c]["result"].startswith("f/0@64")
    assert [r.state for r in run.report.values()] == ["done", "done", "done", "failed", "skipped"]
    assert run.report[after.id].message == "it needs 'fail', which did not finish"
    assert caught.value.__notes__ == ["It happened in module 'fail' of pipeline 'thumbnails'."]
    with pytest.raises(PipelineError, match="'fail' has no outputs in this run: it is failed"):
        run[bad]
    assert a.id in run.report
    assert b.id in run.report


def test_failing_item_of_a_map_is_named():
    """Item, its inputs, module and pipeline."""
    p = Pipeline("p")
    m = p.add_map(load, over="path", path=["good", "bad", "good"])
    other = p.add(show, anything=1)
    with pytest.raises(ValueError, match="can't read bad") as caught:
        p.run()
    assert caught.value.__notes__ == [
        "load was called with path='bad'.",
        "It happened in item 1 of the map, counted from 0.",
        "It happened in module 'load' of pipeline 'p'.",
    ]
    run = caught.value.pipeline_run
    assert run.report[m.id].message == "ValueError: can't read bad"
    assert (run.report[m.id].scheme, run.report[m.id].items) == ("serial", 3)
    assert run[other]["result"] == "1"


def test_two_failing_modules_are_both_named():
    """The first is raised, the second noted."""
    p = Pipeline("p")
    p.add(fail, text="one")
    p.add(fail, text="two")
    with pytest.raises(RuntimeError, match="one") as caught:
        p.run()
    assert "Another module failed too: RuntimeError('broken two')" in caught.value.__notes__


def test_interrupt_keeps_what_finished():
    """An interrupt ends the run at once."""

    def interrupted():
        raise KeyboardInterrupt

    p, (_, _, c) = chain()
    stop, after = p.add(interrupted), p.add(show, anything=1)
    with pytest.raises(KeyboardInterrupt) as caught:
        p.run()
    run = caught.value.pipeline_run
    assert run.state == "cancelled"
    assert run.report[stop.id].state == "failed"
    assert {run.report[c.id].state, run.report[after.id].state} <= {"done", "skipped"}


def test_cancel_between_items():
    """No further item starts; what finished is kept."""
    cancel, seen = threading.Event(), []

    def slow(x: int) -> int:
        seen.append(x)
        if x == 1:
            cancel.set()
        return x

    p = Pipeline("p")
    first = p.add(show, anything=1)
    m = p.add_map(slow, over="x", x=[0, 1, 2, 3])
    after = p.add(show)
    p.connect(m["result"], after["anything"])
    run = p.run(cancel=cancel)
    assert (run.state, seen) == ("cancelled", [0, 1])
    assert run[first]["result"] == "1"
    assert [run.report[h.id].state for h in (m, after)] == ["skipped", "skipped"]


def test_cancel_is_given_to_a_map_that_takes_it():
    """So that it can stop what runs elsewhere."""
    given = []

    def run_map(function, *lists, listener=None, label=None, cancel=None):
        given.append(cancel)
        return serial_map(function, *lists)

    cancel = threading.Event()
    p, _ = chain()
    run_pipeline(p, run_map=run_map, cancel=cancel)
    assert given == [cancel]


def test_a_pipeline_may_be_edited_while_it_runs():
    """The run works on a copy."""
    p = Pipeline("p")

    def edit(x):
        p.remove("show")
        return x

    a, b = p.add(edit, x=1), p.add(show)
    p.connect(a["result"], b["anything"])
    assert p.run()["show"]["result"] == "1"


def test_map_over_a_group():
    """The modules of the group run as one function per item."""
    p, (a, b, c) = chain()
    g = p.group([a, b], name="prepare")
    m = p.add_map(g, over="folder", folder=["x", "y"])
    fake = RecordingMap()
    run = run_pipeline(p, run_map=fake)
    assert m.id == g.id == "prepare"
    assert run[m]["result"] == [[f"{f}/{i}@64" for i in range(3)] for f in "xy"]
    assert run[c]["result"] == ["x/0@64+x/1@64+x/2@64", "y/0@64+y/1@64+y/2@64"]
    assert fake.calls[0] == ("prepare", [["x", "y"]])


def test_connections_from_outside_reach_every_item_of_a_mapped_group():
    """Also two levels of groups deep."""
    p = Pipeline("p")
    size = p.add(add, x=1, y=2)
    b, c = p.add_map(load, over="path"), p.add(join)
    p.connect(b["result"], c["images"])
    p.connect(size["result"], b["size"])
    inner = p.group([b, c], name="inner")
    d = p.add(measure)
    p.connect(inner["result"], d["text"])
    outer = p.group([inner, d], name="outer")
    m = p.add_map(outer, over="path", path=[["a"], ["b", "c"]])
    assert dict(p.run()[m]) == {"low": [3.0, 7.0], "high": [6.0, 14.0]}


def test_failing_item_of_a_mapped_group_names_the_module_inside():
    """Item, module, group and pipeline."""
    p = Pipeline("p")
    g = p.group([p.add(load)], name="g")
    p.add_map(g, over="path", path=["ok", "bad"])
    with pytest.raises(ValueError, match="can't read bad") as caught:
        p.run()
    assert caught.value.__notes__ == [
        "It happened in module 'load' of group 'g'.",
        "g was called with path='bad'.",
        "It happened in item 1 of the map, counted from 0.",
        "It happened in module 'g' of pipeline 'p'.",
    ]


def test_the_latest_definition_of_a_module_runs():
    """After editing a cell, the pipeline runs the new function."""

    def define(factor):
        def scale(x: int) -> int:
            return x * factor

        scale.__qualname__ = "scale"
        return module(scale)

    p = Pipeline("p")
    a = p.add(define(2), x=10)
    assert p.run()[a]["result"] == 20
    define(3)
    assert p.run()[a]["result"] == 30


def test_marks_on_functions_hold_for_their_map():
    """What a function says about schemes is seen on what is shipped."""
    seen = []

    def run_map(function, *lists, listener, label):
        seen.append((function.__name__, getattr(function, "mark", None)))
        return [function(*row) for row in zip(*lists, strict=True)]

    def marked(x):
        return x

    marked.mark = "threads"
    p = Pipeline("p")
    p.add_map(marked, over="x", x=[1])
    g = p.group([p.add(marked), p.add(lambda x: x)], name="mixed")
    p.add_map(g, over="marked_2_x", marked_2_x=[1], function_x=2)
    run_pipeline(p, run_map=run_map)
    assert seen == [("marked", "threads"), ("mixed", None)]


@dataclass(frozen=True)
class Abilities:
    threads: bool = False
    processes: bool = True


def test_a_group_can_do_what_all_its_functions_can():
    """A function that says nothing counts with the defaults."""
    threads = {"abilities": Abilities(threads=True)}
    here = {"abilities": Abilities(threads=True, processes=False)}
    assert common_marks([threads, threads])["abilities"] == Abilities(threads=True)
    assert common_marks([threads, {}])["abilities"] == Abilities()
    assert common_marks([{}, here])["abilities"] == Abilities(processes=False)
    assert common_marks([{}, {}]) == {}


def test_what_is_shipped_runs_in_another_process():
    """A map over a group, by pickle, with results coming back the same way."""
    root = Path(__file__).parents[2]

    def run_map(function, *lists, listener, label):
        blob = cloudpickle.dumps((function, lists))
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys, cloudpickle\n"
                "f, lists = cloudpickle.loads(sys.stdin.buffer.read())\n"
                "out = [f(*row) for row in zip(*lists)]\n"
                "sys.stdout.buffer.write(cloudpickle.dumps(out))",
            ],
            input=blob,
            capture_output=True,
            check=True,
            timeout=60,
            env={"PYTHONPATH": f"{root}:{Path(__file__).parent}"},
        )
        return cloudpickle.loads(done.stdout)

    p, (a, b, _) = chain()
    d = p.add(lambda text: Stats(1.0, float(len(text))))
    p.connect(b["result"], d["text"])
    g = p.group([a, b, d], name="g")
    m = p.add_map(g, over="folder", folder=["x", "y"])
    run = run_pipeline(p, run_map=run_map)
    assert run[m]["function_result"] == [Stats(1.0, 3.0)] * 2
    assert run[m]["load_result"][1] == ["y/0@64", "y/1@64", "y/2@64"]


def test_serial_map_refuses_unequal_lists():
    """Like every map."""
    with pytest.raises(ValueError, match="shorter"):
        serial_map(pow, [1, 2], [1])
