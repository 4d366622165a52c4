"""Problems are found without running anything."""

import json
import re
from pathlib import Path

import pytest
from pipeline_steps import join, load, names

from parflow_jupyter.errors import PipelineCheckError
from parflow_jupyter.pipelines import Pipeline, reasons


def document() -> dict:
    p = Pipeline("p")
    a = p.add(names, folder="photos")
    b = p.add_map(load, over="path", size=64)
    c = p.add(join)
    p.connect(a["result"], b["path"])
    p.connect(b["result"], c["images"])
    return json.loads(json.dumps(p.to_dict()))


def edit(change) -> Pipeline:
    data = document()
    change(data)
    return Pipeline.from_dict(data)


def link(data, *ends):
    data["connections"].append({"from": list(ends[:2]), "to": list(ends[2:])})


CASES = [
    (lambda d: None, []),
    (
        lambda d: d["modules"][0]["parameters"].clear(),
        ["module 'names', input 'folder': it needs a value; connect or set it"],
    ),
    (
        lambda d: d["connections"].pop(0),
        ["module 'load', input 'path': the map has no list to go over; connect it, or set it to "],
    ),
    (
        lambda d: link(d, "join", "result", "load", "path"),
        ["module 'load', input 'path': more than one", "modules load → join → load: they wait"],
    ),
    (
        lambda d: link(d, "load", "nope", "names", "folder"),
        ["modules names → load → names: they wait for each other; remove one connection"],
    ),
    (
        lambda d: d["connections"][1].update({"from": ["load", "nope"]}),
        ["connection load.nope → join.images: module 'load' has no output 'nope'; disconnect it"],
    ),
    (
        lambda d: d["connections"][1].update({"to": ["join", "nope"]}),
        ["module 'join', input 'images': it needs", "connection load.result → join.nope: module"],
    ),
    (
        lambda d: d["connections"][1].update({"to": ["load", "size"]}),
        ["module 'join', input 'images': it needs a value", "modules load → load: they wait"],
    ),
    (
        lambda d: d["connections"].append({"from": ["names", "result"], "to": ["load", "size"]}),
        ["connection names.result → load.size: list[str] does not fit int; connect ports"],
    ),
    (
        lambda d: d["modules"][1]["parameters"].update(size="big", colour=1),
        ["module 'load', input 'colour': there is no such input", "input 'size': 'big' is no int"],
    ),
    (
        lambda d: d["modules"][1].update(function="nowhere:load"),
        ["module 'load': its function nowhere:load is not defined in this process; import or"],
    ),
    (
        lambda d: d["modules"][1].update(function="group:gone"),
        ["module 'load': there is no group 'gone'; remove the module"],
    ),
    (
        lambda d: d["modules"][1]["inputs"].pop(),
        ["input 'size': there is no such input"],
    ),
    (
        lambda d: d["modules"][0]["outputs"].append({"name": "more", "type": "int", "depth": 0}),
        ["function pipeline_steps:names has other ports now: inputs 'folder', 'count', outputs"],
    ),
    (
        lambda d: d["modules"][1].update(map={"over": ["file"]}),
        ["the map goes over an unknown input; map over one of 'path', 'size'"],
    ),
]


REASONS = [
    [],
    ["value-missing"],
    ["list-missing"],
    ["input-connected-twice", "cycle"],
    ["cycle"],
    ["output-unknown"],
    ["value-missing", "input-unknown"],
    ["value-missing", "cycle"],
    ["types-unfit"],
    ["input-unknown", "value-unfit"],
    ["function-missing"],
    ["group-missing"],
    ["input-unknown"],
    ["function-changed"],
    ["input-unknown"],
]


@pytest.mark.parametrize(("case", "expected"), [*zip(CASES, REASONS, strict=True)])
def test_reasons(case, expected):
    """What programs go by, and nothing that a request could mend."""
    found = edit(case[0]).check()
    assert [problem.reason for problem in found] == expected
    assert all(problem.action is None for problem in found)


def test_the_page_on_pipelines_explains_each_reason_once():
    """In the order of the alphabet, and no others."""
    page = (Path(__file__).parents[2] / "docs" / "pipelines.md").read_text("utf-8")
    told = re.findall(r"^\| `([a-z-]+)` \| \w", page, re.MULTILINE)
    assert told == sorted(value for name, value in vars(reasons).items() if name.isupper())
    assert {reason for case in REASONS for reason in case} == {*told} - {"import-failed"}


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_problems(change, expected):
    """Each problem says where, what, and how to fix it; run refuses with all of them."""
    p = edit(change)
    found = [str(problem) for problem in p.check()]
    assert len(found) == len(expected), found
    for text, words in zip(found, expected, strict=True):
        assert words in text
    if expected:
        with pytest.raises(PipelineCheckError) as caught:
            p.run()
        assert [problem.to_dict() for problem in p.check()] == caught.value.details["problems"]
        assert all(text in str(caught.value) for text in found)


def test_problems_inside_a_group_name_the_group():
    """What stands in a group is checked like the rest."""
    p = Pipeline("p")
    a, b = p.add(names, folder="f"), p.add(load)
    p.connect(a["result"], b["path"])
    p.group([a, b], name="prepare")
    data = p.to_dict()
    data["groups"][0]["modules"][1]["function"] = "nowhere:load"
    assert [problem.where for problem in Pipeline.from_dict(data).check()] == [
        "group 'prepare', module 'load'"
    ]


def test_a_map_in_place_needs_its_list():
    """What was set before it became a map is no list."""
    p = Pipeline("p")
    g = p.group([p.add(names, folder="f")], name="g")
    p.add_map(g, over="folder")
    assert [problem.what for problem in p.check()] == ["the map has no list to go over"]
