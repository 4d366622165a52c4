"""A kind of module is one file: these are dropped in, and everything knows them."""

import json
import sys
import threading
from pathlib import Path

import pytest
from pipeline_steps import add, load, names

from parflow_jupyter.errors import DocumentError, PipelineError
from parflow_jupyter.pipelines import Pipeline, kinds
from parflow_jupyter.pipelines.files.document import shown_dict

ANSWER = '''
"""Modules that give one value."""

from dataclasses import replace

from parflow_jupyter.errors import Problem
from parflow_jupyter.pipelines.abc import Kind
from parflow_jupyter.pipelines.ports import Port


class Value:
    title, marks = "answer", {}

    def __init__(self, value):
        self.value = value

    def call(self, inputs, context=None):
        return (self.value,)


class Answer(Kind):
    name = "answer"
    fields = ("value",)

    def build(self, new, value, /, name="answer"):
        outputs = (Port("result", type(value).__name__),)
        return replace(new(name=name), kind="answer", outputs=outputs, options={"value": value})

    def problems(self, spec, groups):
        if spec.options["value"] == 13:
            yield Problem(f"module {spec.name!r}", "it brings bad luck", "take 12", "unlucky")

    def work(self, spec, planner):
        return Value(spec.options["value"])

    def script(self, spec, writer):
        return lambda inputs: repr(spec.options["value"])


KIND = Answer
'''

EITHER = '''
"""Modules that run one of two others."""

from dataclasses import replace

from parflow_jupyter.pipelines.abc import Kind
from parflow_jupyter.pipelines.ports import Port


class Choice:
    title = "either"

    def __init__(self, branches):
        self.branches = branches
        self.marks = {}

    def call(self, inputs, context=None):
        ports, work = self.branches[0 if inputs["first"] else 1]
        return work.call({port: inputs[port] for port in ports if port in inputs}, context)


class Either(Kind):
    name = "either"

    def build(self, new, one, other, /):
        inner = tuple(
            replace(new(called), id=id, name=id)
            for id, called in (("one", one), ("other", other))
        )
        ports = {port.name: port for spec in inner for port in spec.inputs}
        inputs = (Port("first", "bool"), *ports.values())
        made = new(name="either")
        return replace(made, kind="either", inputs=inputs, outputs=inner[0].outputs, inner=inner)

    def work(self, spec, planner):
        return Choice([([p.name for p in part.inputs], planner.work(part)) for part in spec.inner])

    def script(self, spec, writer):
        calls = [writer.call_of(part) for part in spec.inner]

        def write(inputs):
            one, other = (
                call({p.name: inputs[p.name] for p in part.inputs if p.name in inputs})
                for call, part in zip(calls, spec.inner)
            )
            return f"({one} if {inputs['first']} else {other})"

        return write


KIND = Either
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch):
    """Two kinds in files of a folder that counts as ``pipelines/kinds/``."""
    for name, text in (("answer", ANSWER), ("either", EITHER)):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    yield tmp_path
    kinds.load.cache_clear()
    for name in ("answer", "either"):
        sys.modules.pop(f"{kinds.__name__}.{name}", None)


def pipeline() -> Pipeline:
    p = Pipeline("p")
    a = p.add_answer(2, name="two")
    b = p.add(add, y=3)
    p.connect(a["result"], b["x"])
    return p


def test_a_new_kind_is_found_built_checked_and_run():
    """By the name of its file, and with a problem of its own."""
    assert "answer" in kinds.names()
    p = pipeline()
    assert p.check() == []
    assert p.run()["add"]["result"] == 5
    q = Pipeline("q")
    q.add_answer(13)
    assert [(problem.where, problem.reason) for problem in q.check()] == [
        ("module 'answer'", "unlucky")
    ]
    assert repr(q).splitlines()[1] == "  answer answer()"


def test_a_new_kind_is_saved_loaded_and_written_as_a_script(tmp_path: Path):
    """Its own fields stand after those that all modules have."""
    p = pipeline()
    data = p.to_dict()
    assert list(data["modules"][0]) == [
        *("id", "name", "kind", "inputs", "outputs", "parameters", "value")
    ]
    assert Pipeline.from_dict(json.loads(json.dumps(data))) == p
    p.save(tmp_path / "p.parflow.json")
    assert Pipeline.load(tmp_path / "p.parflow.json").run()["add"]["result"] == 5
    assert "two_result = 2\nadd_result = add(x=two_result, y=3)" in p.to_python()
    data["modules"][0]["kind"] = "warp"
    with pytest.raises(DocumentError, match=r"modules\[0\]\.kind: there is no kind 'warp'"):
        Pipeline.from_dict(data)
    q = Pipeline("q")
    q.add_answer((1, 2))
    with pytest.raises(PipelineError, match=r"Module 'answer', value: \(1, 2\), a tuple, can't"):
        q.to_dict()


def test_a_new_kind_is_shown_in_the_builder():
    """The front end is told all that it shows, and knows no kinds."""
    p = pipeline()
    p.add_map(p.add(names, folder="f"), over="folder")
    shown = {module["id"]: module for module in shown_dict(p, p.positions())["modules"]}
    assert shown["two"]["kind"] == "answer"
    assert shown["two"]["card"] == {"hint": "answer", "badges": ("answer",), "progress": False}
    assert shown["add"]["card"]["badges"] == ()
    assert shown["names"]["kind"] == "map"
    assert shown["names"]["card"]["badges"] == ("map over folder",)
    assert shown["names"]["card"]["progress"]


def test_groups_and_maps_over_groups_wear_badges():
    """Of a map over a group, both."""
    p = Pipeline("p")
    g = p.group([p.add(names, folder="f")], name="g")
    assert shown_dict(p, {})["modules"][0]["card"]["badges"] == ("group",)
    p.add_map(g, over="folder", folder=["a"])
    assert shown_dict(p, {})["modules"][0]["card"]["badges"] == ("group", "map over folder")


def test_a_kind_can_run_one_of_the_modules_inside_it():
    """They are checked, saved and written like others, groups among them."""
    p = Pipeline("p")
    g = p.group([p.add(load)], name="g")
    e = p.add_either(load, g)
    p.remove(g)
    assert list(p.groups) == ["g"]
    p.set_parameter(e, "path", "a")
    p.set_parameter(e, "first", False)
    assert p.run()[e]["result"] == "a@128"
    loaded = Pipeline.from_dict(json.loads(json.dumps(p.to_dict())))
    assert loaded == p
    assert loaded.run()[e]["result"] == "a@128"
    assert "(load(path='a') if False else g(path='a'))" in p.to_python()
    data = p.to_dict()
    data["modules"][0]["inner"][0]["function"] = "nowhere:load"
    broken = Pipeline.from_dict(data)
    assert [problem.where for problem in broken.check()] == ["module 'one'"]
    assert [problem.reason for problem in broken.import_functions()] == ["import-failed"]


def test_a_new_kind_works_in_maps_over_groups():
    """It is shipped with the group, and every item gets its value."""
    p = pipeline()
    g = p.group(["two", "add"], name="g")
    p.add_map(g, over="y", y=[1, 2])
    assert p.run(cancel=threading.Event())[g]["result"] == [3, 4]
    assert "[2, 3]" not in p.to_python()


def test_what_is_no_kind_is_no_attribute():
    """Names of files are names of methods, and only those."""
    for name in ("add_warp", "answer", "add__callee"):
        with pytest.raises(AttributeError, match=name):
            getattr(Pipeline("p"), name)
    with pytest.raises(PipelineError, match="no kind 'warp'"):
        kinds.load("warp")
