"""Building pipelines: what works, and what a bad call says."""

import pytest
from pipeline_steps import add, join, load, measure, names, show

from parflow_jupyter.errors import PipelineError
from parflow_jupyter.pipelines import Pipeline
from parflow_jupyter.pipelines.editing.layout import arrange


def chain() -> tuple[Pipeline, list]:
    p = Pipeline("thumbnails")
    a = p.add(names, folder="photos")
    b = p.add_map(load, over="path", size=64)
    c = p.add(join)
    p.connect(a["result"], b["path"])
    p.connect(b["result"], c["images"])
    return p, [a, b, c]


def test_names_are_made_unique():
    """The second thumbnail is thumbnail_2."""
    p = Pipeline("p")
    assert [p.add(load).id for _ in range(3)] == ["load", "load_2", "load_3"]
    assert p.add(lambda x: x).id == "function"


def test_a_map_shows_lists():
    """Mapped ports and all outputs are one list deeper; the others are not."""
    p = Pipeline("p")
    spec = p.module(p.add_map(load, over="path"))
    assert [(port.name, port.depth) for port in spec.inputs] == [("path", 1), ("size", 0)]
    assert [port.depth for port in spec.outputs] == [1]


BAD_CALLS = [
    (lambda p, a, b, c: a["nope"], "'names' has no port 'nope': its inputs are 'folder', 'count'"),
    (lambda p, a, b, c: p.add(load, colour=1), "'load_2' has no input 'colour': it has 'path'"),
    (lambda p, a, b, c: p.add(load, size="big"), "Module 'load_2', input 'size': 'big' is no int"),
    (lambda p, a, b, c: p.add(load, path=["x"]), "map over it: add_map(…, over='path')"),
    (lambda p, a, b, c: p.add_map(load, over="file"), "over 'file': its inputs are 'path'"),
    (lambda p, a, b, c: p.add_map(load, over=[]), "over []: give each mapped input once"),
    (lambda p, a, b, c: p.add_map(load, over=["path", "path"]), "each mapped input once"),
    (lambda p, a, b, c: p.add_map(load, over="path", path="x"), "'x' is no list[str]"),
    (lambda p, a, b, c: p.add_map(b, over="path"), "'load' is a map over 'path' already"),
    (lambda p, a, b, c: p.connect(a["result"], b["path"]), "is connected already, to 'names.res"),
    (lambda p, a, b, c: p.connect(a["folder"], c["images"]), "'names' has no output 'folder'"),
    (lambda p, a, b, c: p.connect(a["result"], b["result"]), "'load' has no input 'result'"),
    (lambda p, a, b, c: p.connect(a["result"], b["size"]), "gives list[str], and input 'size'"),
    (lambda p, a, b, c: p.connect(c["result"], a["folder"]), "wait for each other"),
    (lambda p, a, b, c: p.connect("a", b["path"]), "'a' is no port of a module"),
    (lambda p, a, b, c: p.disconnect(a["result"], c["images"]), "no connection names.result →"),
    (lambda p, a, b, c: p.set_parameter("x", "y", 1), "There is no module 'x': the pipeline has"),
    (lambda p, a, b, c: p.move(a, "left", 0), "is no position"),
    (lambda p, a, b, c: p.move(a, float("nan"), 0), "is no position"),
    (lambda p, a, b, c: p.group([]), "would be empty"),
    (lambda p, a, b, c: p.group([a, c], name="ends"), "'load' lies between its modules"),
    (lambda p, a, b, c: Pipeline("other").add(a), "belongs to another pipeline"),
    (lambda p, a, b, c: Pipeline(""), "is no name"),
]


@pytest.mark.parametrize(("call", "words"), BAD_CALLS)
def test_bad_calls_say_what_there_is(call, words):
    """The message names module and port, and nothing was changed."""
    p, handles = chain()
    before = p.copy()
    with pytest.raises(PipelineError) as caught:
        call(p, *handles)
    assert words in str(caught.value)
    assert p == before


def test_connect_decides_by_side():
    """A name that is both an input and an output is taken as what is needed."""
    p = Pipeline("p")

    def pass_on(result: str) -> str:
        return result

    a, b = p.add(pass_on, result="x"), p.add(pass_on)
    p.connect(a["result"], b["result"])
    assert p.run()[b]["result"] == "x"


def test_editing():
    """Parameters, positions, connections and modules can be changed and taken away."""
    p, (a, b, c) = chain()
    p.set_parameter(a, "count", 5)
    p.clear_parameter(b, "size")
    p.move(a, 10, 20.5)
    p.disconnect(b["result"], c["images"])
    assert p.module(a).parameters == {"folder": "photos", "count": 5}
    assert p.module(b).parameters == {}
    assert p.layout == {"names": (10, 20.5)}
    p.remove(a)
    assert (list(p.modules), p.connections, p.layout) == (["load", "join"], (), {})


def test_repr_lists_modules_and_connections():
    """Without a front end, the text says what the pipeline is."""
    p, _ = chain()
    assert repr(p).splitlines() == [
        "Pipeline 'thumbnails': 3 modules, 2 connections",
        "  names(folder='photos')",
        "  load(size=64), map over 'path'",
        "  join()",
        "  names.result → load.path",
        "  load.result → join.images",
    ]


def test_group_takes_the_place_of_its_modules():
    """Open inputs and outgoing outputs become its ports; connections outside stay."""
    p, (a, b, c) = chain()
    g = p.group([a, b], name="prepare")
    spec = p.module(g)
    assert [(port.name, port.required, port.default) for port in spec.inputs] == [
        ("folder", False, "photos"),
        ("count", False, 3),
        ("size", False, 64),
    ]
    assert [(port.name, port.type, port.depth) for port in spec.outputs] == [("result", "str", 1)]
    assert [str(link) for link in p.connections] == ["prepare.result → join.images"]
    assert list(p.modules) == ["prepare", "join"]
    with pytest.raises(PipelineError, match="inside group 'prepare'"):
        a["result"]
    assert p.run()[c]["result"] == "photos/0@64+photos/1@64+photos/2@64"


def test_ports_of_a_group_that_share_a_name_are_told_apart():
    """They are called module_port."""
    p = Pipeline("p")
    g = p.group([p.add(load, path="a"), p.add(load, path="b")])
    assert [port.name for port in p.module(g).inputs] == [
        "load_path",
        "load_size",
        "load_2_path",
        "load_2_size",
    ]
    assert [port.name for port in p.module(g).outputs] == ["load_result", "load_2_result"]


def test_loops_inside_a_group_show_in_its_outputs():
    """A module that loops by list depth gives a list, also out of the group."""
    p = Pipeline("p")
    a, b = p.add(names, folder="f"), p.add(load)
    p.connect(a["result"], b["path"])
    assert p.module(p.group([a, b])).outputs[0].depth == 1


def test_a_group_can_be_used_again():
    """Adding a handle adds the same once more, under a name of its own."""
    p, (a, b, _) = chain()
    g = p.group([a, b], name="prepare")
    again = p.add(g, folder="other")
    assert again.id == "prepare_2"
    assert p.run()[again]["result"][0] == "other/0@64"
    p.remove(g)
    assert list(p.groups) == ["prepare"]
    p.remove(again)
    assert list(p.groups) == []


def test_handles_keep_their_meaning_after_grouping():
    """A new module never gets the id of one that went into a group."""
    p, (a, b, _) = chain()
    p.group([a, b])
    assert p.add(names).id == "names_2"


def test_columns_go_left_to_right():
    """Each module stands right of what it gets values from; moved ones stay."""
    p, (a, _, c) = chain()
    d = p.add(measure)
    p.connect(c["result"], d["text"])
    e = p.add(show)
    p.connect(a["result"], e["anything"])
    p.move(c, 7, 8)
    assert p.positions() == {
        "names": (0, 0),
        "load": (300, 0),
        "join": (7, 8),
        "measure": (900, 0),
        "show": (300, 220),
    }
    assert arrange([], []) == {}


def test_strict_zip_over_two_inputs():
    """A map may go over several inputs at once."""
    p = Pipeline("p")
    m = p.add_map(add, over=["x", "y"], x=[1, 2], y=[10, 20])
    assert p.run()[m]["result"] == [11, 22]
